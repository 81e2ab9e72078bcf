"""Opening an installation: its database (joined, or started for as long as we run), its secrets, its wiring."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from msgspec import Struct

from antiphon.app.wiring import wire
from antiphon.kernel import postgres
from antiphon.kernel.db import open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets


class Place(Struct, frozen=True):
    """Where an installation lives: a data folder with our own server, or a server of the user's."""

    data: Path = Path("antiphon-data")
    database: str | None = None


@contextlib.contextmanager
def server(place: Place, progress: Callable[[str], None] | None = None) -> Iterator[str]:
    """The DSN of a running database."""
    if place.database:
        yield place.database
    else:
        with postgres.join_or_start(place.data, progress=progress) as running:
            yield running.dsn


@contextlib.asynccontextmanager
async def opened(
    dsn: str,
    *,
    base_url: str = "http://127.0.0.1:8080",
    sandbox: bool = False,
    connections_max: int = 8,
    migrating: bool = True,
    world_url: str = "",
    data: Path | None = None,
) -> AsyncIterator[Runtime]:
    """A wired runtime on a migrated database."""
    if migrating:
        await migrate(dsn)
    database = await open_database(dsn, connections_max=connections_max)
    try:
        wire(database)
        await database.start()
        yield Runtime(
            database=database,
            secrets=await read_secrets(database),
            base_url=base_url.rstrip("/"),
            sandbox=sandbox,
            world_url=world_url,
            data=data,
        )
    finally:
        await database.close()
