"""Addresses of the report centre."""
from django.urls import path

from apps.documents import views

urlpatterns = [
    path("", views.job_list, name="jobs"),
    path("<uuid:job_id>/", views.job_row, name="job"),
    path("<uuid:job_id>/cancel/", views.cancel, name="job-cancel"),
    path("<uuid:job_id>/retry/", views.retry, name="job-retry"),
    path("<uuid:job_id>/download/", views.download, name="job-download"),
]
