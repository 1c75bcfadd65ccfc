"""Addresses of the risk points."""

from apps.risks.views import AdjustPages, RiskPages

urlpatterns = [*RiskPages.urls(), *AdjustPages.urls()]
