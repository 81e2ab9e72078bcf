"""What is in order here and what is not, each with a way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from antiphon.app.commands.answers import print_line, tell_json
from antiphon.app.commands.context import Invocation, current
from antiphon.app.commands.invocation import running_server

if TYPE_CHECKING:
    from antiphon.app.checks import Check


def doctor() -> int:
    """Check the installation: folder, disk, database, clock, due work, providers, secrets.

    One line for each check: ok, warn or fail, with a way out. Exit code 1 if one fails. Nothing is changed.
    """
    checks = list(_check(current.get()))
    failed = any(check.state == "fail" for check in checks)
    if current.get().json:
        tell_json({"ok": not failed, "checks": checks})
    else:
        for check in checks:
            print_line(f"{check.state:<4}  {check.name}: {check.says}{f' {check.way_out}' if check.way_out else ''}")
    return 1 if failed else 0


def _check(invocation: Invocation) -> Iterator[Check]:
    from antiphon.app.checks import Check, of_folder

    if not invocation.database:
        yield from of_folder(invocation.data)
        if not (invocation.data / "postgres" / "cluster").is_dir():
            yield Check("database", "warn", "It is not made yet.", "`antiphon serve` makes it.")
            return
    yield from _inside()


def _inside() -> list[Check]:
    import asyncio

    from antiphon.app.checks import Check
    from antiphon.kernel.errors import Problem

    try:
        with running_server() as dsn:
            return asyncio.run(_database(dsn))
    except Problem as error:
        return [Check("database", "fail", error.message, "Its log is postgres/postgres.log in the data folder.")]


async def _database(dsn: str) -> list[Check]:
    from antiphon.app.checks import Check, of_runtime, of_server
    from antiphon.app.opening import opened
    from antiphon.kernel.db import LOST_CONNECTION, DatabaseError, open_database

    try:
        database = await open_database(dsn, connections_max=2)
    except (DatabaseError, *LOST_CONNECTION) as error:
        return [Check("database", "fail", f"It does not answer: {error}.", "Is the DSN right, and does it run?")]
    try:
        async with database.transaction(read_only=True) as tx:
            checks = await of_server(tx)
    finally:
        await database.close()
    if checks[-1].state != "ok":
        return checks
    async with opened(dsn, migrating=False, connections_max=2) as runtime:
        return checks + await of_runtime(runtime)
