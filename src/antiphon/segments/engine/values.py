"""What a leaf measures, of one profile: the value that its condition is compared with. One statement a leaf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import md5
from math import asin, cos, radians, sin, sqrt
from typing import Any
from zoneinfo import ZoneInfo

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.segments.engine import zones
from antiphon.segments.engine.belonging import HasMoved, Members
from antiphon.segments.engine.conditions import condition_sql, items_sql, path_sql
from antiphon.segments.engine.events import FromEvents, amount_sql, events_of, moment_of
from antiphon.segments.engine.frame import Frame, Moment, Words
from antiphon.segments.engine.reach import RANK, Reach
from antiphon.segments.engine.rollups import FromSums, serves
from antiphon.segments.engine.traits import HasChanged
from antiphon.segments.engine.windows import Span
from antiphon.segments.engine.wishes import Consented, OnMobile, Wished
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Happened, Leaf, Preference, Steps, Wish

EARTH_KM = 6371.0088
EVENTS_MAX = 2_000
"""Of a sequence so many events of one person are followed, the newest."""
_WISHES: tuple[Wish, ...] = ("wanted", "unwanted", "paused")

Value = Any  # Any: JSON, and instants
Read = Callable[[Sequence[Row]], Value]


async def measure(tx: Transaction, leaf: Leaf, words: Words, moment: Moment, profile: ProfileId) -> Value:
    """What is found of the profile, as JSON: see `docs/howto/write-a-segment.md`. None where there is nothing.

    `leaf` is no computed trait: what it is made of stands in its place.
    """
    frame = Frame(words, moment, given=True)
    target = _target(frame, profile)
    text, read = _KINDS[type(leaf)](leaf, frame, profile)
    statement = frame.statement(f"{target} {text}")
    return read(await tx.rows(statement.text, *statement.parameters))


async def recency(tx: Transaction, leaf: Happened, words: Words, moment: Moment, profile: ProfileId) -> int | None:
    """Whole days since the time that the leaf measures."""
    last = await measure(tx, leaf, words, moment, profile)
    return (moment.at - last) // timedelta(days=1) if isinstance(last, datetime) else None


def _target(frame: Frame, profile: ProfileId) -> str:
    bucket, id = frame.new(bucket_of(profile), "smallint"), frame.new(profile, "bigint")
    return (
        "WITH target AS MATERIALIZED (SELECT p.bucket, p.id, p.traits FROM known_profile p"  # noqa: S608 - our own words
        f" WHERE p.bucket = {bucket} AND p.id = {id})"
    )


def _first(rows: Sequence[Row]) -> Value:
    return plain(rows[0][0]) if rows else None


def plain(value: Value) -> Value:
    """Exact decimals as numbers of JSON."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


# ---- events ----


class _Sums(FromSums):
    def value(self) -> str:
        of = self.leaf.measure.of
        amount = "coalesce(sum(s.n), 0)::bigint" if of == "count" else f"{'min' if of == 'first' else 'max'}(s.{of}_at)"
        return f"SELECT {amount} FROM ({self._sums()}) s"  # noqa: S608 - our own words


def _happened(leaf: Happened, frame: Frame, _profile: ProfileId) -> tuple[str, Read]:
    """By the sums where they count: these know of events that were let go."""
    if frame.rollups and serves(leaf) and leaf.window.is_open:
        return _Sums(leaf, frame).value(), _first
    events = FromEvents(leaf, frame)
    if leaf.measure.of in ("first", "last") and leaf.measure.field is None:
        amount = moment_of(leaf.measure, None)
    else:
        amount = amount_sql(leaf.measure, frame, None)
    if leaf.measure.of == "sum":
        amount = f"coalesce({amount}, 0)"
    return f"SELECT {amount} {events.source()} AND {events.span.past()}", _first


