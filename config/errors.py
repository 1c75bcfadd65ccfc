"""The pages for what goes wrong outside a view. None of them touches the database: it may be what is wrong."""
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from apps.accounts import views as accounts
from apps.accounts.answers import is_script, page_too_old
from apps.accounts.request import PortalRequest
from apps.core.context import current
from config.menu import address


def _page(request: PortalRequest, status: int, heading: str, text: str, icon_name: str, **more: Any) -> HttpResponse:
    """The page for people, JSON for programs."""
    number = current().request_id
    if is_script(request) or request.path.startswith("/api/"):
        body = {"detail": f"{heading}。{text}", "number": number}
        return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    context = {"heading": heading, "text": text, "icon_name": icon_name, "number": number} | more
    response = HttpResponse(render_to_string("errors/page.html", context), status=status)
    add_never_cache_headers(response)
    return response


def bad_request(request: PortalRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(request, 400, "请求无法识别", "地址或提交的内容不完整，返回上一页后重新操作。", "tri")


def forbidden(request: PortalRequest, exception: Exception | None = None) -> HttpResponse:
    """403: an action inside one's own scope that this role does not have (what lies outside the scope is a 404)."""
    return _page(request, 403, "您没有此项操作的权限", "如因工作需要办理，联系本单位安全保密管理员授权。", "lock")


def csrf_failure(request: PortalRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose page is too old to prove where it comes from; scripts get what relogin.js understands.

    What was typed on a page of ours goes on with one press.
    """
    if is_script(request):
        return accounts.csrf_failure(request, reason)
    if not request.path.startswith("/api/") and (kept := page_too_old(request)) is not None:
        return kept
    text = "页面停留过久或在别处重新登录过，本次提交未被接受。返回上一页，刷新后重新提交。"
    return _page(request, 403, "页面已失效", text, "clock")


def not_found(request: PortalRequest, exception: Exception | None = None) -> HttpResponse:
    """404: does not exist, or is not for this person; the page does not tell which."""
    search = address("search") if request.user.is_authenticated else ""
    return _page(request, 404, "没有找到这条记录", "可能已作废，或地址、编号有误。", "search", search=search, number="")


def server_error(request: PortalRequest) -> HttpResponse:
    """500."""
    text = "已保存的内容不受影响。稍后重试，仍有问题的，把问题编号告知系统管理员。"
    return _page(request, 500, "页面没有加载出来", text, "tri")
