"""Every address of the portal, in plain sight."""
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from apps.pages.sittings import SittingPages
from apps.pages.views import list_look
from apps.risks.api import RiskViewSet

api = SimpleRouter()
api.register("risks", RiskViewSet, basename="api-risk")

urlpatterns = [
    path("", include("apps.core.urls")),
    path("", include("apps.dashboards.urls")),
    path("", include("apps.risks.urls")),
    path("", include("apps.system.urls")),
    *SittingPages.urls(),
    path("me/look/", list_look, name="list-look"),
    path("notices/", include("apps.notices.urls")),
    path("files/", include("apps.files.urls")),
    path("jobs/", include("apps.documents.urls")),
    path("", include("apps.accounts.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/", include(api.urls)),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
