"""Step 2 of 批量导入: which column is which field, what is the same for all rows, what a spelling means."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.exchange import services
from apps.exchange.models import Batch
from apps.exchange.registers import Register, Target
from apps.exchange.rows import reading
from apps.exchange.values import several
from apps.pages import import_jobs
from apps.pages.paging import whole

MOST_SPELLINGS = 60  # asked about at once in one column
LOOKED_AT = 500  # spellings of a column that are looked at; a column with more is a text, no choice


class ColumnPages:
    """The page of the columns; ImportPages brings the batch, the register and the drawing."""

    base: ClassVar[str]
    batch: Batch
    request: PortalRequest
    kind: Register
    render: Any  # how ImportPages draws a step
    rows: Any  # the next step

    def columns(self, request: PortalRequest, pk: int) -> HttpResponse:
        """The columns of the file beside the fields of the register; asks which table where there are several."""
        if self.batch.state != Batch.State.OPEN:
            return self.rows(request, pk)
        if self.batch.unit_id is not None and self.batch.table is not None and "again" not in request.GET:
            return redirect(f"{self.base}-import-rows", pk)  # on with what was arranged
        if self.batch.table is None or ("choose" in request.GET and len(self.batch.tables) > 1):
            return self.render("imports/tables.html", {"tables": self.batch.tables})
        return self.render("imports/columns.html", self.columns_context())

    def columns_context(self, typed: dict[str, Any] | None = None) -> dict[str, Any]:
        """The page of the columns: as typed, as arranged before, or as proposed."""
        units = list(self.kind.units(self.request.user))
        typed = typed or self.jotted()
        said = self.request.POST.get("unit") or (typed or {}).get("unit")
        unit = next((unit for unit in units if str(unit.pk) == said), None) or self.batch.unit or self._named_unit(units)
        if typed is None and not self.batch.mapping:
            typed = services.proposal(self.batch, unit)
        seen = typed or {"mapping": self.batch.mapping, "answers": self.batch.answers, "splits": self.batch.splits}
        desk = self.kind.desk(user=self.request.user, unit=unit, today=timezone.localdate())
        columns = [
            column | {"place": str(column["index"]), "field": seen["mapping"].get(str(column["index"]), ""), "samples": self.samples(at)}
            for at, column in enumerate(self.batch.chosen["columns"])
        ]
        same = seen.get("same", self.batch.same)
        return {
            "columns": columns, "units": units, "unit": unit, "targets": self.kind.targets, "splits": seen["splits"],
            "remembered": seen.get("remembered"), "questions": self.questions(seen, desk), "found": self.batch.chosen,
            "has_lines": any(target.lines for target in self.kind.targets), "parted": services.parted(self.batch, seen["mapping"]),
            "same": [self.same_field(t, desk, same) for t in self.kind.targets if t.same and desk.choices(t.name)],
        }  # fmt: skip

    def _named_unit(self, units: list[Any]) -> Any:
        """The unit the sheet's own line names, else the person's first."""
        said = self.batch.chosen["unit"]
        return next((unit for unit in units if said and said in {unit.name, unit.short_name}), units[0])

    def samples(self, at: int) -> list[str]:
        """Up to three different texts of a column."""
        texts = (cells[at].strip() for cells in services.cells_of(self.batch)[:50] if at < len(cells))
        return list(dict.fromkeys(text for text in texts if text))[:3]

    def same_field(self, target: Target, desk: Any, same: dict[str, list[str]]) -> dict[str, Any]:
        """A field that may be one value for all rows."""
        chosen = same.get(target.name, [])
        choices = [{"key": key, "label": label, "on": key in chosen} for key, label in desk.choices(target.name) if key]
        return {"name": target.name, "label": target.label, "many": target.many, "choices": choices}

    def questions(self, seen: dict[str, Any], desk: Any) -> list[dict[str, Any]]:
        """The spellings nobody can be sure of: those that fit no choice, and every rank of a scale that was not confirmed yet."""
        found = []
        scales = services.scales_of(self.batch, seen["mapping"])
        for place, name in seen["mapping"].items():
            target, choices = self.kind.target(name), desk.choices(name)
            if target is None or choices is None:
                continue
            answers = seen["answers"].get(name, {})
            unsure = name in scales and not scales[name].sure
            asked = [
                {"text": text, "count": count, "key": answers.get(text, "")}
                for text, count in self._parts(place, many=target.many)[:LOOKED_AT]
                if unsure or not reading(text, choices, target=target, answers={}, also=self.kind.also.get(name, {}))
            ][:MOST_SPELLINGS]
            if asked:
                given = seen.get("known", seen["answers"]).get(name, {})
                known = not seen.get("is_guess") and all(one["text"] in given for one in asked)
                if unsure:
                    ranks = [key for key, _ in choices]
                    asked.sort(key=lambda one: (ranks.index(one["key"]) if one["key"] in ranks else len(ranks), one["text"]))
                about = {"field": name, "needed": target.needed, "label": target.label, "choices": choices, "asked": asked}
                as_before = known and "sure" not in seen
                found.append(about | {"unsure": unsure, "confirmed": as_before or name in seen.get("sure", ()), "as_before": as_before})
        return found

    def _parts(self, place: str, *, many: bool) -> list[tuple[str, int]]:
        """The spellings of a column; of cells that list, each part."""
        if not many:
            return services.spellings(self.batch, place)
        found: dict[str, int] = {}
        for text, count in services.spellings(self.batch, place):
            for part in several(text):
                found[part] = found.get(part, 0) + count
        return sorted(found.items(), key=lambda pair: -pair[1])

    def arrange(self, request: PortalRequest, pk: int) -> HttpResponse:
        """Keep the mapping and check every row; before that, of several tables the chosen one."""
        if "table" in request.POST:
            return self.choose(request)
        typed = self.typed()
        if "keep" in request.POST:
            return self.keep(typed)
        unit = next((u for u in self.kind.units(request.user) if str(u.pk) == request.POST.get("unit")), None)
        try:
            if unit is None:
                raise Refused("选择填报单位。", field="unit")
            self.confirm_scales(typed)
            self.check_now_or_later(services.arrange, unit=unit, **typed)
        except Refused as no:
            shown = self.columns_context(self.guessed(typed))
            return self.render("imports/columns.html", shown | {"fault": no.message, "fault_at": no.field}, status=422)
        return redirect(f"{self.base}-import-rows", pk)

    def keep(self, typed: dict[str, Any]) -> HttpResponse:
        """Whatever was chosen outlives the page; a column mapped otherwise asks for its spellings anew."""
        kept = typed | {"sure": sorted(self.sure()), "unit": self.request.POST.get("unit", "")}
        try:
            services.jot(self.batch, choices=kept, by=self.request.user)
        except Refused:
            return HttpResponse(headers={"HX-Refresh": "true"})
        if self.request.POST["keep"] != "ask":
            return HttpResponse(status=204)
        return self.render("imports/questions.html", self.columns_context(self.guessed(typed)))

    def jotted(self) -> dict[str, Any] | None:
        """What was chosen here the last time and not handed in."""
        kept = self.batch.choices
        return self.guessed(kept, sure=set(kept["sure"])) if kept else None

    def guessed(self, typed: dict[str, Any], *, sure: set[str] | None = None) -> dict[str, Any]:
        """What was typed, with a proposal for the spellings of a column that was mapped just now."""
        levels = services.guessed(self.batch, typed["mapping"])
        answers = {name: levels.get(name, {}) | typed["answers"].get(name, {}) for name in {*levels, *typed["answers"]}}
        return typed | {"answers": answers, "sure": self.sure() if sure is None else sure}

    def confirm_scales(self, typed: dict[str, Any]) -> None:
        """一级 is the highest risk here and the lowest there: somebody has to say so. Raises Refused."""
        for name, scale in services.scales_of(self.batch, typed["mapping"]).items():
            if not scale.sure and name not in self.sure():
                target = self.kind.target(name)
                raise Refused(f"核对“{target.label if target else name}”各种写法的高低顺序，勾选“已核对”后继续。", field=f"sure-{name}")

    def sure(self) -> set[str]:
        """The fields whose spellings were looked over."""
        return {name.removeprefix("sure-") for name in self.request.POST if name.startswith("sure-")}

    def check_now_or_later(self, arrange: Any, **typed: Any) -> None:
        """Few rows are checked with the request, many by a worker."""
        now = self.batch.chosen["count"] <= import_jobs.AT_ONCE
        with transaction.atomic():
            self.batch = arrange(self.batch, **typed, by=self.request.user, at=timezone.now(), checks=now)
            if not now:
                self.later(import_jobs.CHECK)

    def later(self, kind: str) -> None:
        """Let a worker do it; the page of the rows shows how far it is."""
        url = reverse(f"{self.base}-import-rows", args=[self.batch.pk])
        import_jobs.start(kind, self.batch, by=self.request.user, url=url)

    def choose(self, request: PortalRequest) -> HttpResponse:
        """Which of several tables is meant."""
        try:
            services.choose(self.batch, table=whole(request.POST["table"]), by=request.user)
        except Refused as no:
            messages.error(request, no.message)
        return redirect(f"{self.base}-import-batch", self.batch.pk)

    def typed(self) -> dict[str, Any]:
        """What the page of the columns posts: column-<index>, same-<field>, text-<field>-<n> with key-<field>-<n>."""
        post = self.request.POST
        mapping = {str(c["index"]): post.get(f"column-{c['index']}", "") for c in self.batch.chosen["columns"]}
        same = {t.name: [v for v in post.getlist(f"same-{t.name}") if v] for t in self.kind.targets if t.same}
        answers: dict[str, dict[str, str]] = {}
        for name, text in post.items():
            if name.startswith("text-"):
                answers.setdefault(name.split("-")[1], {})[str(text)] = post.get("key-" + name.removeprefix("text-"), "")
        return {"mapping": mapping, "same": same, "answers": answers, "splits": "splits" in post}
