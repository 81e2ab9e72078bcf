"""Ladders over HTTP. Rules are JSON, or a text in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from antiphon import profiles
from antiphon.kernel.http import author_of, delete, get, post, put
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime
from antiphon.segments import ladders, stages
from antiphon.segments.http_asking import aware
from antiphon.segments.http_making import WAIT_S, Anything, Rule
from antiphon.segments.language.text import to_text
from antiphon.segments.records import Build

PERIOD = timedelta(days=30)


class NewStage(Struct, forbid_unknown_fields=True):
    name: str
    rule: Rule


class NewStages(Struct, forbid_unknown_fields=True):
    """The first stage whose rule holds has the person."""

    stages: list[NewStage]


class NewLadder(NewStages, forbid_unknown_fields=True):
    name: str


class StageView(Struct):
    """`rule` is the stage's own; `segment` is the id of the segment `LADDER: STAGE`."""

    name: str
    segment: str
    rule: dict[str, Any]  # Any: a rule
    text: str
    members: int
    state: str
    version: int
    draft: int | None
    build: Build | None


class LadderView(Struct, kw_only=True):
    """`state` is building until all stages are live. `leaving`: stages that were taken away, there until then."""

    name: str
    state: str
    stages: list[StageView]
    leaving: list[str]
    created_at: datetime


class MoveView(Struct, rename={"before": "from", "after": "to"}):
    """So many people went; null is outside. `by_rule`: because the ladder was changed."""

    before: str | None
    after: str | None
    by_rule: bool
    people: int


class LadderPage(LadderView, kw_only=True):
    since: datetime
    until: datetime
    moves: list[MoveView]


class Ladders(Struct):
    ladders: list[LadderView]


class History(Struct):
    """The oldest first. `since` is null for who was there when the stage began; `until` where somebody is now."""

    stages: list[stages.Stay]


@post("/ladders", permission="segments.write")
async def create(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[NewLadder]) -> LadderView:
    """Answers when all stages are live, or after ten seconds while a worker goes on. 409 where the name is taken."""
    made = await ladders.create(runtime.database, data.name, _wanted(data), by=author_of(request), wait_s=WAIT_S)
    return ladder_view(made)


@get("/ladders", permission="segments.read")
async def list_all(runtime: NamedDependency[Runtime]) -> Ladders:
    async with runtime.database.transaction(read_only=True) as tx:
        return Ladders([ladder_view(each) for each in await stages.list_all(tx)])


@get("/ladders/{ladder:str}", permission="segments.read")
async def show(
    runtime: NamedDependency[Runtime],
    request: Anything,
    ladder: FromPath[str],
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
) -> LadderPage:
    """With who went from which stage to which in `[since, until)`: the last 30 days if not given."""
    async with runtime.database.transaction(read_only=True) as tx:
        found = await stages.get(tx, _named(request))
        end = aware(until) or tx.now + timedelta(microseconds=1)
        begin = aware(since) or end - PERIOD
        moves = await stages.moves(tx, found.name, begin, end)
    told = [MoveView(each.before, each.after, each.by_rule, each.people) for each in moves]
    return LadderPage(**_fields(found), since=begin, until=end, moves=told)


@put("/ladders/{ladder:str}", permission="segments.write")
async def change(
    runtime: NamedDependency[Runtime], request: Anything, ladder: FromPath[str], data: JSONBody[NewStages]
) -> LadderView:
    """These stages in this order. Stages of the same name get a new version, others are made or archived."""
    wanted = _wanted(data)
    changed = await ladders.change(runtime.database, _named(request), wanted, by=author_of(request), wait_s=WAIT_S)
    return ladder_view(changed)


@delete("/ladders/{ladder:str}", permission="segments.write")
async def drop(runtime: NamedDependency[Runtime], request: Anything, ladder: FromPath[str]) -> None:
    """All its stages are archived. 409 where a rule names one."""
    await ladders.drop(runtime.database, _named(request))


@get("/ladders/{ladder:str}/history/{who:str}", permission="segments.read")
async def history(
    runtime: NamedDependency[Runtime], request: Anything, ladder: FromPath[str], who: FromPath[str]
) -> History:
    """`who` is `kind:value`, percent-encoded, or `id:number`."""
    async with runtime.database.transaction(read_only=True) as tx:
        profile = await profiles.find_named(tx, segment_after(request, "history"))
        return History(await stages.history(tx, _named(request), profile))


def ladder_view(found: stages.Ladder) -> LadderView:
    return LadderView(**_fields(found))


def _fields(found: stages.Ladder) -> dict[str, Any]:  # Any: the fields of the view
    return {
        "name": found.name,
        "state": "building" if found.is_building else "live",
        "stages": [_stage(each) for each in found.stages],
        "leaving": list(found.leaving),
        "created_at": found.created_at,
    }


def _stage(found: stages.Stage) -> StageView:
    segment = found.segment
    return StageView(
        name=found.name,
        segment=str(segment.id),
        rule=found.rule,
        text=to_text(found.rule),
        members=found.members,
        state=segment.state,
        version=segment.version,
        draft=segment.draft,
        build=segment.build,
    )


def _wanted(data: NewStages) -> list[ladders.StageRule]:
    return [ladders.StageRule(each.name, each.rule) for each in data.stages]


def _named(request: Anything) -> str:
    return segment_after(request, "ladders")


routes = [create, list_all, show, change, drop, history]
