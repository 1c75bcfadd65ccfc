"""One transaction per act, without a savepoint for every helper on the way."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")
_inside: ContextVar[bool] = ContextVar("inside_a_whole", default=False)


def all_or_nothing(act: Callable[P, R]) -> Callable[P, R]:
    """Everything `act` writes is kept, or nothing of it is.

    The outermost act begins the transaction (a savepoint where one is open already); the acts it calls join it, since two
    round trips each would buy nothing: their refusal undoes the whole. Whoever catches a refusal inside an act and goes
    on must open a transaction.atomic() around what may be refused, or the whole act fails at its end.
    """

    @wraps(act)
    def whole(*args: P.args, **kwargs: P.kwargs) -> R:
        if _inside.get():
            with transaction.atomic(savepoint=False):
                return act(*args, **kwargs)
        token = _inside.set(True)
        try:
            with transaction.atomic():
                answer = act(*args, **kwargs)
                if transaction.get_rollback():  # Django would undo everything and say nothing
                    raise transaction.TransactionManagementError("a refusal was caught inside an act without a savepoint of its own")
                return answer
        finally:
            _inside.reset(token)

    return whole
