"""Addresses of the 工作台."""

from django.urls import path

from apps.dashboards import views

urlpatterns = [
    path("", views.home, name="home"),
    path("todo/", views.todo, name="todo"),
    path("todo/count/", views.todo_count, name="todo-count"),
    path("todo/run/", views.run, name="todo-run"),
    path("search/", views.find, name="search"),
    path("n/<str:text>/", views.number, name="number"),
]
