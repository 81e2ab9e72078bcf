"""Ladders: stages of one way, such as new, active and lapsed. Somebody is in one of them at most.

The first stage whose rule holds has the person. Each stage is a segment `LADDER: STAGE`, and its rule says so: its own,
and in none of the stages before it. Promised: of the stages that are live nobody is in two, at no instant that anybody
can see. Who goes from one to the other leaves and enters in one transaction, at one time.

A ladder is made and changed as a whole: all drafts at once, then the stages are built one after the other in their
order, by whoever asked or by a worker. Until the last is live, `is_building` is true: stages that are live have the
people that belong there, the others those that they had before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from msgspec import Struct

from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Flaw, Invalid, NameTaken, invalid
from antiphon.kernel.records import SegmentId
from antiphon.kernel.said import worded
from antiphon.segments import resolve
from antiphon.segments import stages as asked
from antiphon.segments.builds import build, wait_for
from antiphon.segments.editing import reading
from antiphon.segments.kinds import kinds_of
from antiphon.segments.language.parse import NAME_CHARS_MAX, parse
from antiphon.segments.making import AtWork, Document, InUse
from antiphon.segments.stages import Ladder, UnknownLadder
from antiphon.segments.store import ladders as store
from antiphon.segments.store import registry

STAGES_MAX = 30


class StageRule(Struct, frozen=True):
    """A stage as it is wanted: `rule` is its own, without the stages before it."""

    name: str
    rule: Document | str


async def create(
    database: Database, name: str, stages: Sequence[StageRule], *, by: str = "", wait_s: float | None = None
) -> Ladder:
    """Make a ladder; returns once all stages are live, or after `wait_s` while a worker goes on.

    Raises Invalid (every flaw of a stage with its place, such as `stages[1].rule.within`) and NameTaken.
    """

    async def work(tx: Transaction) -> None:
        await registry.hold(tx)
        if await store.find(tx, name) is not None:
            raise NameTaken('There is a ladder "{name}" already. Choose another name.', name=name)
        await _write(tx, name, stages, (), by=by)

    await database.repeat(work)
    return await _built(database, name, wait_s=wait_s)


async def change(
    database: Database, name: str, stages: Sequence[StageRule], *, by: str = "", wait_s: float | None = None
) -> Ladder:
    """The ladder has these stages, in this order. Stages of the same name stay what they are, with a new version.

    Raises Invalid, UnknownLadder, and AtWork while it is being built.
    """

    async def work(tx: Transaction) -> None:
        await registry.hold(tx)
        kept = await _locked(tx, name)
        if (await asked.get(tx, name)).is_building:
            raise AtWork('The ladder "{name}" is being built. Wait until it is live.', name=name)
        await _write(tx, name, stages, kept.stages, by=by)

    await database.repeat(work)
    return await _built(database, name, wait_s=wait_s)


async def drop(database: Database, name: str) -> None:
    """Archive all stages; their history stays. Raises UnknownLadder, and InUse where other rules name a stage."""

    async def work(tx: Transaction) -> None:
        await registry.hold(tx)
        kept = await _locked(tx, name)
        await _free(tx, kept.stages, among=kept.stages)
        for stage in reversed(kept.stages):
            await store.end_stage(tx, stage)
        await store.delete(tx, name)

    await database.repeat(work)


async def _locked(tx: Transaction, name: str) -> store.Kept:
    kept = await store.lock(tx, name)
    if kept is None:
        raise UnknownLadder('There is no ladder "{name}".', name=name)
    return kept


# ---- writing ----


async def _write(
    tx: Transaction, name: str, wanted: Sequence[StageRule], before: Sequence[SegmentId], *, by: str
) -> None:
    """Write all drafts and the order, and begin with the first. The registry is held."""
    _check(name, wanted)
    stages: list[SegmentId] = []
    names: list[str] = []
    for n, stage in enumerate(wanted):
        full = f"{name}: {stage.name}"
        with _placed(n), reading(stage.rule) as document:
            segment = await _segment(tx, full, name)
            await _save(tx, segment, document, ladder=name, before=names, by=by)
        stages.append(segment)
        names.append(full)
    leaving = [stage for stage in before if stage not in stages]
    await _free(tx, leaving, among=before)
    await store.write(tx, name, stages, leaving)
    if not await store.start_next(tx, stages) and leaving:
        await store.go_on(tx, leaving[0])


def _check(name: str, wanted: Sequence[StageRule]) -> None:
    flaws = []
    if not name.strip() or name != name.strip() or "\0" in name:
        flaws.append(Flaw("name", "A name without space around it is needed."))
    if not 0 < len(wanted) <= STAGES_MAX:
        flaws.append(Flaw("stages", worded("A list of 1 to {most} stages is needed.", most=STAGES_MAX)))
    names: set[str] = set()
    for n, stage in enumerate(wanted):
        if stage.name in names or not stage.name.strip() or "\0" in stage.name:
            flaws.append(Flaw(f"stages[{n}].name", "A name is needed that no other stage has."))
        if len(name) + len(stage.name) + 2 > NAME_CHARS_MAX:
            flaws.append(
                Flaw(
                    f"stages[{n}].name",
                    worded("With the ladder's it has at most {most} characters.", most=NAME_CHARS_MAX),
                )
            )
        names.add(stage.name)
    if flaws:
        raise Invalid("The ladder is not valid.", flaws=flaws)


@contextlib.contextmanager
def _placed(n: int) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        flaws = [Flaw(f"stages[{n}].{flaw.at}" if flaw.at else f"stages[{n}]", flaw.message) for flaw in error.flaws]
        raise Invalid("The ladder is not valid.", flaws=flaws) from error


async def _segment(tx: Transaction, full: str, ladder: str) -> SegmentId:
    made = await store.take_stage(tx, full, ladder) or await registry.add(tx, full, kind="rule", stage_of=ladder)
    if made is None:
        raise NameTaken('There is a segment "{full}" already. Choose another name.', full=full)
    return made


async def _save(
    tx: Transaction, segment: SegmentId, given: Document, *, ladder: str, before: Sequence[str], by: str
) -> None:
    """A draft, unless the rule is the same. Its own rule is looked at alone first: so flaws have their places."""
    own = await resolve.plain(tx, parse(given))
    named = await resolve.check_named(tx, own)
    for name in named:
        if (await resolve.get(tx, name)).stage_of == ladder:
            raise invalid("rule", '"{name}" is a stage of this ladder: the order says who goes before whom.', name=name)
    old = (await registry.find(tx, [str(segment)]))[str(segment)]
    await resolve.check_cycles(tx, segment, old.name, set(named.values()))
    rule = {"all": [_inner(given), *({"not": {"segment": name}} for name in before)]}
    document = {"version": 1, "rule": rule}
    if old.rule == document and old.version > 0:
        return
    plain = await resolve.plain(tx, parse(document))
    needs = await resolve.check_named(tx, plain)
    kinds = kinds_of(plain, (await resolve.words(tx, [plain], make=True)).events, needs)
    await registry.save_draft(tx, segment, document, kinds=kinds, needs=set(needs.values()), by=by)


def _inner(document: Document) -> Document:
    inner: Document = document.get("rule", document)
    return inner


async def _free(tx: Transaction, stages: Sequence[SegmentId], *, among: Sequence[SegmentId]) -> None:
    """Raises InUse where a rule outside of the ladder names one of them."""
    edges = await registry.edges(tx)
    users = sorted({edge.name for edge in edges if edge.segment not in among and set(edge.needs) & set(stages)})
    if users:
        raise InUse("A stage is named by {known}. Change their rules first.", known=", ".join(users))


async def _built(database: Database, name: str, *, wait_s: float | None) -> Ladder:
    """Build the stages one after the other: whoever ends one has begun the next."""
    async with database.transaction(read_only=True) as tx:
        kept = await store.find(tx, name)
    await wait_for(_build(database, kept.staying if kept is not None else ()), wait_s)
    async with database.transaction(read_only=True) as tx:
        return await asked.get(tx, name)


async def _build(database: Database, stages: Sequence[SegmentId]) -> None:
    for stage in stages:
        await build(database, stage)
