"""The real application without a server: who asks it as whom, and what its audit log says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from antiphon import access
from antiphon.access.records import StaffId
from antiphon.access.roles import Role
from antiphon.app.web import application
from antiphon.kernel.db import Database
from antiphon.kernel.paths import keep_slashes
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets

OURS = "http://antiphon.example"
FROM_OURS = {"Origin": OURS}


def runtime(database: Database, *, base_url: str = OURS, sandbox: bool = True) -> Runtime:
    return Runtime(database, Secrets(bytes(32)), base_url, sandbox=sandbox)


@asynccontextmanager
async def asking(database: Database, *, base_url: str = OURS) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole application; it sends along nothing by itself."""
    made: Any = keep_slashes(application(runtime(database, base_url=base_url)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url=base_url) as client:
        yield client


async def colleague(database: Database, role: Role, *, state: str = "active") -> StaffId:
    email = f"{role}@example.org"
    async with database.transaction() as tx:
        rows = await tx.rows(
            "INSERT INTO staff (email, email_key, name, role, state, created_at) VALUES ($1, $1, $2, $3, $4, $5)"
            " RETURNING id",
            email, f"Ada {role}", role, state, tx.now,
        )  # fmt: skip
    return StaffId(rows[0]["id"])


async def signed_in(database: Database, staff: StaffId, *, waiting: bool = False) -> access.Opened:
    async with database.transaction() as tx:
        return await access.open_session(
            tx, staff, ["password"], client="Firefox on Linux", address="192.0.2.7", waiting=waiting
        )


async def cookie(database: Database, role: Role, *, base_url: str = OURS) -> dict[str, str]:
    """The header of somebody who is signed in."""
    opened = await signed_in(database, await colleague(database, role))
    return {"Cookie": f"{access.cookie_name(runtime(database, base_url=base_url))}={opened.token}"}


async def key(database: Database, scope: access.Scope) -> dict[str, str]:
    async with database.transaction() as tx:
        _, clear = await access.create_key(tx, f"a {scope} key", scope)
    return {"Authorization": f"Bearer {clear}"}


async def lines(database: Database) -> list[dict[str, Any]]:
    """The audit log, the oldest first."""
    return [dict(row) for row in await database.pool.fetch("SELECT * FROM audit ORDER BY id")]
