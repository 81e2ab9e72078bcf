"""`antiphon serve`: starts the database, the web process and the workers, and keeps them up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from urllib.parse import urlsplit

from antiphon.app.child import set_up_logging
from antiphon.app.opening import Place, opened
from antiphon.kernel import postgres
from antiphon.kernel.runtime import LOCAL_NAMES

LOOK_EVERY_S = 0.25
RESTART_PAUSE_S = (0.1, 0.5, 1.0, 2.0, 5.0)
STOP_WITHIN_S = 10.0


class Child:
    """One process; started again when it ends, with a pause that grows while it keeps failing."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self.module, self.environment = module, dict(environment)
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.failures = 0

    def keep(self) -> None:
        if self.process is not None and self.process.poll() is None:
            if time.monotonic() - self.started > 10:
                self.failures = 0
            return
        pause = RESTART_PAUSE_S[min(self.failures, len(RESTART_PAUSE_S) - 1)] if self.process else 0.0
        if time.monotonic() - self.started < pause:
            return
        if self.process is not None:
            self.failures += 1
            _say(f"{self.module} ended with {self.process.returncode}; starting it again")
        self.process = subprocess.Popen([sys.executable, "-m", self.module], env=self.environment)  # noqa: S603
        self.started = time.monotonic()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, until: float) -> None:
        if self.process is not None:
            try:
                self.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Stopping(BaseException):
    """We were asked to stop."""


def serve(
    place: Place,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    role: str = "all",
    sandbox: bool = False,
    base_url: str | None = None,
    workers: int = 1,
    world_url: str = "",
    trusted_proxies: Sequence[str] = (),
    meanwhile: Callable[[str], None] | None = None,
) -> int:
    """Blocks until SIGTERM or Ctrl-C. `meanwhile` is called once with the DSN when everything has been started.

    Raises `postgres.AlreadyServed` when this data folder is served by another process.
    """
    base_url = base_url or f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
    set_up_logging()
    _stop_on_signals()
    try:
        with _database(place) as (dsn, keep_database):
            token = asyncio.run(_prepare(dsn, base_url))
            environment = _environment(dsn, host, port, base_url, sandbox, world_url) | _more(place, trusted_proxies)
            children = _children(role, workers, environment)
            try:
                for child in children:
                    child.keep()
                _greet(base_url, host, token, role)
                if meanwhile is not None:
                    meanwhile(dsn)
                if role in ("all", "web"):
                    _say_when_ready(host, port, base_url)
                _watch(children, keep_database)
            finally:
                _stop_all(children)
    except (Stopping, KeyboardInterrupt):
        pass
    return 0


@contextlib.contextmanager
def _database(place: Place) -> Iterator[tuple[str, Callable[[], None]]]:
    if place.database:
        yield place.database, lambda: None
        return
    server = postgres.start(place.data, progress=_say)
    try:

        def keep() -> None:
            if server.poll() is not None:
                _say("the database ended; starting it again")
                server.restart()

        yield server.dsn, keep
    finally:
        server.stop()


async def _prepare(dsn: str, base_url: str) -> str:
    """Migrate; the token by which the first owner comes in from elsewhere."""
    async with opened(dsn, base_url=base_url) as runtime:
        return runtime.link_token


def _environment(dsn: str, host: str, port: int, base_url: str, sandbox: bool, world_url: str) -> dict[str, str]:
    return os.environ | {
        "ANTIPHON_DSN": dsn,
        "ANTIPHON_HOST": host,
        "ANTIPHON_PORT": str(port),
        "ANTIPHON_BASE_URL": base_url,
        "ANTIPHON_SANDBOX": "1" if sandbox else "0",
        "ANTIPHON_WORLD_URL": world_url,
    }


def _more(place: Place, trusted_proxies: Sequence[str]) -> dict[str, str]:
    """Files that are uploaded lie in the data folder, also beside a database of the operator's own."""
    proxies = {"FORWARDED_ALLOW_IPS": ",".join(trusted_proxies)} if trusted_proxies else {}
    return {"ANTIPHON_DATA": str(place.data.resolve()), **proxies}


def _children(role: str, workers: int, environment: Mapping[str, str]) -> list[Child]:
    children = []
    if role in ("all", "web"):
        children.append(Child("antiphon.app.web", environment))
    if role in ("all", "worker"):
        children += [Child("antiphon.app.worker", environment) for _ in range(max(1, workers))]
    return children


def _watch(children: list[Child], keep_database: Callable[[], None]) -> None:
    while True:
        time.sleep(LOOK_EVERY_S)
        keep_database()
        for child in children:
            child.keep()


def _stop_all(children: list[Child]) -> None:
    for child in children:
        child.stop()
    until = time.monotonic() + STOP_WITHIN_S
    for child in children:
        child.wait(until)


def _stop_on_signals() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise Stopping

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _greet(base_url: str, host: str, token: str, role: str) -> None:
    if role in ("all", "web"):
        _say(f"Antiphon is starting at {base_url}/app/")
        if not _is_local(host) or not _is_local(urlsplit(base_url).hostname or ""):
            _say(f"From other machines, the first owner opens {base_url}/app/welcome?token={token}")


def _say_when_ready(host: str, port: int, base_url: str) -> None:
    """From a thread of its own: the children are watched meanwhile."""
    reached = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104

    def look() -> None:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection((reached, port), timeout=1):
                _say(f"Antiphon answers at {base_url}/app/")
                return
            time.sleep(0.1)

    threading.Thread(target=look, daemon=True).start()


def _is_local(host: str) -> bool:
    return host in LOCAL_NAMES


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
