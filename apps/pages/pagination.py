"""Pages of the API. A module of its own: DRF imports it while its own views load."""

from rest_framework.pagination import PageNumberPagination

from apps.pages.paging import RecordPaginator

MAX_PAGE = 200


class RecordPagination(PageNumberPagination):
    """Pages of 50, at most 200 rows each; the count is exact up to 10,000."""

    page_size = 50
    page_size_query_param = "per_page"
    max_page_size = MAX_PAGE
    django_paginator_class = RecordPaginator
