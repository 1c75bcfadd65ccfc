"""The form of a risk point and its measures: page, API and sheets all write through it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils import timezone

from apps.org.models import Person, Unit
from apps.org.queries import departments_of, people_of, posts_of, unit_of, units_for
from apps.pages.forms import worded
from apps.pages.picks import NOT_OFFERED, CodesField, PickField
from apps.parameters import queries as parameters
from apps.risks import sections
from apps.risks.content import DICTIONARY_OF, FIELDS, GRADING, MEASURE_FIELDS
from apps.risks.models import SAME_NAME, Measure, RiskPoint
from apps.risks.queries import duplicates_of, writable_departments
from apps.risks.rules import CRITERIA, FROZEN_KEYS, Faults, missing_for_submission

if TYPE_CHECKING:
    from apps.accounts.models import User

PEOPLE = ("responsible", "head", "leader", "secretary")
MANY = ("ways", "publicity_channels")
MOST_MEASURES = 50


def person_label(person: Person) -> str:
    """「赵静（工程管理部经理）」: two people may bear one name."""
    return f"{person.name}（{person.title}）"


def chosen_unit(user: User, instance: RiskPoint | None, data: Any) -> Unit | None:
    """The unit whose people and departments the form offers: the record's, else the chosen one, else the person's own."""
    if instance is not None and instance.unit_id:
        return instance.unit
    offered = units_for(user, RiskPoint.FUNCTION)
    wanted = str((data or {}).get("unit") or "")
    if wanted:
        return offered.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 18 else None
    own = unit_of(user)
    return own if own is not None and own in offered else offered.first()


def new_point(user: User, *, today: datetime.date) -> RiskPoint:
    """An empty point of today, with the parameters in force."""
    frozen = parameters.frozen(FROZEN_KEYS, on=today)
    return RiskPoint(created_by=user, frozen=frozen, method=str(frozen["risk.method"]))


def blank_like(form: RiskPointForm) -> RiskPoint:
    """Another empty point as `new_point` made the form's."""
    made = form.instance
    return RiskPoint(created_by=form.user, frozen=dict(made.frozen), method=made.method)


OF_UNIT = {"department", "post", "person", *PEOPLE}  # chosen among what the unit has


