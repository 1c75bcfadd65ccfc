"""Addresses of the risk points."""

from apps.risks.views import AdjustPages, RiskImportPages, RiskPages

urlpatterns = [*RiskImportPages.urls(), *RiskPages.urls(), *AdjustPages.urls()]
