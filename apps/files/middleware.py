"""How much anybody may send, said before a byte of it is written to the disk."""
from collections.abc import Callable

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import localdate

from apps.accounts.request import PortalRequest
from apps.parameters import queries as parameters

MB = 1024 * 1024


class BodySize:
    """413 for a form with files beyond what its sender could mean (IN-02): a form, or from somebody logged in two of the largest files."""

    def __init__(self, get_response: Callable[[PortalRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: PortalRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or ""
        size = int(length) if length.isdecimal() else 0
        if request.content_type != "multipart/form-data" or size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:  # else Django refuses it itself
            return self.get_response(request)
        if not self._is_known(request):
            return self.refuse(request, "登录后再上传。")
        most = parameters.whole("file.max_mb", on=localdate())
        if size > 2 * most * MB:  # up to there the form itself says what is wrong, with everything still on the page
            return self.refuse(request, f"单个文件不超过 {most} MB，返回上一页重新选择。")
        return self.get_response(request)

    @staticmethod
    def _is_known(request: PortalRequest) -> bool:
        """Somebody logged in, or whose session ended while he wrote: the words beside his file are still to be kept."""
        return request.user.is_authenticated or bool(request.ending and request.ending.user)

    @staticmethod
    def refuse(request: PortalRequest, text: str) -> HttpResponse:
        """The page, and no waiting for the rest."""
        context = {"heading": "上传的内容过大", "text": text, "icon_name": "tri"}
        response = render(request, "errors/page.html", context, status=413)
        response["Connection"] = "close"
        return response
