"""The sandbox: product time is held and moved, the world's faults are set. Exists only under --sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from antiphon import profiles
from antiphon.app import sandbox_faults, sandbox_world
from antiphon.app.sandbox_due import count_due
from antiphon.kernel import durations
from antiphon.kernel.clock import ClockState
from antiphon.kernel.errors import Conflict, Flaw, Invalid, invalid
from antiphon.kernel.http import get, post
from antiphon.kernel.runtime import Runtime


class ClockMove(Struct, forbid_unknown_fields=True):
    """One of: `advance` (a duration), `set` (RFC 3339), `hold`, `release`."""

    advance: str | None = None
    set: datetime | None = None
    hold: bool = False
    release: bool = False


class ClockView(Struct):
    """`due`: rows due at `now` and not finished."""

    now: datetime
    held: bool
    due: int


@get("/sandbox/clock", permission="sandbox")
async def read_clock(runtime: NamedDependency[Runtime]) -> ClockView:
    return await _view(runtime)


@post("/sandbox/clock", permission="sandbox", status_code=200)
async def move_clock(runtime: NamedDependency[Runtime], data: JSONBody[ClockMove]) -> ClockView:
    """One jump: what came due is worked at the new time, as after an outage."""
    given = [name for name in ("advance", "set", "hold", "release") if getattr(data, name)]
    if len(given) != 1:
        raise Invalid("The input is not valid.", flaws=[Flaw("", "Give one of advance, set, hold, release.")])
    if data.set is not None:
        await _set(runtime, data.set)
    elif data.advance:
        by = timedelta(seconds=durations.parse(data.advance, at="advance"))
        await runtime.database.move_clock(lambda state: state.moved(state.now() + by))
    else:
        await runtime.database.move_clock(ClockState.held if data.hold else ClockState.released)
    return await _view(runtime)


async def _set(runtime: Runtime, to: datetime) -> None:
    if to.tzinfo is None:
        raise invalid("set", "A time with its zone is needed, such as 2018-01-22T00:00:00Z.")
    back = to < runtime.database.clock.now()
    async with runtime.database.transaction(read_only=True) as tx:
        if back and await profiles.anybody(tx):
            raise Conflict("Time goes back only while there are no customers: what happened would be in the future.")
    await runtime.database.move_clock(lambda state: state.moved(to.astimezone(UTC)))


async def _view(runtime: Runtime) -> ClockView:
    async with runtime.database.transaction(read_only=True) as tx:
        held = runtime.database.clock.state.held_at is not None
        return ClockView(now=tx.now, held=held, due=await count_due(tx))


@post("/sandbox/faults", permission="sandbox", status_code=200)
async def set_faults(runtime: NamedDependency[Runtime], data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
    """Hand the fault script to the world that runs beside us; its answer comes back."""
    return await sandbox_world.ask(runtime, "/world/faults", data)


routes = [read_clock, move_clock, set_faults, *sandbox_faults.routes]