class RiskPointForm(forms.ModelForm):
    """A draft needs unit, year and name; `full_errors` says what handing it in needs. Faults come in the order of the page."""

    field_order = sections.in_order()

    class Meta:
        model = RiskPoint
        fields: ClassVar = [*FIELDS, "phone"]
        field_classes: ClassVar = dict.fromkeys(("unit", "department", "post", *PEOPLE), PickField) | dict.fromkeys(
            (*MANY, "criteria"), CodesField
        )
        error_messages: ClassVar = {"year": dict.fromkeys(("invalid", "min_value", "max_value"), "执行年度填写四位年份，如2026")}
        help_texts: ClassVar = {
            "layer": "岗位级须选岗位，部门级须选部门，单位级两项都不选",
            "post": "只有岗位级选择，部门随岗位带出",
            "manifestation": "写明在哪个环节、由谁、以什么方式发生，不少于15字",
            "secretary": "高风险必填",
            "responsible": "岗位级必填",
            "level_reason": "评定等级与建议等级不一致时必填",
            "basis": "写明制度名称和条款，佐证材料在保存草稿后的页面上传",
        }
        widgets: ClassVar = {
            "manifestation": forms.Textarea(attrs={"rows": 4}), "basis": forms.Textarea(attrs={"rows": 2}),
            "source": forms.Textarea(attrs={"rows": 2}), "level_reason": forms.Textarea(attrs={"rows": 2}),
            "phone": forms.TextInput, **dict.fromkeys(("unit", "department", "post", *PEOPLE), forms.Select),
            **dict.fromkeys((*MANY, "criteria"), forms.CheckboxSelectMultiple),
        }  # fmt: skip

    def __init__(
        self, *args: Any, user: User, instance: RiskPoint | None = None, today: datetime.date | None = None,
        like: RiskPointForm | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """`like`: a form of the same person, day and unit that lends what it offers, so that a row of a sheet asks for nothing."""
        self.user, self.today = user, today or timezone.localdate()
        data = args[0] if args else kwargs.get("data")
        self.unit: Unit | None = like.unit if like is not None else chosen_unit(user, instance, data)
        if instance is None:
            instance = blank_like(like) if like is not None else new_point(user, today=self.today)
            kwargs["initial"] = {"unit": self.unit, "year": self.today.year} | kwargs.get("initial", {})
        kwargs["instance"] = instance
        super().__init__(*args, **kwargs)
        if like is not None and instance.pk is None:
            self.fields = {name: copy(like.fields[name]) for name in self.fields}
            return
        self.offer_places()
        self.offer_codes()
        worded(self)

    def offer_places(self) -> None:
        """Units the person may register for; departments, posts and people of the chosen one."""
        ids = [self.unit.pk] if self.unit is not None else []
        is_new = self.instance.pk is None
        self.pick("unit").offer(units_for(self.user, RiskPoint.FUNCTION) if is_new else [self.instance.unit])
        departments = writable_departments(self.user, self.unit) if is_new and self.unit is not None else departments_of(ids)
        self.pick("department").offer(departments)
        self.pick("post").offer(posts_of(ids), label=lambda post: f"{post.department} {post.name}")
        held = [getattr(self.instance, f"{name}_id") for name in PEOPLE]
        gone = Person.objects.filter(Q(pk__in=[i for i in held if i]), is_active=False) if any(held) else []
        self.people = list(people_of(ids))
        people = [*self.people, *gone]  # somebody who left stays on a paper that names him
        for name in PEOPLE:
            leading = [p for p in people if p.category in Person.LEADING]
            shown = {"leader": leading, "secretary": [p for p in people if p.is_secretary]}.get(name, people)
            self.pick(name).offer(shown, label=person_label)
        self.fields["unit"].required = True

    def pick(self, name: str) -> PickField:
        """A field of this form that offers rows."""
        field = self.fields[name]
        assert isinstance(field, PickField)
        return field

    def offer_codes(self) -> None:
        """What the 字典 offer, and what this record holds already."""
        held = {n: getattr(self.instance, n) for n in DICTIONARY_OF}
        kept = [code for value in held.values() for code in (value if isinstance(value, list) else [value])]
        offered = parameters.choices_of(DICTIONARY_OF.values(), keep=kept)
        for name, dictionary in DICTIONARY_OF.items():
            label = self.fields[name].label
            if name in MANY:
                self.fields[name].choices = offered[dictionary]  # type: ignore[attr-defined]
                continue
            choices = [("", "未选择"), *offered[dictionary]]
            self.fields[name] = forms.ChoiceField(
                choices=choices, required=False, label=label, error_messages={"invalid_choice": NOT_OFFERED}
            )
            self.initial.setdefault(name, getattr(self.instance, name))
        self.fields["criteria"].choices = list(CRITERIA.items())  # type: ignore[attr-defined]

    def clean_unit(self) -> Unit:
        unit: Unit = self.cleaned_data["unit"]
        return unit

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        """A chosen post brings its department along."""
        data = super().clean() or self.cleaned_data
        post = data.get("post")
        if post is not None and data.get("layer") == "post" and data.get("department") is None:
            data["department"] = post.department
        return data

    def _get_validation_exclusions(self) -> set[str]:
        """The pick-lists have checked that their rows exist, and the choices that a grade is one: no constraint is asked for that."""
        return {*super()._get_validation_exclusions(), "unit", "department", "post", *PEOPLE, *GRADING["lc"]}  # type: ignore[misc]  # Django's own hook, unknown to the stubs

    def _post_clean(self) -> None:
        """A point registered twice is said beside its name."""
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, unknown to the stubs
        row = self.instance
        if not row.layer or {"unit", "name", "year"} & set(self.errors):
            return
        place = {"unit": row.unit, "year": row.year, "layer": row.layer, "department_id": row.department_id, "post_id": row.post_id}
        if duplicates_of(row.name, **place, but=row.pk).exists():
            self.add_error("name", SAME_NAME[row.layer])


class MeasureForm(forms.ModelForm):
    """One measure; `id` says which stored measure it replaces."""

    id = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    class Meta:
        model = Measure
        fields: ClassVar = [*MEASURE_FIELDS]
        field_classes: ClassVar = {"department": PickField, "person": PickField}
        widgets: ClassVar = {
            "content": forms.Textarea(attrs={"rows": 2}), "department": forms.Select, "person": forms.Select,
            "due_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        }  # fmt: skip

    def __init__(self, *args: Any, departments: Any = (), people: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows, label in (("department", departments, str), ("person", people, person_label)):
            field = self.fields[name]
            assert isinstance(field, PickField)
            field.offer(rows, label=label)
        for name in ("kind", "content", "department", "person"):
            self.fields[name].needed = True  # type: ignore[attr-defined]  # marked as 必填; a draft may still lack it
        self.fields["progress"].required = False
        number = str(self.prefix).rpartition("-")[2]
        self.before = f"措施{int(number) + 1}：" if number.isdecimal() else ""  # as `rules.measure_faults` begins
        worded(self, before=self.before)

    def clean_progress(self) -> str:
        return str(self.cleaned_data.get("progress") or Measure.Progress.NOT_STARTED)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("is_standing") and data.get("due_on"):
            self.add_error("due_on", f"{self.before}长期坚持的措施不填完成时限")
        return data

    def _get_validation_exclusions(self) -> set[str]:
        """What the pick-lists and `clean` have checked already costs no query for each row."""
        return {*super()._get_validation_exclusions(), "department", "person", "is_standing"}  # type: ignore[misc]  # as above

    def has_changed(self) -> bool:
        """A row in which only the preset progress stands is an empty one."""
        return any(name != "progress" for name in self.changed_data)


class BaseMeasureFormSet(forms.BaseFormSet):
    """The measures of one point; empty rows and rows marked for deletion are left out."""

    def __init__(
        self, *args: Any, user: User, instance: RiskPoint | None = None, beside: RiskPointForm | None = None,
        like: BaseMeasureFormSet | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """`beside`: the form of the point, whose people serve here too; `like`: a formset of the same unit that lends all it offers."""
        data = args[0] if args else kwargs.get("data")
        rows = like.form_kwargs if like is not None else self.offered(beside, user, instance, data)
        stored = list(instance.measures.order_by("number", "pk")) if instance is not None and instance.pk else []
        if data is None:
            initial = [{"id": m.pk, **forms.model_to_dict(m, fields=MEASURE_FIELDS)} for m in stored]
            kwargs.setdefault("initial", initial)
        super().__init__(*args, **({"prefix": "measures", "form_kwargs": rows} | kwargs))

    @staticmethod
    def offered(beside: RiskPointForm | None, user: User, instance: RiskPoint | None, data: Any) -> dict[str, Any]:
        """The departments and people of the unit these measures belong to."""
        unit = beside.unit if beside is not None else chosen_unit(user, instance, data)
        ids = [unit.pk] if unit is not None else []
        return {"departments": list(departments_of(ids)), "people": list(people_of(ids)) if beside is None else beside.people}

    @property
    def kept_forms(self) -> list[MeasureForm]:
        """The rows that count."""
        return [f for f in self.forms if f not in self.deleted_forms and (f.has_changed() or not f.empty_permitted)]


MeasureFormSet: Any = forms.formset_factory(
    MeasureForm, formset=BaseMeasureFormSet, extra=0, can_delete=True, max_num=MOST_MEASURES, validate_max=True,
    absolute_max=MOST_MEASURES + 10,
)  # fmt: skip


def content_from(form: RiskPointForm, formset: BaseMeasureFormSet) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What two valid forms hold, as the services take it."""
    fields = {name: form.cleaned_data[name] for name in (*FIELDS, "phone") if name in form.cleaned_data}
    rows = [{name: row.cleaned_data.get(name) for name in ("id", *MEASURE_FIELDS)} for row in formset.kept_forms]
    return fields, rows


def full_errors(form: RiskPointForm, formset: BaseMeasureFormSet) -> Faults:
    """Everything that keeps the two from being handed in, by field; each message is also put beside its field."""
    form.is_valid()
    formset.is_valid()
    kept = formset.kept_forms
    faults = missing_for_submission(form.instance, [row.instance for row in kept], today=form.today)
    no_unit = "unit" in form.errors  # then nothing can be said of its departments and people
    for name, message in faults.items():
        if no_unit and name.rpartition("-")[2] in OF_UNIT:
            continue
        if name in form.fields:
            _add(form, name, message)
        elif name == "measures":
            formset.non_form_errors().append(message)
        else:
            _, position, field = name.split("-", 2)
            _add(kept[int(position)], field, message)
    return errors_of(form, formset)


def _add(form: forms.BaseForm, name: str, message: str) -> None:
    """A fault beside its field, unless what was typed there could not even be read: one sentence a field."""
    if name not in form.errors:
        form.add_error(name, message)


def joined(messages: Iterable[Any]) -> str:
    """Several messages of one field as one sentence."""
    return "；".join(str(message) for message in messages)


def errors_of(form: RiskPointForm, formset: BaseMeasureFormSet) -> Faults:
    """The messages of both forms by field, measures as `measures-0-content`."""
    found = {name: joined(messages) for name, messages in form.errors.items()}
    for position, child in enumerate(formset.forms):
        if child not in formset.deleted_forms:
            found |= {f"measures-{position}-{name}": joined(messages) for name, messages in child.errors.items()}
    if formset.non_form_errors():
        found["measures"] = joined(formset.non_form_errors())
    return found
