"""What is in order in an installation and what is not, each with a way out: for `antiphon doctor` and the app."""

from __future__ import annotations

import os
import shutil
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct

from antiphon import channels
from antiphon.app.sandbox_due import count_due
from antiphon.channels.accounts import SEALED_FOR
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import DatabaseError, Transaction
from antiphon.kernel.errors import Problem
from antiphon.kernel.migrate import migrations
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.said import spoken, worded

State = Literal["ok", "warn", "fail"]
DISK_WARN_BYTES = 5 * 10**9
DISK_FAIL_BYTES = 10**9
VERSION_MIN = 16
CONNECTIONS_MIN = 40
"""Web, one worker, the command line: pools of 8, 14 and 8, each with a listener."""
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


class Check(Struct, frozen=True):
    """`way_out` is empty where all is well."""

    name: str
    state: State
    says: str
    way_out: str = ""


def of_folder(path: Path) -> list[Check]:
    return [_folder(path), _disk(path)]


async def of_server(tx: Transaction) -> list[Check]:
    """The last is about migrations: where it is not ok, nothing else can be asked."""
    return [await _version(tx), await _server_settings(tx), await _migrations(tx)]


async def of_runtime(runtime: Runtime) -> list[Check]:
    return [await _tried(check, runtime) for check in (_clock, _due, _providers, _secrets)]


def _folder(path: Path) -> Check:
    if not path.exists():
        return Check(
            "data folder",
            "warn",
            worded("{path} does not exist.", path=path),
            worded("`antiphon serve` makes it; or give --data."),
        )
    if not path.is_dir() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return Check(
            "data folder",
            "fail",
            worded("{path} cannot be written.", path=path),
            worded("Use the account that it belongs to."),
        )
    if path.stat().st_mode & 0o022:
        return Check("data folder", "warn", worded("Others may write in {path}.", path=path), f"chmod go-w {path}")
    return Check("data folder", "ok", str(path.resolve()))


def _disk(path: Path) -> Check:
    near = next((each for each in (path.resolve(), *path.resolve().parents) if each.exists()), Path("/"))
    free = shutil.disk_usage(near).free
    says = worded("{gb:.1f} GB are free.", gb=free / 1e9)
    if free < DISK_FAIL_BYTES:
        return Check("disk", "fail", says, worded("Make room: the database stops when it is full."))
    if free < DISK_WARN_BYTES:
        return Check("disk", "warn", says, worded("Make room soon."))
    return Check("disk", "ok", says)


async def _tried(check: Callable[[Runtime], Awaitable[Check]], runtime: Runtime) -> Check:
    try:
        return await check(runtime)
    except (Problem, DatabaseError) as error:
        name = check.__name__.strip("_")
        return Check(name, "fail", str(error), worded("Is this the database that this version made?"))


async def _version(tx: Transaction) -> Check:
    number = int((await tx.rows("SELECT current_setting('server_version_num') AS found"))[0]["found"])
    says = f"PostgreSQL {number // 10000}.{number % 10000}"
    if number // 10000 < VERSION_MIN:
        return Check("database", "fail", says, worded("At least PostgreSQL {version} is needed.", version=VERSION_MIN))
    return Check("database", "ok", says)


async def _server_settings(tx: Transaction) -> Check:
    rows = await tx.rows(
        "SELECT name, setting FROM pg_settings WHERE name = ANY($1)", [*DURABLE, "max_connections", "server_encoding"]
    )
    found = {row["name"]: row["setting"] for row in rows}
    unsafe = [name for name in DURABLE if found.get(name) == "off"]
    if found.get("server_encoding") != "UTF8":
        says = worded("The encoding is {encoding}.", encoding=found.get("server_encoding"))
        return Check("settings", "fail", says, worded("Make a UTF8 database."))
    if unsafe:
        says = worded("Off: {settings}.", settings=", ".join(unsafe))
        return Check("settings", "fail", says, worded("Turn them on: a power failure loses data."))
    if int(found["max_connections"]) < CONNECTIONS_MIN:
        says = worded("max_connections is {n}.", n=found["max_connections"])
        return Check("settings", "warn", says, worded("Use {n}.", n=CONNECTIONS_MIN))
    return Check("settings", "ok", worded("durable, max_connections {n}", n=found["max_connections"]))


async def _migrations(tx: Transaction) -> Check:
    if (await tx.rows("SELECT to_regclass('migration') IS NULL AS missing"))[0]["missing"]:
        return Check(
            "migrations", "warn", worded("The tables are not made yet."), worded("`antiphon serve` makes them.")
        )
    rows = await tx.rows("SELECT name FROM migration WHERE name ~ '^[0-9]'")  # other names are notes on the views
    done = {row["name"] for row in rows}
    ours = {migration.name for migration in migrations()}
    if done - ours:
        says = worded("The database knows {migration}, we do not.", migration=max(done - ours))
        return Check("migrations", "fail", says, worded("Use the newer version."))
    if ours - done:
        says = worded("To be applied: {migrations}.", migrations=", ".join(sorted(ours - done)))
        return Check("migrations", "warn", says, worded("`antiphon serve` applies them."))
    return Check("migrations", "ok", worded("All {n} are applied.", n=len(ours)))


async def _clock(runtime: Runtime) -> Check:
    state = runtime.database.clock.state
    way_out = worded("Only a sandbox moves time: POST /api/v1/sandbox/clock.")
    if state.held_at is not None:
        return Check("clock", "warn", worded("Product time is held at {time} UTC.", time=_told(state.held_at)), way_out)
    if abs(state.offset.total_seconds()) >= 1:
        return Check("clock", "warn", worded("Product time is {time} UTC.", time=_told(state.now())), way_out)
    return Check("clock", "ok", worded("{time} UTC, as this machine's", time=_told(wall_datetime())))


def _told(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"


async def _due(runtime: Runtime) -> Check:
    async with runtime.database.transaction(read_only=True) as tx:
        due = await count_due(tx)
    if not due:
        return Check("due work", "ok", worded("Nothing waits to be done."))
    way_out = worded("If it does not shrink: does a worker run?")
    return Check("due work", "warn", worded("{n:,} rows are due.", n=due), way_out)


async def _providers(runtime: Runtime) -> Check:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await channels.providers(tx)
    if not found:
        says = worded("There are none: nothing can be sent.")
        return Check("providers", "warn", says, "`antiphon providers create FILE`")
    at = wall_datetime()
    down = [each for each in found if not each.up(at)]
    dark = {each.channel for each in down} - {each.channel for each in found if each.up(at)}
    why = "; ".join(f"{each.name}: {spoken(each.reason or 'disabled')}" for each in down)
    if dark:
        says = worded("No way out by {channels} ({why}).", channels=", ".join(sorted(dark)), why=why)
        return Check("providers", "fail", says, worded("Enable or repair one."))
    if down:
        return Check("providers", "warn", worded("Down: {why}.", why=why), worded("Others of their channels are up."))
    ill = "; ".join(f"{each.name}: {each.health_why}" for each in found if not each.healthy)
    if ill:
        says = worded("Not well: {why}", why=ill)
        return Check("providers", "warn", says, worded("Others are taken first; ask the provider."))
    return Check("providers", "ok", worded("All {n} are up.", n=len(found)))


async def _secrets(runtime: Runtime) -> Check:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await channels.providers(tx)
    for provider in found:
        runtime.secrets.decrypt(provider.sealed, use=SEALED_FOR)
    return Check("secrets", "ok", worded("The installation's key opens {n} provider settings.", n=len(found)))
