"""Addresses for these tests: the app's own, a home page, and one protected thing of every kind."""
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.stepup import SteppedUp, step_up_required


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>工作台</p>")


def record(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"by": request.user.username, "fields": dict(request.POST.lists())})


def todo_count(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"count": 0})


@login_not_required
def public(request: HttpRequest) -> HttpResponse:
    return HttpResponse("公开")


@step_up_required
def guarded(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"fields": dict(request.POST.lists())})


class Probe(APIView):
    def get(self, request):
        return Response({"by": request.user.username})

    def post(self, request):
        return Response({"by": request.user.username, "data": request.data})


class GuardedProbe(Probe):
    permission_classes = [SteppedUp]


urlpatterns = [
    path("", home, name="home"),
    path("", include("apps.accounts.urls")),
    path("records/", record, name="records"),
    path("count/", todo_count, name="todo-count"),
    path("public/", public),
    path("guarded/", guarded),
    path("api/v1/probe/", Probe.as_view()),
    path("api/v1/guarded/", GuardedProbe.as_view()),
]
