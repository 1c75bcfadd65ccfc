"""Addresses of login and of one's own account."""
from django.urls import path

from . import views

urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("login/again/", views.log_in_again, name="login_again"),
    path("logout/", views.log_out, name="logout"),
    path("session/", views.session, name="session"),
    path("password/", views.change_password, name="password"),
    path("password/reset/<str:secret>/", views.use_reset_link, name="password_reset_link"),
    path("step-up/", views.step_up, name="step_up"),
    path("me/", views.profile, name="profile"),
    path("me/preferences/", views.preferences, name="preferences"),
    path("me/size/", views.size, name="size"),
    path("me/tokens/", views.tokens, name="tokens"),
    path("me/tokens/new/", views.token_new, name="token_new"),
    path("me/tokens/<int:pk>/revoke/", views.token_revoke, name="token_revoke"),
]
