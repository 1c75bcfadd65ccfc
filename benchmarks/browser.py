"""A browser that keeps its connection and its session, and notes how long each answer took."""
from __future__ import annotations

import http.client
import json
import re
import secrets
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

PATIENCE, FEWEST = 8, 5  # seconds for one page, and how often at least
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many milliseconds."""

    status: int
    body: bytes
    ms: float
    location: str = ""


class Browser:
    """One person at one machine; `like` shares the session of another browser of the same person."""

    def __init__(self, port: int, like: Browser | None = None) -> None:
        self.port = port
        self.cookies: dict[str, str] = dict(like.cookies) if like else {}
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request; a connection the server closed meanwhile is opened again."""
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} | (headers or {})
        for again in (True, False):
            start = time.perf_counter()
            try:
                self.line.request(method, path, body=body, headers=sent)
                got = self.line.getresponse()
                text = got.read()
                break
            except (http.client.HTTPException, ConnectionError):
                self.line.close()
                if not again:
                    raise
        ms = (time.perf_counter() - start) * 1000
        for cookie in got.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(got.status, text, ms, got.headers.get("Location", ""))

    def get(self, path: str) -> Answer:
        """A page; anything but 200 is a fault of the benchmark."""
        answer = self.ask("GET", path)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {path}: {answer.body[:200]!r}")
        return answer

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        """A form as its page sends it; the answer leads on to another page."""
        body = urlencode({"csrfmiddlewaretoken": self.cookies["csrf"], "token": secrets.token_urlsafe(16)} | fields, doseq=True)
        answer = self.ask("POST", path, body, FORM)
        if answer.status != 302:
            shown = re.sub(r"<[^>]+>|\s+", " ", answer.body.decode())[:1500]
            raise RuntimeError(f"{answer.status} for {path}: {shown}")
        return answer

    def send(self, path: str, data: dict[str, Any]) -> Answer:
        """JSON to the API, under the session."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.cookies["csrf"]}
        answer = self.ask("POST", path, json.dumps(data), headers)
        if answer.status not in {200, 201}:
            raise RuntimeError(f"{answer.status} for {path}: {answer.body[:500].decode()}")
        return answer

    def log_in(self, username: str, password: str) -> Browser:
        """Open a session by the login page."""
        self.get("/login/")
        self.post("/login/", {"username": username, "password": password})
        return self


@dataclass(frozen=True)
class Times:
    """What a number of calls took, in milliseconds."""

    p50: float
    p95: float


def summary(spent: list[float]) -> Times:
    """Median and 95th percentile."""
    spent = sorted(spent)
    return Times(statistics.median(spent), spent[min(len(spent) - 1, int(len(spent) * 0.95))])


def side_by_side(ours: Callable[[], float], floor: Callable[[], float], times: int) -> tuple[Times, Times]:
    """Both in turns, so that whatever else the machine does hits both; what takes long is asked less often."""
    for _ in range(4):  # both workers load what the first request of each loads
        ours(), floor()
    pairs, until = [(ours(), floor())], time.perf_counter() + PATIENCE
    while len(pairs) < times and (time.perf_counter() < until or len(pairs) < FEWEST):
        pairs.append((ours(), floor()))
    return summary([a for a, _ in pairs]), summary([b for _, b in pairs])


def crowd(clients: list[Callable[[], Any]], seconds: float) -> float:
    """All clients at once, each calling again and again; calls a second."""
    done, until = [0] * len(clients), time.perf_counter() + seconds

    def run(number: int) -> None:
        while time.perf_counter() < until:
            clients[number]()
            done[number] += 1

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(clients))]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - start)
