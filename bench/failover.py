"""How long it takes from a refusal to the bytes of the next attempt, with real processes.

    python -m bench.failover [--people 200] [--per-second 20]

One mail server refuses everybody for good, another takes everything: first the address is dead and the next channel has
its turn (SMS, at the operator that `antiphon_world` plays), then the account is refused and another account of the same
channel has it. Messages are asked for one by one, as a program does. What is measured is the time between the 550 that
leaves the one server and the message that stands in the other's log.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, TypeAlias

import uvloop

from bench.house import House, free_port, house
from bench.machine import machine

Said: TypeAlias = "Queue[tuple[str, float]]"


class Refuser(asyncio.Protocol):
    """As much SMTP as our client needs; says no to each recipient and notes when."""

    def __init__(self, answer: bytes, said: Said) -> None:
        self._answer, self._said = answer, said
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        transport.write(b"220 no\r\n")  # type: ignore[attr-defined]  # a Transport, by the server's promise

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\r\n")
        for line in lines:
            self._command(line)

    def _command(self, line: bytes) -> None:
        word = line[:4].upper()
        if word == b"EHLO":
            self._transport.write(b"250-no\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        elif word == b"RCPT":
            self._transport.write(self._answer + b"\r\n")
            self._said.put((line[9:-1].decode(), time.time()))
        elif word == b"DATA":
            self._transport.write(b"503 nobody to send it to\r\n")
        else:
            self._transport.write(b"250 Ok\r\n")


def refuse(port: int, answer: bytes, said: Said) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: Refuser(answer, said), "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(run())


@contextlib.contextmanager
def refuser(answer: bytes) -> Iterator[tuple[int, Said]]:
    said: Said = multiprocessing.get_context("spawn").Queue()
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=refuse, args=(port, answer, said), daemon=True)
    process.start()
    time.sleep(1.5)
    try:
        yield port, said
    finally:
        process.terminate()


@contextlib.contextmanager
def world(log: Path) -> Iterator[dict[str, Any]]:
    """Its ports."""
    http = free_port()
    command = [sys.executable, "-m", "antiphon_world", "--seed", "1", "--log", str(log), "--smtp", "0", "--smpp", "0"]
    command += ["--http", str(http), "--target", "http://127.0.0.1:1", "--key", "none"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


def smtp(made: House, name: str, port: int, rank: int) -> None:
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "envelope_domain": "b.example.org"}
    made.call("POST", "/api/v1/providers", {"name": name, "adapter": "smtp", "settings": settings, "rank": rank})


def prepare(made: House, folder: Path, people: int) -> None:
    with (folder / "people.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "email", "phone"])
        rows.writerows((f"p{n}", f"customer.{n:06d}@mail.example", f"+34612{n:06d}") for n in range(people))
    made.run("import", "people", str(folder / "people.csv"))
    made.call("PUT", "/api/v1/settings", {"sender_email": "hello@example.org", "brand_name": "Larkspur"})
    forms = {"email": {"subject": "{{ n }}", "blocks": [{"kind": "text", "text": "Hello"}]}, "sms": {"text": "{{ n }}"}}
    made.call("POST", "/api/v1/messages", {"name": "both", "topic": "news", "locales": {"en": forms}})
    only = {"email": forms["email"]}
    made.call("POST", "/api/v1/messages", {"name": "mail", "topic": "news", "locales": {"en": only}})


def send(made: House, message: str, n: int, *, turn: str) -> None:
    body = {"message": message, "to": {"kind": "external_id", "value": f"p{n}"}, "purpose": "transactional"}
    made.call("POST", "/api/v1/send", body | {"idempotency_key": f"{turn}{n}", "variables": {"n": f"{turn}-{n}"}})


def arrived(log: Path, kind: str) -> dict[int, float]:
    """Wall time at which each customer got it."""
    found = {}
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] == kind:
            found[int(entry["person"].removeprefix("c"))] = entry["wall"]
    return found


def report(name: str, refused: dict[int, float], got: dict[int, float]) -> None:
    took = sorted(1000 * (got[n] - at) for n, at in refused.items() if n in got)
    missing = len(refused) - len(took)
    cuts = statistics.quantiles(took, n=100)
    print(
        f"{name}: {len(took)} of {len(refused)}; p50 {statistics.median(took):.0f} ms, p99 {cuts[98]:.0f} ms,"
        f" slowest {took[-1]:.0f} ms" + (f"; {missing} MISSING" if missing else ""),
        flush=True,
    )


def drained(said: Said) -> dict[int, float]:
    found = {}
    while not said.empty():
        address, at = said.get()
        found[int(address.partition("@")[0].rpartition(".")[2])] = at
    return found


def turn(made: House, said: Said, log: Path, *, people: range, message: str, per_second: float, kind: str) -> None:
    begun = time.monotonic()
    for i, n in enumerate(people):
        send(made, message, n, turn=message)
        time.sleep(max(0.0, begun + (i + 1) / per_second - time.monotonic()))
    time.sleep(5.0)
    report(f"refused, then {kind.partition('_')[0]}", drained(said), arrived(log, kind))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--per-second", type=float, default=20.0)
    arguments = parser.parse_args()
    print(machine())
    half = arguments.people // 2
    with (
        tempfile.TemporaryDirectory() as name,
        refuser(b"550 5.1.1 no such user") as (gone, gone_said),
        refuser(b"550 5.7.1 we do not take mail from you") as (no, no_said),
        world(Path(name) / "world.jsonl") as ports,
        house(Path(name) / "data", "--sandbox") as made,
    ):
        folder, log = Path(name), Path(name) / "world.jsonl"
        prepare(made, folder, arguments.people)
        smtp(made, "gone", gone, 0)
        operator = {"host": "127.0.0.1", "port": ports["smpp"][0], "system_id": "shop", "password": "sandbox"}
        made.call("POST", "/api/v1/providers", {"name": "sms", "adapter": "smpp", "settings": operator})
        time.sleep(3.0)
        pace = arguments.per_second
        turn(made, gone_said, log, people=range(half), message="both", per_second=pace, kind="sms_received")
        made.call("POST", "/api/v1/providers/gone/disable")
        smtp(made, "no", no, 1)
        smtp(made, "world", ports["smtp"][0], 2)
        time.sleep(3.0)
        rest = range(half, arguments.people)
        turn(made, no_said, log, people=rest, message="mail", per_second=pace, kind="mail_received")


if __name__ == "__main__":
    main()
