"""What the author of a rule may not have meant, or cannot know: told beside previews, never an error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from antiphon import profiles
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import BUCKETS
from antiphon.segments import resolve
from antiphon.segments.engine import zones
from antiphon.segments.engine.frame import Words
from antiphon.segments.engine.rollups import serves
from antiphon.segments.language import rules
from antiphon.segments.language.rules import (
    AccountTrait,
    Calendar,
    Happened,
    Leaf,
    LocalTime,
    Rule,
    Steps,
    Trait,
    Window,
)
from antiphon.segments.records_asked import Caution
from antiphon.segments.store import previewing as store

SAMPLE = 4_000
_EVER = datetime.min.replace(tzinfo=UTC)


async def cautions(tx: Transaction, rule: Rule, words: Words) -> list[Caution]:
    """`rule` as it was given; `words` of it."""
    found = [*_at_midnight(rule), *await _unknown_events(tx, rule, words), *await _unknown_traits(tx, rule)]
    return found + await retention_notes(tx, rule)


def _at_midnight(rule: Rule) -> Iterator[Caution]:
    for at, leaf in rules.places(rule):
        if isinstance(leaf, Happened | Steps) and isinstance(leaf.window.within, Calendar):
            whose = "the company's" if leaf.window.within.zone == "company" else "the person's"
            said = f"By the calendar: when {whose} day ends, it may turn for many at once."
            yield Caution(at, "turns_at_midnight", said)
        elif isinstance(leaf, LocalTime):
            said = "It turns for everybody of a time zone at once, each day: all of them enter and leave."
            yield Caution(at, "turns_with_the_clock", said)
        elif isinstance(leaf, Trait | AccountTrait) and leaf.condition.op == "anniversary":
            yield Caution(at, "turns_at_midnight", "It turns when the person's day ends, for many at once.")


async def _unknown_events(tx: Transaction, rule: Rule, words: Words) -> list[Caution]:
    there = await store.events_that_happened(tx, words.events)
    return [
        Caution(at, "unknown_event", f'No event "{name}" is known.')
        for at, leaf in rules.places(rule)
        if isinstance(leaf, Happened | Steps)
        for name in sorted(rules.events_of(leaf))
        if name not in there
    ]


async def _unknown_traits(tx: Transaction, rule: Rule) -> list[Caution]:
    """By a sample of everybody: to look through all would take longer than the rule itself."""
    named = {at: trait for at, leaf in rules.places(rule) if (trait := _trait_of(leaf)) is not None}
    if not named:
        return []
    everybody = await profiles.about_how_many(tx)
    buckets = range(max(1, min(BUCKETS, round(SAMPLE * BUCKETS / max(everybody, 1)))))
    missing, people = await store.traits_that_nobody_has(tx, set(named.values()), buckets)
    whom = f"Of {people:,} people that were looked at nobody" if len(buckets) < BUCKETS else "Nobody"
    return [
        Caution(at, "unknown_trait", f'{whom} has the trait "{name}".') for at, name in named.items() if name in missing
    ]


def _trait_of(leaf: Rule) -> str | None:
    """The key at the top level; where a dot is part of a name, nothing is said of it."""
    if isinstance(leaf, rules.Changed):
        return leaf.trait
    if isinstance(leaf, Trait) and "." not in leaf.condition.field:
        return leaf.condition.field.removesuffix("[]")
    return None


# ---- what is not kept any more ----


class _Asks(Struct, frozen=True):
    """What a leaf reads, by the setting that says how long it is kept, and since when it wants to know."""

    what: str
    setting: str
    since: datetime


async def retention_notes(tx: Transaction, rule: Rule) -> list[Caution]:
    """Leaves that ask for events, changes or entries older than what is kept; `since`: from then on all is known."""
    company = await settings.read(tx)
    notes: dict[tuple[str, str], Caution] = {}
    for at, leaf in rules.places(rule):
        if isinstance(leaf, rules.All | rules.Any | rules.Not):
            continue
        for plain in rules.leaves(await resolve.plain(tx, leaf)):
            asks = _asks(plain, tx.now, company.timezone)
            if asks is None:
                continue
            kept = getattr(company.retention, asks.setting)
            known = profiles.retention.bound(asks.setting, kept, tx.now)
            if known is not None and asks.since < known:
                said = f"{asks.what} are kept since {known:%Y-%m-%d}; what was before is not known any more."
                notes[at, asks.what] = Caution(at, "not_kept", said, known)
    return list(notes.values())


def _asks(leaf: Leaf, now: datetime, zone: str) -> _Asks | None:
    """None for what is never let go, as sums of events."""
    if isinstance(leaf, Happened | Steps):
        if isinstance(leaf, Happened) and serves(leaf):
            return None
        return _Asks("Events", "events_months", _begin(leaf.window, now, zone))
    if isinstance(leaf, rules.Changed):
        return _Asks("Changes of traits", "trait_history_months", _back(now, leaf.within))
    if isinstance(leaf, rules.Moved):
        return _Asks("Entries and exits", "segment_history_months", _back(now, leaf.within))
    return None


def _begin(window: Window, now: datetime, zone: str) -> datetime:
    begins = [_EVER, window.begin or _EVER]
    if isinstance(window.within, Calendar):
        begins.append(zones.unit_bounds(window.within, now, zone)[0])
    elif window.within is not None:
        begins.append(_back(now, window.within))
    return max(begins)


def _back(now: datetime, within: timedelta | None) -> datetime:
    return _EVER if within is None else now - within
