"""One act on many records of a list: each in a transaction of its own, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils import timezone

from apps.core.errors import Refused
from apps.documents.jobs import Progress, Result, job_kind
from apps.documents.models import Job
from apps.documents.results import empty
from apps.exchange.writing import Head, Page, write_xlsx
from apps.pages.answers import XLSX

if TYPE_CHECKING:
    from apps.accounts.models import User

KIND = "bulk"
AT_ONCE = 100  # records that a request works through by itself
MOST = 2000
Do = Callable[[Any], None]  # one record; raises Refused


@dataclass(frozen=True)
class Act:
    """A bulk act. `start(records, data, by)` gives what is done to each; `form(records, user, data)` asks for it first."""

    name: str
    label: str
    done: str
    start: Callable[[Sequence[Any], QueryDict, User], Do]
    form: Callable[..., Any] | None = None
    ask: str = ""  # what the page says before it is done
    may: Callable[[User], bool] = lambda _user: True
    goes_on: bool = False  # the other acts are offered for what it was done to


@dataclass(frozen=True)
class Outcome:
    """What came of one record: `reason` says why it was left as it is."""

    record: Any
    reason: str = ""


_acts: dict[str, tuple[Any, dict[str, Act]]] = {}


def declare(register: str, model: Any, acts: Iterable[Act]) -> None:
    """Offer bulk acts over a register's list."""
    _acts[register] = model, {act.name: act for act in acts}


def acts_of(register: str, user: User) -> list[Act]:
    """What this person may do with many records at once."""
    return [act for act in _acts.get(register, (None, {}))[1].values() if act.may(user)]


def act_of(register: str, name: str, user: User) -> Act | None:
    """The act of this name, where the person may do it."""
    return next((act for act in acts_of(register, user) if act.name == name), None)


def work(act: Act, records: Sequence[Any], data: QueryDict, *, by: User) -> Iterator[Outcome]:
    """Do it to one after the other, in their order."""
    do = act.start(records, data, by)
    for record in records:
        try:
            do(record)
        except Refused as no:
            yield Outcome(record, no.message)
        else:
            yield Outcome(record)


def records_of(register: str, keys: Iterable[int], *, by: User) -> list[Any]:
    """These records, of those the person may see, in the order of the keys."""
    model, _ = _acts[register]
    keys = list(keys)
    found = model.objects.visible_to(by).select_related("unit").in_bulk(keys)
    return [found[key] for key in keys if key in found]


@job_kind(KIND, label="批量操作")
def run(job: Job, progress: Progress) -> Result:
    """Work through the records the requester chose; the file says what came of each."""
    register, by = str(job.params["register"]), job.requested_by
    act = act_of(register, str(job.params["act"]), by)
    if act is None:
        raise Refused("您已没有此项批量操作的权限。")
    records, outcomes = records_of(register, job.params["keys"], by=by), []
    for done, outcome in enumerate(work(act, records, posted(job.params["data"]), by=by), start=1):
        outcomes.append(outcome)
        if done % 20 == 0:
            progress(done, len(records))
    path = empty()
    lines = ([o.record.number, o.record.flow_title(), "未处理" if o.reason else act.done, o.reason] for o in outcomes)
    write_xlsx(path, _page(act, outcomes, by=by), lines)
    return f"{act.label}结果_{timezone.localdate():%Y%m%d}.xlsx", XLSX, path


def _page(act: Act, outcomes: Sequence[Outcome], *, by: User) -> Page:
    failed = sum(bool(outcome.reason) for outcome in outcomes)
    line = f"{by.name}　{timezone.localtime():%Y-%m-%d %H:%M}　{act.done} {len(outcomes) - failed} 条，未处理 {failed} 条"
    return Page(f"{act.label}结果", line, [Head("编号", 20), Head("名称", 32), Head("结果", 10), Head("原因", 60)])


def as_json(posted_data: QueryDict) -> dict[str, list[str]]:
    """What a form posted, without what belongs to the page."""
    dropped = {"csrfmiddlewaretoken", "pk", "all", "query", "columns", "confirm"}
    return {name: posted_data.getlist(name) for name in posted_data if name not in dropped}


def posted(data: Mapping[str, Sequence[str]]) -> QueryDict:
    """The same as if it had just been posted."""
    found = QueryDict(mutable=True)
    for name, values in data.items():
        found.setlist(name, list(values))
    return found
