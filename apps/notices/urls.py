"""Addresses of the notices."""
from django.urls import path

from apps.notices import views

urlpatterns = [
    path("", views.notice_list, name="notices"),
    path("read-all/", views.read_all, name="notices-read-all"),
    path("<int:notice_id>/", views.open_notice, name="notice"),
]
