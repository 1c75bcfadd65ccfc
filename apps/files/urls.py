"""Addresses of attachments."""
from django.urls import path

from apps.files import views

urlpatterns = [path("<uuid:attachment_id>/", views.download, name="file")]
