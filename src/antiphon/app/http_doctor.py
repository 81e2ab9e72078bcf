"""The health page: what `antiphon doctor` checks, over HTTP."""

from __future__ import annotations

from litestar.di import NamedDependency
from msgspec import Struct

from antiphon import __version__
from antiphon.app.checks import Check, of_folder, of_runtime, of_server
from antiphon.kernel.http import get
from antiphon.kernel.runtime import Runtime


class Diagnosis(Struct):
    """`ok`: nothing failed; what is to be looked at stands among the `checks` as `warn`."""

    ok: bool
    version: str
    checks: list[Check]


@get("/doctor", permission="settings.read")
async def doctor(runtime: NamedDependency[Runtime]) -> Diagnosis:
    """Folder, disk, database, clock, due work, accounts, secrets: each with a way out. Nothing is changed."""
    found = of_folder(runtime.data) if runtime.data is not None else []
    async with runtime.database.transaction(read_only=True) as tx:
        found += await of_server(tx)
    if found[-1].state == "ok":
        found += await of_runtime(runtime)
    return Diagnosis(all(check.state != "fail" for check in found), __version__, found)


routes = [doctor]
