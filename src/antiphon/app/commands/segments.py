"""Segments."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter, validators

from antiphon.app.commands.answers import print_line, say, tell
from antiphon.app.commands.context import current
from antiphon.app.commands.inputs import File, Instant, read_rule
from antiphon.app.commands.invocation import ask, within

if TYPE_CHECKING:
    from antiphon import segments
    from antiphon.kernel.db import Transaction
    from antiphon.kernel.runtime import Runtime
    from antiphon.segments import Segment

app = App(name="segments", help="Segments: rules, and who satisfies them.")
COLUMNS = ("id", "name", "kind", "state", "version", "draft", "stage_of", "created_at")
for _module, _names in {
    "segment_editing": "create edit publish discard versions revert archive restore text compute",
    "lists": "export",
    "presets": "presets preset",
}.items():
    for _name in _names.split():
        app.command(f"antiphon.app.commands.{_module}:{_name}", name=_name)
Limit = Annotated[int, Parameter(validator=validators.Number(gte=1))]


@app.command
def count(rule: File, /, *, as_of: Instant | None = None) -> None:
    """How many profiles satisfy a rule.

    Parameters
    ----------
    rule
        A file with the rule, in JSON or in words; `-` reads the standard input.
    as_of
        At this time instead of now: events as they were, traits and addresses as they are.
    """
    from antiphon import segments
    from antiphon.segments.editing import reading

    given = read_rule(rule)

    async def work(tx: Transaction) -> dict[str, object]:
        with reading(given) as document:
            return {"count": await segments.count(tx, document, as_of), "as_of": as_of or tx.now}

    tell(ask(work))


@app.command(name="list")
def list_all() -> None:
    """The segments there are."""
    from antiphon import segments

    async def read(tx: Transaction) -> list[dict[str, object]]:
        return [_view(segment) for segment in await segments.list_all(tx)]

    tell(ask(read), columns=COLUMNS)


@app.command
def show(segment: str, /) -> None:
    """A segment: its rule, its state, how many members it has.

    Parameters
    ----------
    segment
        Id or name.
    """
    from antiphon import segments

    async def read(tx: Transaction) -> dict[str, object]:
        found = await segments.get(tx, segment)
        bounds = await segments.bounds(tx, found.id)
        return {**_view(found), "members": bounds.count if bounds else 0, **_told(found)}

    tell(ask(read))


@app.command
def members(segment: str, /, *, as_of: Instant | None = None, limit: Limit | None = None) -> None:
    """The members of a segment, in the order of their profiles.

    Parameters
    ----------
    segment
        Id or name.
    as_of
        Whoever satisfied the rule at this time, instead of the members now.
    limit
        At most so many; all of them if not given.
    """
    within(lambda runtime: _write_members(runtime, segment, as_of, limit))


@app.command
def explain(segment: str, profile: str, /) -> None:
    """Whether somebody is in a segment, with each part of its rule, and when time alone may change it.

    Parameters
    ----------
    segment
        Id or name.
    profile
        `kind:value`, such as `external_id:42`, or `id:number`.
    """
    from antiphon import profiles, segments

    async def read(tx: Transaction) -> segments.Explanation:
        return await segments.explain(tx, segment, await profiles.find_named(tx, profile))

    found = ask(read)
    if current.get().json:
        tell(found)
    else:
        _tell_explanation(found)


def _tell_explanation(found: segments.Explanation) -> None:
    """Short lines, the parts as a table, and what would have to be otherwise."""
    last = found.last
    moved = "-" if last is None else f"{'entered' if last.entered else 'left'} {last.at:%Y-%m-%d %H:%M} ({last.cause})"
    tell(
        {
            "member": found.member,
            "since": found.entered_at,
            "last": moved,
            "holds": found.holds,
            "next_look_at": found.next_look_at,
        }
    )
    if found.parts:
        tell([_part(part) for part in found.parts])
    for wanted in found.to_change:
        print_line(f"{wanted.at}: {wanted.says}")


def _part(part: segments.Part) -> dict[str, object]:
    return {
        "at": part.at,
        "holds": part.holds,
        "rule": part.text.replace("\n", " "),
        "found": part.value,
        "turns_at": part.turns_at,
    }


@app.command
def verify(segment: str, /) -> None:
    """Compare the members as they are kept with the rule, evaluated from scratch.

    Exit code 1 where they differ and no work is due that would put it right.

    Parameters
    ----------
    segment
        Id or name.
    """
    from antiphon import segments
    from antiphon.kernel.errors import Conflict

    found = ask(lambda tx: segments.verify(tx, segment))
    tell(found)
    if found.wrong:
        raise Conflict(found.says)
    say(found.says)


async def _write_members(runtime: Runtime, segment: str, as_of: Instant | None, limit: int | None) -> None:
    """Page by page, so that any number of members fits."""
    import msgspec

    from antiphon import segments

    is_json = current.get().json
    cursor, left, first = 0, limit, True
    while left is None or left > 0:
        asked = min(segments.PAGE_MAX, left or segments.PAGE_MAX)
        async with runtime.database.transaction(read_only=True) as tx:
            page = await segments.members(tx, segment, cursor=cursor, limit=asked, as_of=as_of or None)
        if first and is_json:
            sys.stdout.write('{"members":[')
        for member in page:
            row = {"profile": str(member.profile), "external_id": member.external_id, "entered_at": member.entered_at}
            if is_json:
                sys.stdout.write(("" if first else ",") + msgspec.json.encode(row).decode())
            else:
                print(member.profile, member.external_id or "-", sep="\t")
            first = False
        if len(page) < asked:
            break
        cursor = page[-1].profile
        left = None if left is None else left - len(page)
    if is_json:
        sys.stdout.write("]}\n")


def _view(segment: Segment) -> dict[str, object]:
    return {
        "id": str(segment.id),
        "name": segment.name,
        "kind": segment.kind,
        "state": segment.state,
        "version": segment.version,
        "draft": segment.draft,
        "stage_of": segment.stage_of,
        "build": segment.build,
        "created_at": segment.created_at,
    }


def _told(segment: Segment) -> dict[str, object]:
    """The rule: as a program reads it with --json, else in words."""
    from antiphon.segments.views import fields_of

    fields = fields_of(segment)
    return {name: fields[name] for name in (("rule", "text") if current.get().json else ("text",))}
