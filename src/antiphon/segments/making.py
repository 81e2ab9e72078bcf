"""Make segments: by a rule, in drafts and versions, or by hand; and computed traits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Conflict, NameTaken, NothingToPublish, invalid
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments import cost, resolve
from antiphon.segments.builds import build, wait_for
from antiphon.segments.kinds import kinds_of, of_segment
from antiphon.segments.language.parse import NAME_CHARS_MAX, parse, parse_computed
from antiphon.segments.records import Change, Segment, Version
from antiphon.segments.store import members
from antiphon.segments.store import registry as store
from antiphon.segments.topic import TOPIC

Document = dict[str, Any]  # Any: a rule document, JSON as it came


class InUse(Conflict):
    """Something else names it."""

    code = "in_use"


class AtWork(Conflict):
    """A new version is being built: wait until it is live."""

    code = "segment_building"


class NamesUnpublished(Conflict):
    """It names segments that have no members, for they were never published, or are archived."""

    code = "segment_unpublished"


async def create(
    database: Database, name: str, rule: Document, *, by: str = "", wait_s: float | None = None
) -> Segment:
    """Make a segment and find its members; returns once it is live, or after `wait_s` while a worker goes on.

    If the process ends before that, a worker finishes it. Raises Invalid (every flaw with its place) and NameTaken.
    """
    made = await database.repeat(lambda tx: create_draft(tx, name, rule, by=by))
    return await publish(database, str(made.id), wait_s=wait_s)


async def create_draft(tx: Transaction, name: str, rule: Document, *, by: str = "") -> Segment:
    """A segment that has no members before its draft is published."""
    segment = await _named(tx, name, kind="rule")
    return await save_draft(tx, str(segment), rule, by=by)


async def _named(tx: Transaction, name: str, *, kind: str) -> SegmentId:
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARS_MAX or "\0" in name or name.isdigit():
        raise invalid("name", "A name of 1 to {most} characters is needed, and not only digits.", most=NAME_CHARS_MAX)
    made = await store.add(tx, name, kind=kind)
    if made is None:
        raise NameTaken('There is a segment "{name}" already. Choose another name.', name=name)
    return made


async def save_draft(tx: Transaction, id_or_name: str, rule: Document, *, by: str = "") -> Segment:
    """Write the rule that the segment may become; a draft there was is written over. Nothing is worked by it yet.

    Raises Invalid, UnknownSegment, and AtWork while a version is being built.
    """
    await store.hold_names(tx)
    segment = await _changeable(tx, id_or_name)
    parsed = parse(rule)
    plain = await resolve.plain(tx, parsed)
    named = await resolve.check_named(tx, plain)
    await resolve.check_cycles(tx, segment.id, segment.name, set(named.values()))
    words = await resolve.words(tx, [plain], make=True)
    kinds = kinds_of(plain, words.events, named)
    document = resolve.document_of(rule)
    if await store.save_draft(tx, segment.id, document, kinds=kinds, needs=set(named.values()), by=by) is None:
        raise AtWork('A new version of "{name}" is being built. Wait until it is live.', name=segment.name)
    return await resolve.get(tx, str(segment.id))


async def _changeable(tx: Transaction, id_or_name: str) -> Segment:
    segment = await resolve.get(tx, id_or_name)
    if segment.kind == "list":
        raise invalid("rule", '"{name}" is a list: it has members by hand and no rule.', name=segment.name)
    _refuse_stage(segment)
    await store.lock(tx, segment.id)
    return segment


def _refuse_stage(segment: Segment) -> None:
    """The stages of a ladder are edited as one."""
    if segment.stage_of is not None:
        raise InUse(
            '"{name}" is a stage of "{stage_of}". Change the ladder instead.',
            name=segment.name,
            stage_of=segment.stage_of,
        )


async def discard_draft(tx: Transaction, id_or_name: str) -> Segment:
    """Raises NothingToPublish where there is none. A segment that never was published goes with its draft.

    Raises InUse where it would go and others name it.
    """
    await store.hold_names(tx)
    segment = await _changeable(tx, id_or_name)
    if not await store.drop_draft(tx, segment.id):
        raise NothingToPublish('"{name}" has no draft.', name=segment.name)
    if segment.state == "draft":
        await _make_sure_unnamed(tx, segment)
        await store.delete(tx, segment.id)
        return segment
    return await resolve.get(tx, str(segment.id))


async def publish(database: Database, id_or_name: str, *, wait_s: float | None = None) -> Segment:
    """Build the draft while the old version serves; returns once it is live, or after `wait_s` while a worker goes on.

    Raises NothingToPublish, and NamesUnpublished.
    """
    async with database.transaction(read_only=True) as tx:
        estimate_s = await _foreseen(tx, id_or_name)
    segment = await database.repeat(lambda tx: _start(tx, id_or_name, estimate_s))
    await wait_for(build(database, segment), wait_s)
    async with database.transaction(read_only=True) as tx:
        return await resolve.get(tx, str(segment))


async def _foreseen(tx: Transaction, id_or_name: str) -> float | None:
    """The seconds that the build of the draft will take, about; None where there is none."""
    versions = await store.versions(tx, (await resolve.get(tx, id_or_name)).id)
    draft = next((version.rule for version in versions if version.state == "draft"), None)
    if draft is None:
        return None
    rule = await resolve.plain(tx, parse(draft))
    return await cost.seconds(tx, rule, await resolve.words(tx, [rule]))


async def _start(tx: Transaction, id_or_name: str, estimate_s: float | None) -> SegmentId:
    """The registry is held, so that what happens from now on is touched also where only the new rule speaks of it."""
    await store.hold(tx)
    segment = await _changeable(tx, id_or_name)
    if names := await store.unpublished_needs(tx, segment.id):
        raise NamesUnpublished(
            '"{name}" names {known}, with nobody in it yet. Publish that first.',
            name=segment.name,
            known=", ".join(names),
        )
    if not await store.start_build(tx, segment.id, estimate_s=estimate_s):
        raise NothingToPublish('"{name}" has no draft to publish.', name=segment.name)
    tx.wake(TOPIC)
    return segment.id


async def versions(tx: Transaction, id_or_name: str) -> list[Version]:
    """The newest first."""
    return await store.versions(tx, (await resolve.get(tx, id_or_name)).id)


async def archive(database: Database, id_or_name: str) -> Segment:
    """It is kept up no longer and has no members; its history stays, and `restore` brings it back.

    Raises InUse, with the names of the segments whose rules name it.
    """
    segment = await database.repeat(lambda tx: _archive(tx, id_or_name))
    await database.repeat(lambda tx: _empty(tx, segment))
    async with database.transaction(read_only=True) as tx:
        return await resolve.get(tx, str(segment))


async def _archive(tx: Transaction, id_or_name: str) -> SegmentId:
    await store.hold(tx)
    await store.hold_names(tx)
    segment = await resolve.get(tx, id_or_name)
    await _make_sure_unnamed(tx, segment)
    _refuse_stage(segment)
    await store.archive(tx, segment.id)
    return segment.id


async def _make_sure_unnamed(tx: Transaction, segment: Segment) -> None:
    users = sorted({edge.name for edge in await store.edges(tx) if segment.id in edge.needs})
    if users:
        raise InUse(
            '"{name}" is named by {known}. Change their rules first.', name=segment.name, known=", ".join(users)
        )


async def _empty(tx: Transaction, segment: SegmentId) -> None:
    """In a transaction of its own, for it may take long. Unless it was brought back meanwhile."""
    if await store.lock_archived(tx, segment):
        await members.empty(tx, segment)


async def restore(database: Database, id_or_name: str, *, wait_s: float | None = None) -> Segment:
    """Bring an archived segment back: its last rule is built anew. A list comes back empty."""

    async def draft(tx: Transaction) -> Segment:
        segment = await resolve.get(tx, id_or_name)
        if segment.state != "archived":
            raise invalid("segment", '"{name}" is not archived.', name=segment.name)
        await store.unarchive(tx, segment.id)
        if segment.kind == "list":
            await members.empty(tx, segment.id)
            return segment
        newest = (await store.versions(tx, segment.id))[0]
        return await save_draft(tx, str(segment.id), newest.rule, by=newest.by)

    segment = await database.repeat(draft)
    if segment.kind == "rule":
        return await publish(database, str(segment.id), wait_s=wait_s)
    async with database.transaction(read_only=True) as tx:
        return await resolve.get(tx, str(segment.id))


# ---- lists: members by hand ----


async def make_list(tx: Transaction, name: str) -> Segment:
    """A segment whose members are put in and taken out by hand."""
    return await resolve.get(tx, str(await _named(tx, name, kind="list")))


async def add_to_list(tx: Transaction, id_or_name: str, profiles: Collection[ProfileId]) -> int:
    """How many were not in it before."""
    return await _change_list(tx, id_or_name, profiles, entered=True)


async def remove_from_list(tx: Transaction, id_or_name: str, profiles: Collection[ProfileId]) -> int:
    """How many were in it."""
    return await _change_list(tx, id_or_name, profiles, entered=False)


async def _change_list(tx: Transaction, id_or_name: str, profiles: Collection[ProfileId], *, entered: bool) -> int:
    """The registry is shared, as where memberships are worked."""
    await store.share(tx)
    segment = await resolve.get(tx, id_or_name)
    if segment.kind != "list" or segment.state == "archived":
        raise invalid(
            "segment", '"{name}" is no list that people can be put in: its rule says who is in.', name=segment.name
        )
    changes = [Change(segment.id, profile, entered, "list") for profile in sorted(set(profiles))]
    written = await members.write_changes(tx, changes) if changes else []
    if written:
        await outlet.publish(tx, written)
        if await members.touch(tx, {(change.profile, of_segment(segment.id)) for change in written}):
            tx.wake(TOPIC)
    return len(written)


# ---- computed traits ----


async def set_computed(tx: Transaction, name: str, definition: Document) -> None:
    """Give a measure a name. Raises Invalid, and InUse where segments name it and it would change."""
    if not 0 < len(name.strip()) <= NAME_CHARS_MAX or "\0" in name:
        raise invalid("name", "A name of 1 to {most} characters is needed.", most=NAME_CHARS_MAX)
    parse_computed(definition)
    if (await store.computed(tx)).get(name) != definition:
        await _free(tx, name)
        await store.set_computed(tx, name, definition)


async def drop_computed(tx: Transaction, name: str) -> None:
    """Raises UnknownComputed, and InUse where segments name it."""
    await _free(tx, name)
    if not await store.drop_computed(tx, name):
        raise resolve.UnknownComputed('There is no computed trait "{name}".', name=name)


async def _free(tx: Transaction, name: str) -> None:
    if users := await store.naming_computed(tx, name):
        raise InUse(
            'The computed trait "{name}" is named by {known}. Give the new one another name.',
            name=name,
            known=", ".join(users),
        )
