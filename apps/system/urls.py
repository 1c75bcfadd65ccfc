"""Addresses of 系统管理."""

from apps.system.views import IMPORTS, LISTS

urlpatterns = [pattern for pages in (*IMPORTS, *LISTS) for pattern in pages.urls()]