def _steps(leaf: Steps, frame: Frame, _profile: ProfileId) -> tuple[str, Read]:
    """`{"reached", "of", "step", "at"}`: how far the run goes that decides, the step that it reached, and when."""
    span = Span(leaf.window, frame)
    names = tuple(dict.fromkeys(step.event for step in leaf.steps))
    fits = [
        " AND ".join(
            [f"e.name_id = {frame.event(step.event)}"]
            + [condition_sql(condition, "e.properties", frame) for condition in step.where]
        )
        for step in leaf.steps
    ]
    text = (
        f"SELECT e.at, ARRAY[{', '.join(fits)}]::boolean[] AS fits {events_of(names, span, frame)} AND {span.past()}"
        f" ORDER BY e.at DESC LIMIT {EVENTS_MAX}"
    )

    def read(rows: Sequence[Row]) -> Value:
        reached = furthest(leaf, [(row["at"], row["fits"]) for row in reversed(rows)])
        step = leaf.steps[len(reached) - 1].event if reached else None
        at = reached[-1] if reached else None
        return {"reached": len(reached), "of": len(leaf.steps), "step": step, "at": at}

    return text, read


def furthest(leaf: Steps, events: Sequence[tuple[datetime, Sequence[bool]]]) -> list[datetime]:
    """When each step was reached in the run that goes furthest; of an incomplete one, from the latest first step."""
    starts = [at for at, fits in events if fits[0]]
    best: list[datetime] = []
    for start in starts if leaf.complete else starts[-1:]:
        run = [start]
        for at, fits in events:
            in_time = leaf.span is None or at <= start + leaf.span
            if len(run) < len(leaf.steps) and at > run[-1] and fits[len(run)] and in_time:
                run.append(at)
        if len(run) > len(best):
            best = run
        if leaf.span is None or len(best) == len(leaf.steps):
            break  # the earliest first step goes as far as any
    return best


# ---- the profile's own row ----


def _trait(leaf: rules.Trait, frame: Frame, _profile: ProfileId) -> tuple[str, Read]:
    field = leaf.condition.field
    if "[]" not in field:
        return f"SELECT {path_sql('t.traits', field, frame)} FROM target t", _first  # noqa: S608 - our own words
    return f"SELECT {_listed('t.traits', field, frame)} FROM target t", _first  # noqa: S608 - our own words


def _listed(column: str, field: str, frame: Frame) -> str:
    return f"(SELECT jsonb_agg(v.value) FROM {items_sql(column, field, frame)} v)"  # noqa: S608 - our own words


def _near(leaf: rules.Near, _frame: Frame, _profile: ProfileId) -> tuple[str, Read]:
    """Kilometres."""

    def read(rows: Sequence[Row]) -> Value:
        here = [rows[0][0].get(name) for name in ("latitude", "longitude")] if rows else []
        if not here or not all(isinstance(each, int | float) and not isinstance(each, bool) for each in here):
            return None
        (x, y), (lat, lon) = map(radians, here), (radians(leaf.latitude), radians(leaf.longitude))
        chord = sin((x - lat) / 2) ** 2 + cos(lat) * cos(x) * sin((y - lon) / 2) ** 2
        return round(2 * EARTH_KM * asin(min(1.0, sqrt(max(chord, 0.0)))), 3)

    return "SELECT t.traits FROM target t", read


def _local_time(_leaf: rules.LocalTime, frame: Frame, _profile: ProfileId) -> tuple[str, Read]:
    """Day and time where they live, such as `thu 13:05`."""

    def read(rows: Sequence[Row]) -> Value:
        zone = rows[0][0] if rows and rows[0][0] in zones.known() else frame.words.zone
        return frame.at.astimezone(ZoneInfo(zone)).strftime("%a %H:%M").lower()

    return "SELECT t.traits ->> 'timezone' FROM target t", read


def _random(leaf: rules.Random, _frame: Frame, profile: ProfileId) -> tuple[str, Read]:
    """Where the hash puts the profile, of a hundred."""
    drawn = int(md5(f"{leaf.seed}:{profile}".encode(), usedforsecurity=False).hexdigest()[:8], 16) / 2**32 * 100
    return "SELECT FROM target", lambda _rows: round(drawn, 4)


class _Changed(HasChanged):
    def value(self) -> str:
        return f"SELECT max(c.at) {self._changes()} AND c.at <= {self.frame.now}"


