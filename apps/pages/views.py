"""The pages every register has: list, detail, new, edit, moves, drafts, comparison of versions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import BaseFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.org.scope import scope_of
from apps.pages import services
from apps.pages.forms import as_read, without_errors
from apps.pages.idempotency import answered, once
from apps.pages.paging import FOUND_UP_TO, SIZES, size_from, tallies, whole

Trail = list[tuple[str, str]]  # named here: inside the class `list` is the page of that name
Conflicts = list[dict[str, Any]]


class Faulty(Exception):  # noqa: N818 -- ends the transaction of a form with faults, which are on the form
    """The form cannot be saved as it stands."""


@require_POST
def list_look(request: PortalRequest) -> HttpResponse:
    """Keep how a person wants a list drawn (columns, their order, row height): it follows him to every browser."""
    try:
        services.keep_look(request.user, place=request.POST.get("list", ""), look=request.POST.get("look", ""))
    except Refused as no:
        return HttpResponse(no.message, status=422, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class RecordPages(View):
    """The pages of one register. Subclasses name the parts; any method may be overridden.

    One class, one `page` attribute saying which: see `urls()`. Rows come only through `visible_to`; what is outside
    answers like what does not exist. Who is not logged in is sent to the login by SessionRules before he gets here.
    """

    model: ClassVar[Any]
    form_class: ClassVar[Any] = None
    table_class: ClassVar[Any] = None
    filterset_class: ClassVar[Any] = None
    base: str = ""
    place: ClassVar[str] = ""  # where the addresses begin, when not with `base`
    group: ClassVar[str] = ""  # the menu group, for the breadcrumb
    new_label: ClassVar[str] = "新建"
    page: str = ""

    HANDLERS: ClassVar[dict[str, dict[str, str]]] = {
        "list": {"get": "list"},
        "detail": {"get": "detail"},
        "new": {"get": "edit", "post": "save"},
        "edit": {"get": "edit", "post": "save"},
        "draft": {"post": "autosave", "delete": "discard"},
        "new-draft": {"post": "autosave", "delete": "discard"},
        "view": {"post": "keep_view"},
    }
    ROUTES: ClassVar[dict[str, str]] = {
        "list": "",
        "new": "new/",
        "new-draft": "new/draft/",
        "view": "views/",
        "detail": "<int:pk>/",
        "edit": "<int:pk>/edit/",
        "draft": "<int:pk>/draft/",
    }
    LETTERS: ClassVar[dict[str, str]] = {"new": "C", "new-draft": "C"}  # of the permission matrix; R for every other page
    EDITING: ClassVar[frozenset[str]] = frozenset({"edit", "draft"})  # pages only for who may change the record
    TEMPLATES: ClassVar[dict[str, str]] = {"new": "form", "edit": "form"}
    object: Any = None
    visible: Any = None  # on the list: the rows the caller may see, before the filter
    request: PortalRequest

    @classmethod
    def urls(cls) -> list[URLPattern]:
        """The addresses of this register: /base/, /base/new/, /base/<pk>/ …"""
        place = cls.place or cls.base
        return [path(f"{place}/{tail}", cls.as_view(page=page), name=f"{cls.base}-{page}") for page, tail in cls.ROUTES.items()]

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        for verb, name in self.HANDLERS[self.page].items():
            setattr(self, verb, getattr(self, name))
        if "get" in self.HANDLERS[self.page]:
            self.head = getattr(self, self.HANDLERS[self.page]["get"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method and request.method.lower() not in {*self.HANDLERS[self.page], "head", "options"}:
            return self.http_method_not_allowed(request)
        if not scope_of(request.user).may(self.function, self.LETTERS.get(self.page, "R")):
            raise Http404
        if "pk" in kwargs:
            self.object = get_object_or_404(self.get_queryset(), pk=kwargs["pk"])
        if self.page in self.EDITING and not self.may_edit(self.object):
            return self.closed()
        return super().dispatch(request, *args, **kwargs)

    def closed(self) -> HttpResponse:
        """A page that changes a record which cannot be changed now."""
        raise PermissionDenied

    # -- what subclasses say -------------------------------------------------------------------------------------

    @property
    def function(self) -> str:
        """The row of the permission matrix."""
        return self.model.FUNCTION

    def get_queryset(self) -> Any:
        """The rows the caller may see, with what a page shows of them."""
        return self.model.objects.visible_to(self.request.user)

    def for_list(self, rows: Any) -> Any:
        """The same rows with what one line of the list shows."""
        return rows

    def may_edit(self, record: Any) -> bool:
        """Whether the caller may change the content now."""
        return getattr(record, "is_editable", True) and self.may_write(record)

    def may_write(self, record: Any) -> bool:
        """Whether the content is the caller's to change, while the state allows it."""
        return scope_of(self.request.user).may_on(record, "U")

    def list_context(self, rows: Any) -> dict[str, Any]:
        """More of the list page: system views, summary, actions."""
        return {}

    def detail_context(self) -> dict[str, Any]:
        """More of the detail page."""
        return {}

    def get_formsets(self, **kwargs: Any) -> dict[str, BaseFormSet]:
        """The repeating rows of the form, by name."""
        return {}

    def write(self, form: ModelForm, formsets: dict[str, BaseFormSet], *, submit: bool) -> tuple[Any, str]:
        """Save through the register's service; gives the record and the sentence that says what happened."""
        raise NotImplementedError(f"{type(self).__name__} must call its service")  # pragma: no cover -- every register says it

    def faults(self, form: Any, formsets: dict[str, Any], *, submit: bool) -> bool:
        """Whether the form cannot be saved (or submitted) as it stands; messages are on the form then."""
        fine = [form.is_valid(), *(formset.is_valid() for formset in formsets.values())]
        return not all(fine)

    def lacks(self, form: Any, formsets: dict[str, Any]) -> list[str]:
        """The fields without which this cannot be handed in, where the register's rules ask for more than the marks on the page."""
        return []

    # -- pages ---------------------------------------------------------------------------------------------------

    def list(self, request: PortalRequest) -> HttpResponse:
        """The filtered list; a fragment of it for HTMX."""
        self.visible = self.get_queryset()
        filterset = self.filterset_class(request.GET, self.visible, request=request)
        table = self.table_class(filterset.qs, order_by=request.GET.get("sort") or None)
        fetch = lambda keys: self.for_list(self.visible.filter(pk__in=keys))  # noqa: E731 -- the scope once more, for these rows
        size, exact = size_from(request.GET.get("per_page")), FOUND_UP_TO if request.GET.get("q", "").strip() else None
        table.show(page=request.GET.get("page", 1), per_page=size, fetch=fetch, exact=exact)
        self.remember_list(request)
        saved = self.tabs(request)
        context = {"table": table, "filter": filterset, "dependent": self.dependent(filterset), "sizes": SIZES, "saved_views": saved}
        context |= {"may_add": self.may_add()} | self.list_context(filterset.qs)
        if any(view.query == request.GET.urlencode() for view in saved):  # one tab is the current one
            context["views"] = [tab | {"on": False} for tab in context.get("views", ())]
        return self.render(context)

    def tabs(self, request: PortalRequest) -> Sequence[Any]:
        """The saved views, each with how many rows it shows this person now."""
        saved = list(services.views_of(request.user, self.base))
        found = tallies([self.filterset_class(QueryDict(view.query), self.visible, request=request).qs for view in saved])
        for view, count in zip(saved, found, strict=True):
            view.count = count
        return saved

    def dependent(self, filterset: Any) -> tuple[Any, ...]:
        """Fields of the filter whose choices hang on another one: drawn anew with a swapped list."""
        names = getattr(filterset, "DEPENDENT", ()) if self.request.headers.get("HX-Request") else ()
        return tuple(filterset.form[name] for name in names)

    def remember_list(self, request: PortalRequest) -> None:
        """The conditions for the way back; looking at the same list again writes no session."""
        key, query = f"list:{self.base}", request.GET.urlencode()
        if request.session.get(key, "") != query:
            request.session[key] = query

    def may_add(self) -> bool:
        """Whether the "new" button is shown."""
        return scope_of(self.request.user).may(self.function, "C")

    def detail(self, request: PortalRequest, pk: int) -> HttpResponse:
        """One record."""
        return self.render({"object": self.object, "may_edit": self.may_edit(self.object)} | self.detail_context())

    def keep_view(self, request: PortalRequest) -> HttpResponse:
        """Save the current filter as a tab, or remove one. Refused, the dialog says so beside the name, which stays."""
        asked = request.headers.get("HX-Request")
        try:
            if "remove" in request.POST:
                services.drop_view(request.user, register=self.base, pk=whole(request.POST["remove"]))
            else:
                typed = {name: request.POST.get(name, "") for name in ("name", "look")}
                query, shared = request.POST.get("query", "")[:1000], "shared" in request.POST
                services.save_view(request.user, register=self.base, query=query, shared=shared, **typed)
                messages.success(request, f"视图“{typed['name'].strip()}”已保存。")
        except Refused as no:
            if asked:
                told = {"view_name": request.POST.get("name", ""), "view_fault": no.message}
                return TemplateResponse(request, "parts/view_name.html", told, status=422)
            messages.error(request, no.message)
        url = f"{reverse(f'{self.base}-list')}?{request.POST.get('query', '')}".rstrip("?")
        return HttpResponse(headers={"HX-Redirect": url}) if asked else redirect(url)

    # -- forms ---------------------------------------------------------------------------------------------------

    @property
    def draft_key(self) -> str:
        """The name under which what is typed here is kept."""
        return f"{self.base}:{self.object.pk if self.object else 'new'}"

    def get_form(self, **kwargs: Any) -> Any:
        """The form for this record and this person."""
        return self.form_class(instance=self.object, user=self.request.user, **kwargs)

    def edit(self, request: PortalRequest, pk: int | None = None) -> HttpResponse:
        """The form, with what was typed last time and not yet saved."""
        draft = services.draft_of(request.user, self.draft_key)
        kept = {"data": services.as_posted(draft)} if draft is not None else {}
        form, formsets = self.get_form(**kept), self.get_formsets(**kept)
        context = {"form": form, "formsets": formsets, "draft": draft, "lacks": self.lacks(form, formsets)}
        if draft is None:
            return self.render(context | self.form_context())
        for one in (form, *formsets.values()):
            without_errors(one)
        return self.render(context | self.form_context(version=draft.version))

    def form_context(self, *, version: int | None = None) -> dict[str, Any]:
        """What every form page posts back: the version it shows and a token for this one press."""
        shown = self.object.version if self.object else 0
        return {
            "object": self.object,
            "version": shown if version is None else version,
            "token": secrets.token_urlsafe(16),
            "draft_url": self.draft_url(),
        }

    def save_url(self) -> str:
        """Where the form is sent for good."""
        return reverse(f"{self.base}-edit", args=[self.object.pk]) if self.object else reverse(f"{self.base}-new")

    def draft_url(self) -> str:
        """Where the form saves itself while somebody types."""
        return reverse(f"{self.base}-draft", args=[self.object.pk]) if self.object else reverse(f"{self.base}-new-draft")

    def save(self, request: PortalRequest, pk: int | None = None) -> HttpResponse:
        """Save a draft of the record, or submit it; whatever goes wrong, what was typed is still on the page."""
        submit = request.POST.get("then") == "submit"
        form, formsets = self.get_form(data=request.POST, files=request.FILES or None), self.get_formsets(data=request.POST)
        try:
            with transaction.atomic():
                # The token first: what the first press wrote would look like a fault to the second.
                press = once(request.POST.get("token", ""), user=request.user, at=timezone.now(), place=request.path)
                answer = press.answer
                if answer is None:
                    if self.faults(form, formsets, submit=submit):
                        raise Faulty
                    answer = self.write_inside_scope(form, formsets, submit=submit)
                    press.keep(answer)
        except Faulty:
            return self.refused_form(form, formsets)
        except Refused as no:
            return self.refused_form(form, formsets, no)
        return self.on_to(answer)

    def on_to(self, answer: dict[str, Any]) -> HttpResponse:
        """Where a press leads, the first one and every other."""
        messages.success(self.request, answer["message"])
        return redirect(answer["url"])

    def write_inside_scope(self, form: Any, formsets: dict[str, Any], *, submit: bool) -> dict[str, Any]:
        """Write, then make sure the row is still one the caller may see, or undo everything."""
        record, message = self.write(form, formsets, submit=submit)
        if not self.model.objects.visible_to(self.request.user).filter(pk=record.pk).exists():
            raise Refused("保存后您将看不到此记录，请检查填报单位和公开属性。")
        services.drop_draft(self.request.user, self.draft_key)
        return {"url": reverse(f"{self.base}-detail", args=[record.pk]), "message": message, "pk": record.pk}

    def refused_form(self, form: Any, formsets: dict[str, Any], no: Refused | None = None) -> HttpResponse:
        """The same form with the reasons; what was typed is kept as a draft as well."""
        if self.object is not None:  # what was undone is still on the row in memory: the page shows the stored version
            self.object = self.get_queryset().filter(pk=self.object.pk).first() or self.object
        draft = None
        with suppress(Refused):  # too long to be kept: it is still on the page
            draft = services.save_draft(self.request.user, key=self.draft_key, posted=self.request.POST, at=timezone.now())
        if no is not None:
            form.add_error(no.field if no.field in form.fields else None, no.message)
        context = {"form": form, "formsets": formsets, "has_errors": True, "draft": draft, "conflicts": self.conflicts(form)}
        context["is_closed"] = self.object is not None and not self.may_edit(self.object)
        return self.render(context | self.form_context(), status=422)

    def conflicts(self, form: Any) -> Conflicts:
        """When somebody saved first: each field whose stored value differs from what was typed here, as a person reads it.

        Also beside other faults: the page shown now carries the new version, so this is the last time to say so.
        """
        if self.object is None or whole(self.request.POST.get("version")) == self.object.version:
            return []
        stored = self.form_class(instance=self.model.objects.visible_to(self.request.user).get(pk=self.object.pk), user=self.request.user)
        return [
            {"label": stored.fields[name].label, "stored": as_read(stored[name]), "typed": as_read(form[name])}
            for name in form.changed_data
            if name in stored.fields
        ]

    def autosave(self, request: PortalRequest, pk: int | None = None) -> HttpResponse:
        """Keep what is typed; never changes the record itself."""
        if answered(request.POST.get("token", ""), user=request.user, place=self.save_url()) is not None:
            return JsonResponse({"message": "已保存"})  # what was typed on this page was saved for good a moment ago
        try:
            draft = services.save_draft(request.user, key=self.draft_key, posted=request.POST, at=timezone.now())
        except Refused as no:
            return JsonResponse({"message": no.message}, status=413)
        lacks = self.lacks(self.get_form(data=request.POST), self.get_formsets(data=request.POST))
        return JsonResponse({"message": f"草稿已自动保存，{timezone.localtime(draft.saved_at):%H:%M:%S}", "lacks": lacks})

    def discard(self, request: PortalRequest, pk: int | None = None) -> HttpResponse:
        """Throw away what was typed since the last save."""
        services.drop_draft(request.user, self.draft_key)
        return HttpResponse(status=204)

    # -- drawing -------------------------------------------------------------------------------------------------

    def crumbs(self) -> Trail:
        """Where this page stands; the list keeps its filter."""
        name = str(self.model._meta.verbose_name)
        trail = [("工作台", reverse("home"))]
        if self.page == "list":
            return [*trail, (name, "")]
        kept = self.request.session.get(f"list:{self.base}", "")
        trail.append((name, reverse(f"{self.base}-list") + (f"?{kept}" if kept else "")))
        last = {"new": f"{self.new_label}", "edit": "修改"}.get(self.page)
        return [*trail, (last or str(getattr(self.object, "number", "") or self.object), "")]

    def render(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """The register's own template, else the generic one."""
        name = self.TEMPLATES.get(self.page, self.page)
        if self.page == "list" and self.request.headers.get("HX-Request"):
            name = "list_table"
        opts = self.model._meta
        context = {"view": self, "opts": opts, "crumbs": self.crumbs(), "base": self.base} | context
        folder = f"{opts.app_label}/{opts.model_name}"
        return TemplateResponse(self.request, [f"{folder}/{name}.html", f"register/{name}.html"], context, status=status)
