"""What the kill test does to a house: load from many sides, and kill -9."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import httpx

from flows.house import House, until
from flows.samples import user

Victim = Literal["worker", "web", "postmaster", "backend", "everything"]
VICTIMS: Sequence[Victim] = ("worker", "postmaster", "everything", "web", "backend")
BATCH = 10


class Shop(threading.Thread):
    """Sends events with message ids of its own, each batch again and again until it is acknowledged."""

    def __init__(self, home: House, name: str, customers: Sequence[int]) -> None:
        super().__init__(name=name, daemon=True)
        self._home, self._customers = home, customers
        self.stopping = threading.Event()
        self.sent: dict[str, int] = {}
        self.acknowledged: set[str] = set()

    def run(self) -> None:
        draw = random.Random(self.name)
        with httpx.Client(base_url=f"{self._home.url}/v1", auth=(self._home.write_key, ""), timeout=10) as client:
            while not self.stopping.is_set():
                ids = [f"{self.name}-{len(self.sent) + n}" for n in range(BATCH)]
                who = {id: draw.choice(self._customers) for id in ids}
                self.sent |= who
                calls = [
                    {"type": "track", "userId": user(n), "event": "Storm", "messageId": id, "properties": {"id": id}}
                    for id, n in who.items()
                ]
                self._send(client, calls)
                time.sleep(0.1)

    def _send(self, client: httpx.Client, calls: list[dict[str, Any]]) -> None:
        while not self.stopping.is_set():
            with contextlib.suppress(httpx.TransportError):
                answer = client.post("/batch", json={"batch": calls})
                assert answer.status_code in (200, 503), answer.text
                if answer.status_code == 200:
                    self.acknowledged |= {call["messageId"] for call in calls}
                    return
            time.sleep(0.1)


class Leavers(threading.Thread):
    """Customers who say no: by one click, by STOP, by the preference API. `said` is when it was acknowledged."""

    def __init__(self, home: House, numbers: Sequence[int], *, pause_s: float) -> None:
        super().__init__(daemon=True)
        self._home, self._numbers, self._pause_s = home, numbers, pause_s
        self.stopping = threading.Event()
        self.tried: set[int] = set()
        self.said: dict[int, tuple[str, float]] = {}

    def run(self) -> None:
        ways: list[Callable[[int], str | None]] = [self._clicks_once, self._says_stop, self._wishes]
        for number in self._numbers:
            if self.stopping.is_set():
                return
            self.tried.add(number)
            with contextlib.suppress(httpx.TransportError):
                channel = ways[number % len(ways)](number)  # as the audience is divided
                if channel is not None:
                    self.said[number] = channel, time.time()
            time.sleep(self._pause_s)

    def _clicks_once(self, number: int) -> str | None:
        return "email" if self._act(number, "unsubscribe") else None

    def _says_stop(self, number: int) -> str | None:
        return "sms" if self._act(number, "stop") else None

    def _act(self, number: int, do: str) -> bool:
        return self._home.outside.post("/world/act", json={"person": number, "do": do}).status_code == 200

    def _wishes(self, number: int) -> str | None:
        wish = {"topic": "storm", "channel": "push", "state": "unwanted"}
        answer = self._home.api.put(f"/profiles/external_id:{user(number)}/preferences", json=wish)
        return "push" if answer.status_code == 200 else None


@contextlib.contextmanager
def running(*threads: Shop | Leavers) -> Iterator[None]:
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.stopping.set()
        for thread in threads:
            thread.join(60)


def kill(home: House, victim: Victim) -> None:
    """kill -9, and for everything a new start; returns when the platform answers again."""
    assert home.platform is not None
    chosen = chosen_processes(home, victim)
    for pid in chosen:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if victim == "everything":
        home.platform.wait()
        home.serve()
    else:
        home.wait_until_up()


def chosen_processes(home: House, victim: Victim) -> list[int]:
    assert home.platform is not None
    family = children_of(home.platform.pid)
    postmaster = int((home.data / "postgres" / "cluster" / "postmaster.pid").read_text().split("\n", 1)[0])
    if victim == "everything":
        return [home.platform.pid, *family, *children_of(postmaster)]
    if victim == "postmaster":
        return [postmaster]
    if victim == "backend":
        return [random.choice(until(lambda: backends_of(postmaster), bool, within_s=20, what="a session"))]
    module = f"antiphon.app.{victim}".encode()
    running = [pid for pid in family if module in command_of(pid)]
    assert running, f"there is no {victim} to kill"
    return running


def backends_of(postmaster: int) -> list[int]:
    return [pid for pid in children_of(postmaster) if b"[local]" in command_of(pid)]


def children_of(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # The name in brackets may hold anything; the parent is the second field after it (proc(5)).
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return found


def command_of(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def insist(ask: Callable[[], httpx.Response], *, within_s: float = 30.0) -> httpx.Response:
    """As any client does: again while the connection breaks or the server asks for it."""
    end = time.monotonic() + within_s
    while True:
        with contextlib.suppress(httpx.TransportError):
            answer = ask()
            if answer.status_code != 503:
                return answer
        assert time.monotonic() < end, "the platform does not come back"
        time.sleep(0.2)
