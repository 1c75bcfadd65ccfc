"""The least a Django view on the same rows can do: no session, no scope, no menu. Settings, addresses and views in one.

Run by pages.py as `DJANGO_SETTINGS_MODULE=floor` beside the portal; `/list/`, `/new/` … are what its pages are held against.
"""
from __future__ import annotations

from config.settings import *  # noqa: F403 -- everything else is as in production

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "floor_urls"
