"""Making segments and changing them: drafts, versions, archive; computed traits; rules between JSON and words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from antiphon.app.commands.answers import print_line, say, tell
from antiphon.app.commands.context import current
from antiphon.app.commands.inputs import File, read_json, read_rule
from antiphon.app.commands.invocation import ask, change, within

if TYPE_CHECKING:
    from antiphon.kernel.runtime import Runtime
    from antiphon.segments import Segment

Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
VERSION_COLUMNS = ("version", "state", "by", "changed_at", "published_at", "text")
TOLD_EVERY_S = 2.0
AUTHOR = "command line"


def create(name: str, rule: File, /, *, draft: Flag = False) -> None:
    """Make a segment and look up its members; done when it is live.

    Parameters
    ----------
    name
        Not only digits.
    rule
        A file with the rule, in JSON or in words; `-` reads the standard input.
    draft
        Do not publish it: nobody is looked up yet.
    """
    from antiphon.segments import editing

    given = read_rule(rule)

    async def work(runtime: Runtime) -> Segment:
        made = await runtime.database.repeat(lambda tx: editing.create_draft(tx, name, given, by=AUTHOR))
        return made if draft else await _published(runtime, str(made.id))

    _tell(within(work))


def edit(segment: str, rule: File, /, *, publish: Flag = False) -> None:
    """Write the rule that a segment may become: a draft, by which nothing is worked yet.

    Parameters
    ----------
    segment
        Id or name.
    rule
        A file with the rule, in JSON or in words; `-` reads the standard input.
    publish
        Publish it at once.
    """
    from antiphon.segments import editing

    given = read_rule(rule)

    async def work(runtime: Runtime) -> Segment:
        saved = await runtime.database.repeat(lambda tx: editing.save_draft(tx, segment, given, by=AUTHOR))
        return await _published(runtime, str(saved.id)) if publish else saved

    _tell(within(work))


def publish(segment: str, /) -> None:
    """Make a segment's draft live; done when it is. Until then the old version serves.

    Parameters
    ----------
    segment
        Id or name.
    """
    _tell(within(lambda runtime: _published(runtime, segment)))


def discard(segment: str, /) -> None:
    """Throw a segment's draft away. A segment that never was published goes with it.

    Parameters
    ----------
    segment
        Id or name.
    """
    from antiphon import segments

    _tell(change(lambda tx: segments.discard_draft(tx, segment)))


def versions(segment: str, /) -> None:
    """What a segment's rule is, was and may become; the newest first.

    Parameters
    ----------
    segment
        Id or name.
    """
    from antiphon import segments
    from antiphon.segments.views import version_view

    found = ask(lambda tx: segments.versions(tx, segment))
    tell([version_view(each) for each in found], columns=VERSION_COLUMNS)


def revert(segment: str, version: int, /) -> None:
    """Make the rule of an old version the draft.

    Parameters
    ----------
    segment
        Id or name.
    version
        One of `antiphon segments versions`.
    """
    from antiphon.segments import editing

    _tell(change(lambda tx: editing.revert(tx, segment, version, by=AUTHOR)))


def archive(segment: str, /) -> None:
    """End a segment: it has no members any more. Its versions and its history stay.

    Parameters
    ----------
    segment
        Id or name; no other rule may name it.
    """
    from antiphon import segments

    _tell(within(lambda runtime: segments.archive(runtime.database, segment)))


def restore(segment: str, /) -> None:
    """Bring an archived segment back: its last rule is looked up anew. A list comes back empty.

    Parameters
    ----------
    segment
        Id or name.
    """
    from antiphon import segments

    _tell(within(lambda runtime: _watched(runtime, segment, segments.restore(runtime.database, segment))))


def text(rule: File, /) -> None:
    """Show a rule in JSON in words, and one in words in JSON. Needs no database.

    Parameters
    ----------
    rule
        A file with the rule; `-` reads the standard input.
    """
    from antiphon.segments.editing import reading
    from antiphon.segments.language.text import to_text

    given = read_rule(rule)
    with reading(given) as document:
        words = to_text(document)
    if current.get().json:
        tell({"rule": document, "text": words})
        return
    shown = json.dumps(document, indent=2, ensure_ascii=False) if isinstance(given, str) else words
    for line in shown.splitlines():
        print_line(line)


def compute(name: str, file: File, /) -> None:
    """Give a measure of events a name, for rules to compare.

    Parameters
    ----------
    name
        What rules call it.
    file
        JSON with event, of, and maybe property, where, within; `-` reads the standard input.
    """
    from antiphon import segments

    definition: dict[str, Any] = read_json(file)
    change(lambda tx: segments.set_computed(tx, name, definition))
    tell({"name": name, "definition": definition})


async def _published(runtime: Runtime, segment: str) -> Segment:
    from antiphon import segments

    return await _watched(runtime, segment, segments.publish(runtime.database, segment))


async def _watched(runtime: Runtime, segment: str, work: Awaitable[Segment]) -> Segment:
    """Says every two seconds how far a build is."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait([task], timeout=TOLD_EVERY_S))[0]:
            await _say_progress(runtime, segment)
    finally:
        task.cancel()
    return await task


async def _say_progress(runtime: Runtime, segment: str) -> None:
    from antiphon import segments

    async with runtime.database.transaction(read_only=True) as tx:
        build = (await segments.get(tx, segment)).build
    if build is not None:
        foreseen = f", about {build.estimate_s:.0f} s in all" if build.estimate_s else ""
        say(f"{build.phase}: {build.done} of {build.steps}{foreseen}")


def _tell(segment: Segment) -> None:
    shown: dict[str, object] = {"id": str(segment.id), "name": segment.name, "state": segment.state}
    tell(shown | {"version": segment.version, "draft": segment.draft})