# ---- belonging ----


class _Since(Members):
    def value(self) -> str:
        return f"SELECT min(m.entered_at) {self._members()}"


class _Moved(HasMoved):
    def value(self) -> str:
        return f"SELECT max(c.at) {self._source()} AND c.at <= {self.frame.now}"


def _accounts(_leaf: rules.InAccount, frame: Frame, _profile: ProfileId) -> tuple[str, Read]:
    """The accounts there are, by key."""
    rows = f"FROM known_belonging b{frame.limit('b')}"
    return f"SELECT array_agg(DISTINCT b.account ORDER BY b.account) {rows}", _first


def _account_trait(leaf: rules.AccountTrait, frame: Frame, _profile: ProfileId) -> tuple[str, Read]:
    """What each account has, by key."""
    field = leaf.condition.field
    value = path_sql("c.traits", field, frame)
    if "[]" in field:
        value = _listed("c.traits", field, frame)
    # an account has a bucket of its own, the hash of its key: read across buckets
    return (
        f"SELECT jsonb_object_agg(c.key, {value}) FROM known_belonging b{frame.limit('b')}"  # noqa: S608 - our own words
        " JOIN known_account c ON c.key = b.account",
        _first,
    )


# ---- addresses and wishes ----


class _Usable(Reach):
    def value(self) -> str:
        """`differing` counts people; the same rows are addresses."""
        _, _, rows = self.differing().partition(" FROM known_address a")
        return f"SELECT count(*) FROM known_address a{rows}"  # noqa: S608 - our own words


def _preference(leaf: Preference, frame: Frame, _profile: ProfileId) -> tuple[str, Read]:
    """All that stands; a wish and a pause stand side by side."""
    stands = [Wished(Preference(leaf.topic, leaf.channel, state), frame).differing() for state in _WISHES]
    text = ", ".join(f"EXISTS ({each})" for each in stands)

    def read(rows: Sequence[Row]) -> Value:
        return [state for state, stands in zip(_WISHES, rows[0], strict=True) if stands] or ["unset"]

    return f"SELECT {text}", read


class _Narrowest(Consented):
    """The narrowest statement that there is, run out or not."""

    def value(self) -> str:
        return (
            f"SELECT f.state, f.basis, f.confirmed, f.expires_at {self._source()} AND f.state IS NOT NULL"
            f" ORDER BY {RANK} LIMIT 1"
        )


def _consent(leaf: rules.Consent, frame: Frame, _profile: ProfileId) -> tuple[str, Read]:
    return _Narrowest(leaf, frame).value(), lambda rows: dict(rows[0]) if rows else None


class _Share(OnMobile):
    def value(self) -> str:
        channel = f" WHERE a.channel = {self.frame.add(self.leaf.channel, 'text')}" if self.leaf.channel else ""
        share = "sum(a.on_mobile)::numeric / nullif(sum(a.on_mobile + a.on_other), 0)"
        return f"SELECT {share} FROM known_address a{self.frame.limit('a')}{channel}"  # noqa: S608 - our own words


def _by(answer: Any) -> Callable[[Any, Frame, ProfileId], tuple[str, Read]]:
    """Any: a leaf's own answer, which also has a value."""
    return lambda leaf, frame, _profile: (answer(leaf, frame).value(), _first)


# Any: each takes its own kind of leaf
_KINDS: Mapping[type, Callable[[Any, Frame, ProfileId], tuple[str, Read]]] = {
    Happened: _happened,
    Steps: _steps,
    rules.Trait: _trait,
    rules.Changed: _by(_Changed),
    rules.Near: _near,
    rules.LocalTime: _local_time,
    rules.Random: _random,
    rules.InSegment: _by(_Since),
    rules.Moved: _by(_Moved),
    rules.InAccount: _accounts,
    rules.AccountTrait: _account_trait,
    rules.Reachable: _by(_Usable),
    rules.Preference: _preference,
    rules.Consent: _consent,
    rules.Mobile: _by(_Share),
}
