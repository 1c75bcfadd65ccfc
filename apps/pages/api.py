"""The API base: the same scope, the same rules and the same messages as the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.db import transaction
from django.forms import BooleanField
from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.core.errors import Refused
from apps.org.models import UnitRecord
from apps.org.scope import scope_of
from apps.pages.idempotency import answered, once

if TYPE_CHECKING:
    from apps.accounts.models import User


def refused_as_conflict(error: Exception, context: dict[str, Any]) -> Response | None:
    """`Refused` is 409, or 400 when it blames a field; the rest is DRF's. The faults of a field are a list, whoever found them."""
    if isinstance(error, Refused):
        if error.field:
            return Response({error.field: [error.message]}, status=status.HTTP_400_BAD_REQUEST)
        return Response({"detail": error.message}, status=status.HTTP_409_CONFLICT)
    answer = exception_handler(error, context)
    if answer is not None and isinstance(error, serializers.ValidationError) and isinstance(answer.data, dict):
        answer.data = {name: found if isinstance(found, list) else [found] for name, found in answer.data.items()}
    return answer


def as_form_data(data: dict[str, Any], *, prefix: str = "", rows: dict[str, list[dict[str, Any]]] | None = None) -> QueryDict:
    """JSON as a browser would post it, so that the page's own form checks it. `rows` are the formsets by prefix."""
    posted = QueryDict(mutable=True)
    for name, value in data.items():
        if isinstance(value, list):
            posted.setlist(prefix + name, [_text(v) for v in value])
        elif value is not None and value is not False:
            posted[prefix + name] = _text(value)
    for name, items in (rows or {}).items():
        posted[f"{name}-TOTAL_FORMS"] = str(len(items))
        posted[f"{name}-INITIAL_FORMS"] = str(sum(1 for item in items if item.get("id")))
        for i, item in enumerate(items):
            pairs: Any = as_form_data(item, prefix=f"{name}-{i}-")
            posted.update(pairs)
    return posted


def refuse_odd_booleans(fields: Mapping[str, Any], data: Mapping[str, Any], *, prefix: str = "") -> None:
    """A yes-or-no of JSON is true or false: a browser's form takes every text for a tick, "0" and "no" too. Raises ValidationError."""
    names = [name for name, field in fields.items() if isinstance(field, BooleanField)]
    odd = [name for name in names if name in data and data[name] not in (None, "") and not isinstance(data[name], bool)]
    if odd:
        raise serializers.ValidationError({f"{prefix}{name}": ["填写 true 或 false。"] for name in odd})


def _text(value: Any) -> str:
    return "on" if value is True else str(value)


class PlainSerializer(serializers.ModelSerializer):
    """A serializer that only shows rows, and shows many of them."""

    @cached_property
    def readers(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """How each field is read, found out once: DRF asks anew, with inspect, for every field of every row."""
        return [(str(field.field_name), reader(field)) for field in self._readable_fields]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: read(instance) for name, read in self.readers}


def reader(field: Any) -> Callable[[Any], Any]:
    """A function that gives the field of a row as JSON shows it."""
    if field.source == "*":
        return cast("Callable[[Any], Any]", field.to_representation)
    if isinstance(field, serializers.PrimaryKeyRelatedField):
        return attrgetter(f"{field.source}_id")
    value, shown = attrgetter(field.source), field.to_representation
    if field.source.startswith("get_"):
        return lambda row: value(row)()
    return lambda row: None if (found := value(row)) is None else shown(found)


class RecordSerializer(PlainSerializer):
    """What the API shows of a record. Writing goes through the page's form, never through the serializer."""

    unit_name = serializers.CharField(source="unit.name", read_only=True)
    state_label = serializers.CharField(read_only=True)


class RecordViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Reading, creating and changing records of one register. Rows come only through `visible_to`."""

    model: ClassVar[type[UnitRecord]]
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.model._base_manager.none()
        user: Any = self.request.user
        return self.model.objects.visible_to(user).order_by("-pk")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not scope_of(request.user).may(self.model.FUNCTION, "C" if self.action == "create" else "R"):
            raise Http404

    def write(self, data: dict[str, Any], *, instance: Any) -> Any:
        """Check with the page's form and save through the register's service; raises ValidationError or Refused."""
        raise NotImplementedError(f"{type(self).__name__} must call its service")  # pragma: no cover -- every register says it

    def _written(self, request: Request, *, instance: Any) -> tuple[dict[str, Any], bool]:
        if not isinstance(request.data, dict):
            raise ParseError("请求内容须是一个 JSON 对象。")
        key, user = request.headers.get("Idempotency-Key", ""), cast("User", request.user)
        with transaction.atomic():
            press = once(key, user=user, at=timezone.now(), place=f"{request.method} {request.path}")
            if press.answer is not None:
                return press.answer, False
            record = self.write(dict(request.data), instance=instance)
            fresh = self.get_queryset().filter(pk=record.pk).first()
            if fresh is None:
                raise Refused("保存后您将看不到此记录，请检查填报单位和公开属性。")
            body = self.get_serializer(fresh).data
            press.keep({"pk": record.pk})
        return dict(body), True

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A new record in state 草稿."""
        body, _ = self._written(request, instance=None)
        return Response(self.told_again(body), status=status.HTTP_201_CREATED)

    def may_write(self, record: Any) -> bool:
        """Whether the content is the caller's to change, while the state allows it."""
        return scope_of(self.request.user).may_on(record, "U")

    def may_edit(self, record: Any) -> bool:
        """Whether the caller may change the content now."""
        return getattr(record, "is_editable", True) and self.may_write(record)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the whole content; `version` is the one the caller read. A repeated press is answered in any state."""
        record, key, user = self.get_object(), request.headers.get("Idempotency-Key", ""), cast("User", request.user)
        if answered(key, user=user, place=f"{request.method} {request.path}") is None and not self.may_edit(record):
            raise PermissionDenied("当前状态或权限不能修改此记录。")
        body, _ = self._written(request, instance=record)
        return Response(self.told_again(body))

    def told_again(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body of a first press; of a repeated one the record as it is now. Raises Refused when that was deleted."""
        if set(body) != {"pk"}:
            return body
        record = self.get_queryset().filter(pk=body["pk"]).first()
        if record is None:
            raise Refused("此次登记的记录已被删除或不再对您公开，换一个标识重新登记。")
        return dict(self.get_serializer(record).data)
