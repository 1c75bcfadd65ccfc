"""The names of the chains: one per 一级企业, so that units never queue behind each other (security.md §5.2)."""

SYS = "sys"
REGULATOR = "org:regulator"
AUTH_SHARDS = 8


def auth_stream(user_id: int | None) -> str:
    """The chain of a person's log-ins; attempts with an unknown account name go to the first."""
    return f"auth:{(user_id or 0) % AUTH_SHARDS}"


def org_stream(unit_id: int | None) -> str:
    """The chain of a 一级企业 given by its id; the regulator's own for None."""
    return REGULATOR if unit_id is None else f"org:{unit_id}"
