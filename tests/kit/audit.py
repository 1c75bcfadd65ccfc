"""What a test asks about the audit. Events join their chain at COMMIT; inside a rolled-back test `flushed` does that early."""
import json

from django.db import connection

from apps.audit.models import Event


def flushed() -> None:
    """Do now what COMMIT would do: append the events, and one `unattributed` for each change that no event names.

    Call it once before the act that is tested as well, when rows were made by hand before: their changes would
    otherwise be covered by the act's event, or show up beside it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def events(**filters) -> list[Event]:
    """The events that fit the filters of Event, in the order of their chains; flushes first inside a transaction."""
    if connection.in_atomic_block:
        flushed()
    return list(Event.objects.filter(**filters).order_by("stream", "seq"))


def event(**filters) -> Event:
    """The only event that fits; fails the test when there is none or more than one."""
    found = events(**filters)
    assert len(found) == 1, [f"{one} {one.event_type} {one.object_type} {one.object_id}" for one in found]
    return found[0]


def before(one: Event) -> dict:
    """The old values an event keeps, changed fields only."""
    return json.loads(one.body)["before"]


def after(one: Event) -> dict:
    """The new values an event keeps, changed fields only."""
    return json.loads(one.body)["after"]
