"""`antiphon demo`: the sample company at work, with the world beside it, no account anywhere.

The world is a separate program that plays mail servers, operators, a push service and the customers behind them, over
the real protocols. The first start fills the company and launches a campaign; later starts go on where it stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from antiphon import access
from antiphon.app.child import LOG_LEVEL, die_with_parent
from antiphon.app.demo import company
from antiphon.app.opening import Place, opened
from antiphon.app.serve import serve
from antiphon.kernel.runtime import Runtime


class Ports(Struct, frozen=True):
    """Where the world listens: beside the web port, and kept, since provider accounts name them."""

    smtp: list[int]
    smpp: list[int]
    http: int
    mx: int = 0
    """Where we listen for mail; 0 in a company that was made before it could."""

    @property
    def world_url(self) -> str:
        return f"http://127.0.0.1:{self.http}"


def demo(place: Place, *, host: str = "127.0.0.1", port: int = 8080, people: int = 3000, seed: int = 7) -> int:
    """Blocks until stopped. Its log says what goes wrong alone, so that what is printed stays in sight."""
    os.environ.setdefault(LOG_LEVEL, "warning")
    place.data.mkdir(parents=True, exist_ok=True)
    ports = _ports(place.data / "world.json", port)
    world: list[subprocess.Popen[bytes]] = []

    def fill(dsn: str) -> None:
        key = asyncio.run(_prepare(dsn, ports, f"http://127.0.0.1:{port}"))
        world.append(_start_world(place.data, ports, key, port=port, people=people, seed=seed))
        asyncio.run(_fill(dsn, ports, people=people, seed=seed, base_url=f"http://127.0.0.1:{port}"))
        print(f"The sample company is at work: http://127.0.0.1:{port}/app/", file=sys.stderr, flush=True)

    try:
        return serve(place, host=host, port=port, sandbox=True, world_url=ports.world_url, meanwhile=fill)
    finally:
        for process in world:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)


def _ports(file: Path, port: int) -> Ports:
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=Ports)
    ports = Ports(smtp=[port + 1, port + 2], smpp=[port + 3, port + 4], http=port + 5, mx=port + 6)
    file.write_bytes(msgspec.json.encode(ports))
    return ports


async def _prepare(dsn: str, ports: Ports, base_url: str) -> str:
    """The clock of the sandbox and a fresh key for the world; the keys of earlier starts are revoked."""
    async with opened(dsn, base_url=base_url, sandbox=True, migrating=False) as runtime:
        async with runtime.database.transaction() as tx:
            for key in await access.list_keys(tx):
                if key.name == "world" and key.revoked_at is None:
                    await access.revoke(tx, key.id)
            _, clear = await access.create_key(tx, "world", "admin")
        await company.set_clock(runtime)
        return clear


def _start_world(data: Path, ports: Ports, key: str, *, port: int, people: int, seed: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "antiphon_world", "--seed", str(seed), "--log", str(data / "world.log.jsonl")]
    command += ["--smtp", *map(str, ports.smtp), "--smpp", *map(str, ports.smpp), "--http", str(ports.http)]
    command += ["--mx", f"127.0.0.1:{ports.mx}"] if ports.mx else []
    # Minutes instead of hours until somebody opens: a visitor sees it happen.
    command += ["--faults", str(Path(__file__).with_name("habits.json"))]
    command += ["--target", f"http://127.0.0.1:{port}", "--key", key, "--people", str(people)]
    with (data / "world.out").open("ab") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, preexec_fn=die_with_parent)  # noqa: S603, PLW1509


async def _fill(dsn: str, ports: Ports, *, people: int, seed: int, base_url: str) -> None:
    async with opened(dsn, base_url=base_url, sandbox=True, migrating=False) as runtime:
        if not await _is_filled(runtime):
            with contextlib.suppress(asyncio.CancelledError):
                await company.fill(
                    runtime, ports.smtp, ports.smpp, ports.world_url, mx=ports.mx, people=people, seed=seed
                )


async def _is_filled(runtime: Runtime) -> bool:
    async with runtime.database.transaction(read_only=True) as tx:
        return await company.is_filled(tx)
