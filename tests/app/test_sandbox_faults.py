"""Faults as switches, at the real world: what is set, set one, clear it; rules that are no switch stay."""

from __future__ import annotations

import pytest

from antiphon.app import sandbox_world
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from world.conftest import play, target
from world.stage import Play
from world.test_mail import message, send

__all__ = ["play", "target"]


def beside(database: Database, url: str) -> Runtime:
    return Runtime(database, Secrets(bytes(32)), "http://127.0.0.1:1", sandbox=True, world_url=url)


def on(world: sandbox_world.World) -> set[str]:
    return {switch.name for switch in sandbox_world.switches(world) if switch.on}


async def test_switches_are_set_and_cleared_one_by_one(database: Database, play: Play) -> None:
    own = {"at": "smpp:1", "kind": "refuse", "share": 0.1}
    async with play(faults=[own], habits={"people": {"1": {"opens": False}}}) as stage:
        runtime = beside(database, stage.http)
        before = await sandbox_world.read_world(runtime)
        assert on(before) == set()
        names = {switch.name for switch in sandbox_world.switches(before)}
        assert {"off:smtp:0", "off:smpp:1", "throttle:push", "late_receipts", "lost_receipts", "greylist"} <= names
        await sandbox_world.switch(runtime, "off:smtp:0", on=True, for_s=60)
        await sandbox_world.switch(runtime, "off:smtp:0", on=True, for_s=None)
        both = await sandbox_world.switch(runtime, "late_receipts", on=True, for_s=None)
        assert on(both) == {"off:smtp:0", "late_receipts"}
        assert len(both.script["faults"]) == 3
        after = await sandbox_world.switch(runtime, "off:smtp:0", on=False, for_s=None)
        assert on(after) == {"late_receipts"}
        assert [rule for rule in after.script["faults"] if rule["kind"] == "refuse"] == before.script["faults"]
        assert after.script["habits"] == before.script["habits"]


async def test_every_switch_is_a_rule_that_the_world_takes(database: Database, play: Play) -> None:
    async with play() as stage:
        runtime = beside(database, stage.http)
        world = await sandbox_world.read_world(runtime)
        for switch in sandbox_world.switches(world):
            world = await sandbox_world.switch(runtime, switch.name, on=True, for_s=None)
        assert on(world) == {switch.name for switch in sandbox_world.switches(world)}


async def test_a_provider_that_is_switched_off_takes_no_mail_and_the_world_counts_what_came(
    database: Database, play: Play
) -> None:
    async with play() as stage:
        runtime = beside(database, stage.http)
        await send(stage, message())
        world = await sandbox_world.read_world(runtime)
        assert world.counts["mail_received"] == 1
        await sandbox_world.switch(runtime, "off:smtp:0", on=True, for_s=None)
        with pytest.raises(OSError):  # noqa: PT011  # however it shows: refused, reset, closed
            await send(stage, message())


async def test_what_is_not_there_is_said(database: Database, play: Play) -> None:
    async with play() as stage:
        with pytest.raises(NotFound):
            await sandbox_world.switch(beside(database, stage.http), "off:pigeon", on=True, for_s=None)
    with pytest.raises(Conflict, match="does not answer"):
        await sandbox_world.read_world(beside(database, stage.http))
    with pytest.raises(Conflict, match="No world"):
        await sandbox_world.read_world(beside(database, ""))
