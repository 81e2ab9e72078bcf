"""The product as a user starts it, on a data folder of its own, for as long as a benchmark runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ANTIPHON = [sys.executable, "-m", "antiphon"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    def __init__(self, data: Path, port: int, database: str | None) -> None:
        self.place = ["--data", str(data)] + (["--database", database] if database else [])
        self.port, self.key = port, ""

    def run(self, *arguments: str, stdin: Any = None) -> Any:
        """A command on the same folder; its JSON."""
        done = subprocess.run(
            [*ANTIPHON, *arguments, *self.place, "--json"],
            input=None if stdin is None else json.dumps(stdin).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(done.stdout)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())


@contextlib.contextmanager
def house(data: Path, *arguments: str, database: str | None = None) -> Iterator[House]:
    """`antiphon serve` until the block ends; ready when it answers. `database` is a DSN to use instead of its own."""
    made = House(data, free_port(), database)
    command = [*ANTIPHON, "serve", *made.place, "--port", str(made.port), *arguments]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        wait_until_up(made.port)
        made.key = made.run("keys", "create", "--name", "bench", "--scope", "admin")["key"]
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)


def wait_until_up(port: int, *, within_s: float = 60) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < within_s:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=2) as answer:
                if answer.status == 200:
                    return time.monotonic() - begun
        except OSError:
            time.sleep(0.02)
    raise TimeoutError("the server did not come up")
