"""/api/v1/risks/: reading, writing through the page's form, and one address per move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.flow.queries import facts, open_todos, steps_of
from apps.pages.api import PlainSerializer, RecordSerializer, RecordViewSet, as_form_data, refuse_odd_booleans
from apps.pages.forms import MoveForm
from apps.pages.idempotency import once
from apps.pages.side_forms import SignersForm
from apps.risks import move_forms, services
from apps.risks.content import FIELDS, MEASURE_FIELDS
from apps.risks.filters import RiskFilter
from apps.risks.forms import MeasureForm, MeasureFormSet, RiskPointForm, content_from, errors_of, full_errors
from apps.risks.machine import may_edit
from apps.risks.models import Measure, RiskPoint
from apps.risks.queries import phone_for
from apps.risks.rules import Incomplete

MOVES: dict[str, tuple[Callable[..., Any], type[MoveForm]]] = {
    "submit": (services.submit, MoveForm),
    "withdraw": (services.withdraw, MoveForm),
    "agree": (services.agree, move_forms.AgreeForm),
    "give_back": (services.give_back, move_forms.GiveBackForm),
    "give_back_one": (services.give_back_one, MoveForm),
    "hand_over": (services.hand_over, move_forms.HandOverForm),
    "add_signers": (services.add_signers, SignersForm),
    "sign": (services.sign, MoveForm),
    "drop_signers": (services.drop_signers, MoveForm),
    "pass_at_sitting": (services.pass_at_sitting, move_forms.SittingForm),
    "object_to": (services.object_to, move_forms.ObjectForm),
    "object_again": (services.object_to, move_forms.ObjectForm),
    "answer_objection": (services.answer_objection, move_forms.AnswerForm),
    "open_adjustment": (services.open_adjustment, move_forms.OpenAdjustmentForm),
    "agree_adjustment": (services.agree_adjustment, move_forms.AgreeAdjustmentForm),
    "refuse_adjustment": (services.refuse_adjustment, MoveForm),
    "withdraw_adjustment": (services.withdraw_adjustment, MoveForm),
    "confirm_review": (services.confirm_review, MoveForm),
    "strike": (services.strike, move_forms.StrikeForm),
    "void": (services.void, MoveForm),
}


class MeasureSerializer(PlainSerializer):
    """One measure, as read."""

    kind_label = serializers.CharField(source="get_kind_display", read_only=True)
    progress_label = serializers.CharField(source="get_progress_display", read_only=True)
    is_overdue = serializers.SerializerMethodField()

    class Meta:
        model = Measure
        fields = ["id", "number", *MEASURE_FIELDS, "kind_label", "progress_label", "is_overdue"]

    def get_is_overdue(self, measure: Measure) -> bool:
        return measure.is_overdue(timezone.localdate())


class RiskPointSerializer(RecordSerializer):
    """One risk point, as read. `moves` are what the caller may do now; the telephone number is masked for most."""

    level_label = serializers.CharField(source="get_level_display", read_only=True)
    layer_label = serializers.CharField(source="get_layer_display", read_only=True)
    measures = serializers.SerializerMethodField()
    phone = serializers.SerializerMethodField()

    class Meta:
        model = RiskPoint
        fields = [
            *("id", "number", "state", "state_label", "version", *FIELDS, "unit_name", "phone", "layer_label", "level_label"),
            *("method", "score", "suggested", "level_reasons", "lowering_agreed", "publicity_from", "publicity_until", "sitting"),
            *("effective_on", "review_due_on", "created_by", "created_at", "updated_at", "measures"),
        ]
        read_only_fields = fields

    @cached_property
    def of_measure(self) -> MeasureSerializer:
        """Made once: a serializer costs more than the rows it shows."""
        return MeasureSerializer()

    def get_measures(self, record: RiskPoint) -> list[dict[str, Any]]:
        rows = sorted(record.measures.all(), key=lambda m: (m.number, m.pk))
        return [self.of_measure.to_representation(row) for row in rows]

    def get_phone(self, record: RiskPoint) -> str:
        return phone_for(self.context["request"].user, record)


class RiskDetailSerializer(RiskPointSerializer):
    """One risk point with what the caller may do, what happened, and whom it waits for."""

    moves = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()

    class Meta(RiskPointSerializer.Meta):
        fields = [*RiskPointSerializer.Meta.fields, "moves", "steps", "waiting"]
        read_only_fields = fields

    def get_moves(self, record: RiskPoint) -> list[dict[str, str]]:
        open_ones = record.MACHINE.open_to(self.context["request"].user, record)
        return [{"name": move.name, "label": move.label, "opinion": move.opinion} for move in open_ones]

    def get_steps(self, record: RiskPoint) -> list[dict[str, Any]]:
        return [facts(step) for step in steps_of(record)]

    def get_waiting(self, record: RiskPoint) -> list[dict[str, Any]]:
        rows = open_todos(record)
        return [{"label": t.label, "due_on": t.due_on, "opened_at": timezone.localtime(t.opened_at)} for t in rows]


class MoveSerializer(serializers.Serializer):
    """What every move takes; further fields are those of its form (`sitting`, `lowering_agreed`, `fields`, `reason` …)."""

    opinion = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    version = serializers.IntegerField(required=False, min_value=1)


class UrgedSerializer(serializers.Serializer):
    """How many people were reminded."""

    told = serializers.IntegerField()


class RiskViewSet(RecordViewSet):
    """廉政风险点."""

    model = RiskPoint
    filterset_class = RiskFilter
    queryset = RiskPoint._base_manager.none()
    serializer_class = RiskDetailSerializer

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("unit").prefetch_related("measures")

    def get_serializer_class(self) -> Any:
        return RiskPointSerializer if self.action == "list" else RiskDetailSerializer

    def may_write(self, record: RiskPoint) -> bool:
        """岗位人员 change their own, though they hold no U."""
        user: Any = self.request.user
        return may_edit(user, record)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a draft that was never handed in; everything else is 作废 (the move `void`)."""
        record = self.get_object()
        user: Any = request.user
        if not self.may_edit(record):
            raise PermissionDenied("当前状态或权限不能删除此记录。")
        services.delete_draft(record, by=user, at=timezone.now())
        return Response(status=204)

    @extend_schema(operation_id="risks_urge", request=None, responses=UrgedSerializer)
    @action(detail=True, methods=["post"])
    def urge(self, request: Request, pk: str) -> Response:
        """催办: remind whoever it waits for, once a day; `told` is how many people."""
        user: Any = request.user
        return Response({"told": services.urge(self.get_object(), by=user, at=timezone.now())})

    def body_of(self, pk: int) -> dict[str, Any]:
        """The record as the caller sees it now; only its key when it left his sight."""
        record = self.get_queryset().filter(pk=pk).first()
        return dict(self.get_serializer(record).data) if record is not None else {"id": pk}

    def forms_for(self, data: dict[str, Any], *, instance: RiskPoint | None) -> tuple[Any, Any]:
        """The page's own form and formset, filled from JSON. What an update does not name stays as it is."""
        rows = data.get("measures")
        if rows is not None and not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            raise serializers.ValidationError({"measures": ["防控措施须是列表，每条一个对象。"]})
        for at, row in enumerate(rows or ()):
            refuse_odd_booleans(MeasureForm.base_fields, row, prefix=f"measures-{at}-")
        if rows is None:
            rows = [] if instance is None else stored_measures(instance)
        values = ({} if instance is None else stored_values(instance)) | {k: v for k, v in data.items() if k != "measures"}
        posted = as_form_data(values, rows={"measures": [flat(row) for row in rows]})
        user: Any = self.request.user
        form = RiskPointForm(posted, user=user, instance=instance)
        return form, MeasureFormSet(posted, user=user, instance=instance, beside=form)

    def write(self, data: dict[str, Any], *, instance: RiskPoint | None) -> RiskPoint:
        form, formset = self.forms_for(data, instance=instance)
        if not (form.is_valid() & formset.is_valid()):
            raise serializers.ValidationError(errors_of(form, formset))
        fields, measures = content_from(form, formset)
        acts: dict[str, Any] = {"measures": measures, "by": self.request.user, "at": timezone.now()}
        if instance is None:
            return services.create_draft(fields, **acts)
        return services.update_point(instance, fields=fields, version=version_in(data), **acts)

    @extend_schema(operation_id="risks_move", request=MoveSerializer)
    @action(detail=True, methods=["post"], url_path=r"(?P<move>(?!urge/)[a-z_]{3,30})", url_name="move")
    def move(self, request: Request, pk: str, move: str) -> Response:
        """Make one move: 200 with the record, 400 with the fields at fault, 409 with the reason."""
        record = self.get_object()
        if move not in MOVES:
            raise serializers.ValidationError({"move": ["没有此操作。"]})
        if not isinstance(request.data, dict):
            raise ParseError("请求内容须是一个 JSON 对象。")
        user: Any = request.user
        key = request.headers.get("Idempotency-Key", "")
        if request.data.get("is_anonymous") not in (None, False):
            key = ""  # a kept press would name the person and the minute
        with transaction.atomic():
            press = once(f"api-{key}" if key else "", user=user, at=timezone.now(), place=f"POST {request.path}")
            if press.answer is None:
                self.make(record, move, dict(request.data))
                press.keep({})
        return Response(self.body_of(record.pk))

    def make(self, record: RiskPoint, move: str, data: dict[str, Any]) -> None:
        """Read what the move needs with its form and call its one service."""
        service, form_class = MOVES[move]
        refuse_odd_booleans(form_class.base_fields, data)
        simple = {k: v for k, v in data.items() if k not in {"content_of_point", "measures"}}
        if isinstance(simple.get("accepted"), bool):
            simple["accepted"] = "yes" if simple["accepted"] else "no"
        form = form_class(as_form_data(simple), record=record, user=self.request.user)
        if not form.is_valid():
            raise serializers.ValidationError({k: [str(m) for m in v] for k, v in form.errors.items()})
        values = {k: v for k, v in form.cleaned_data.items() if k not in {"token", "next"}}
        if move == "open_adjustment":
            values |= self.proposal(record, data)
        try:
            service(record, by=self.request.user, at=timezone.now(), **values)
        except Incomplete as incomplete:  # every fault at once, by field
            raise serializers.ValidationError(incomplete.errors) from incomplete

    def proposal(self, record: RiskPoint, data: dict[str, Any]) -> dict[str, Any]:
        """The proposed content of an adjustment, checked like a hand-in."""
        proposed = data.get("content_of_point") or {}
        if not isinstance(proposed, dict):
            raise serializers.ValidationError({"content_of_point": ["调整后的内容须是一个对象。"]})
        if "measures" in data:
            proposed = proposed | {"measures": data["measures"]}
        form, formset = self.forms_for(proposed, instance=RiskPoint._base_manager.get(pk=record.pk))
        if faults := full_errors(form, formset):
            raise serializers.ValidationError(faults)
        fields, measures = content_from(form, formset)
        return {"fields": fields, "measures": measures}


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A measure without what only reading shows."""
    return {name: row[name] for name in ("id", *MEASURE_FIELDS) if name in row}


def stored_values(record: RiskPoint) -> dict[str, Any]:
    """The content of a record as JSON would carry it."""
    found = {name: getattr(record, record._meta.get_field(name).attname) for name in FIELDS}  # type: ignore[union-attr]
    return found | {"phone": record.phone}


def stored_measures(record: RiskPoint) -> list[dict[str, Any]]:
    """The measures of a record as JSON would carry them."""
    rows = Measure.objects.filter(point=record).order_by("number", "pk")
    return [{"id": m.pk, **{n: getattr(m, m._meta.get_field(n).attname) for n in MEASURE_FIELDS}} for m in rows]  # type: ignore[union-attr]


def version_in(data: dict[str, Any]) -> int | None:
    """The version the caller read; writing without one is refused with a 400."""
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise serializers.ValidationError({"version": ["填写读取时的版本号。"]})
    return version
