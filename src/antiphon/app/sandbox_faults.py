"""The world's faults as switches, and its numbers, over HTTP."""

from __future__ import annotations

import math
from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.app import sandbox_world
from antiphon.app.sandbox_world import Switch, World
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import get, post
from antiphon.kernel.runtime import Runtime

FOR_S_MAX = 86_400


class FaultsView(Struct):
    """`others`: rules of the script that are no switch."""

    switches: list[Switch]
    others: list[dict[str, Any]]  # Any: a rule of the fault script, JSON


class Set(Struct, forbid_unknown_fields=True):
    """`for_s`: after so many seconds of wall time it is over by itself."""

    on: bool
    for_s: float | None = None


@get("/sandbox/faults", permission="sandbox")
async def read_faults(runtime: NamedDependency[Runtime]) -> FaultsView:
    """What goes wrong at will, and what of it is switched on."""
    return _view(await sandbox_world.read_world(runtime))


@post("/sandbox/faults/{name:str}", permission="sandbox", status_code=200)
async def set_fault(runtime: NamedDependency[Runtime], name: FromPath[str], data: JSONBody[Set]) -> FaultsView:
    """Switch one on or off; the others stay."""
    if data.for_s is not None and not (math.isfinite(data.for_s) and 0 < data.for_s <= FOR_S_MAX):
        raise invalid("for_s", "Seconds, at most {most:,}.", most=FOR_S_MAX)
    return _view(await sandbox_world.switch(runtime, name, on=data.on, for_s=data.for_s))


@get("/sandbox/world", permission="sandbox")
async def read_world(runtime: NamedDependency[Runtime]) -> World:
    """What the world received and what its customers do."""
    return await sandbox_world.read_world(runtime)


def _view(world: World) -> FaultsView:
    found = sandbox_world.switches(world)
    on = [switch.rule for switch in found if switch.on]
    rules = world.script.get("faults", [])
    return FaultsView(found, [rule for rule in rules if not any(sandbox_world.is_same(each, rule) for each in on)])


routes = [read_faults, set_fault, read_world]
