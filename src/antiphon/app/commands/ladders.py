"""Ladders: stages of which somebody is on one at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App

from antiphon.app.commands.answers import print_line, tell
from antiphon.app.commands.context import current
from antiphon.app.commands.inputs import File, read_record
from antiphon.app.commands.invocation import ask, within

if TYPE_CHECKING:
    from antiphon.kernel.db import Transaction
    from antiphon.kernel.runtime import Runtime
    from antiphon.segments.http_ladders import History, LadderView

app = App(name="ladders", help="Ladders: stages such as new, active, lapsed; the first that fits takes the person.")
COLUMNS = ("name", "segment", "members", "state", "version", "text")
AUTHOR = "command line"


@app.command
def create(file: File, /) -> None:
    """Make a ladder; done when all stages are live.

    Parameters
    ----------
    file
        JSON with name and stages, each with name and rule (JSON, or a text in words); `-` reads the standard input.
    """
    from antiphon.segments import ladders
    from antiphon.segments.http_ladders import NewLadder, ladder_view

    new = read_record(file, NewLadder)
    wanted = [ladders.StageRule(each.name, each.rule) for each in new.stages]

    async def work(runtime: Runtime) -> LadderView:
        return ladder_view(await ladders.create(runtime.database, new.name, wanted, by=AUTHOR))

    _tell(within(work))


@app.command
def change(name: str, file: File, /) -> None:
    """Give a ladder other stages, another order or other rules; done when all stages are live.

    Parameters
    ----------
    name
        The ladder.
    file
        JSON with stages, each with name and rule; `-` reads the standard input.
    """
    from antiphon.segments import ladders
    from antiphon.segments.http_ladders import NewStages, ladder_view

    new = read_record(file, NewStages)
    wanted = [ladders.StageRule(each.name, each.rule) for each in new.stages]

    async def work(runtime: Runtime) -> LadderView:
        return ladder_view(await ladders.change(runtime.database, name, wanted, by=AUTHOR))

    _tell(within(work))


@app.command(name="list")
def list_all() -> None:
    """The ladders there are, with how many people are on each stage."""
    from antiphon.segments import stages
    from antiphon.segments.http_ladders import ladder_view

    async def read(tx: Transaction) -> list[LadderView]:
        return [ladder_view(each) for each in await stages.list_all(tx)]

    found = ask(read)
    if current.get().json:
        tell(found)
        return
    rows = [{"name": each.name, "state": each.state, "stages": _sizes(each)} for each in found]
    tell(rows, columns=("name", "state", "stages"))


@app.command
def show(name: str, /) -> None:
    """The stages of a ladder in their order, with their rules and how many people are on each.

    Parameters
    ----------
    name
        The ladder.
    """
    from antiphon.segments import stages
    from antiphon.segments.http_ladders import ladder_view

    async def read(tx: Transaction) -> LadderView:
        return ladder_view(await stages.get(tx, name))

    _tell(ask(read))


@app.command
def history(name: str, profile: str, /) -> None:
    """The stages that somebody was on, the oldest first.

    Parameters
    ----------
    name
        The ladder.
    profile
        `kind:value`, such as `external_id:42`, or `id:number`.
    """
    from antiphon import profiles
    from antiphon.segments import stages
    from antiphon.segments.http_ladders import History

    async def read(tx: Transaction) -> History:
        return History(await stages.history(tx, name, await profiles.find_named(tx, profile)))

    found = ask(read)
    tell(found if current.get().json else found.stages)


@app.command
def drop(name: str, /) -> None:
    """End a ladder: all its stages are archived. No other rule may name one of them.

    Parameters
    ----------
    name
        The ladder.
    """
    from antiphon.segments import ladders

    within(lambda runtime: ladders.drop(runtime.database, name))
    tell({"name": name, "state": "archived"})


def _sizes(ladder: LadderView) -> str:
    return ", ".join(f"{stage.name} {stage.members}" for stage in ladder.stages)


def _tell(ladder: LadderView) -> None:
    if current.get().json:
        tell(ladder)
        return
    print_line(f"{ladder.name}: {ladder.state}")
    tell(ladder.stages, columns=COLUMNS)
