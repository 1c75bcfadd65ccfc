"""A portal started by its own command, in a state folder of its own."""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = re.compile(r"^(DATABASE_|PORTAL_|PYTEST|REDIS_URL|CACHE_URL|SECRET_KEY|FIELD_KEY|FONTCONFIG_FILE|DJANGO_|COV_|PORT$)")


def plain_environment(**extra):
    """What a shell would have: nothing of the test run around us."""
    return {k: v for k, v in os.environ.items() if not OURS.match(k)} | {k: str(v) for k, v in extra.items()}


def alive(pid):
    """A zombie that nobody has collected yet does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid):
    """Every process below this one."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def until(true, seconds):
    limit = time.monotonic() + seconds
    while not (value := true()) and time.monotonic() < limit:
        time.sleep(0.05)
    return value


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Portal:
    """`python3 portal.py run` as a user starts it; what it prints goes to a file."""

    def __init__(self, state, **env):
        self.state, self.out = Path(state), Path(f"{state}.out")
        self.port = int(env.get("PORT") or free_port())
        self.env = plain_environment(**{"PORTAL_STATE": state, "PORT": self.port, **env})

    def __enter__(self):
        begin = time.monotonic()
        with self.out.open("w") as out:
            self.process = subprocess.Popen([sys.executable, "portal.py", "run"], cwd=ROOT, env=self.env, stdout=out, stderr=out)
        until(lambda: "READY" in self.text() or self.process.poll() is not None, 300)
        self.seconds = time.monotonic() - begin
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def text(self):
        return self.out.read_text()

    def child(self, word):
        """The first process below the launcher whose command line has this word: parents come before their children."""
        return next(pid for pid in descendants(self.process.pid) if word in Path(f"/proc/{pid}/cmdline").read_text())


@pytest.fixture(scope="session")
def place():
    """A folder that PostgreSQL may enter as nobody; pytest's own are closed, and data would go to /var/lib and stay there."""
    with tempfile.TemporaryDirectory(prefix="portal-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="session")
def state(place):
    """A folder with a filled database, stopped: the tests start it again."""
    with Portal(place / "s") as portal:
        assert "READY" in portal.text(), portal.text()
    return place / "s"
