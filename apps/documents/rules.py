"""Numbers of the job table (security.md 4.3 point 6, AV-16)."""
import datetime

LEASE = datetime.timedelta(seconds=90)  # a worker that gives no sign for so long is taken for dead
SILENCE = 60.0  # seconds a job may work without reporting progress (IN-07); below LEASE
ATTEMPTS = 3
PAUSE = datetime.timedelta(seconds=10)  # before the next attempt after a fault
KEEP = datetime.timedelta(days=7)  # how long a finished file can be downloaded
KEEP_ROW = datetime.timedelta(days=90)  # how long the line stays in the report centre
OPEN_PER_PERSON = 10


def may_try_again(attempts: int) -> bool:
    """Whether a job that failed `attempts` times is taken up once more."""
    return attempts < ATTEMPTS
