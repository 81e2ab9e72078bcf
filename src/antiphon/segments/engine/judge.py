"""Whether rules hold for some profiles, and when time alone may change it: leaf by leaf, then as sets of profiles.

What is cheap is found first and settles what it can: of an `all` only those go on to the next part who have passed so
far. So raw events are looked into for few. A part that settles an answer also bounds it in time: the answer stays until
that part can turn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, SegmentId, bucket_of
from antiphon.segments.engine.frame import Frame, Moment, Words
from antiphon.segments.engine.leaves import answer, is_costly
from antiphon.segments.engine.rollups import Sum, judge_sum, serves
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Happened, InSegment, Leaf, Rule

Timers = dict[ProfileId, datetime]


class Verdict(Struct):
    """Of those asked about: who is in, and when that may change for whom."""

    inside: set[ProfileId] = field(default_factory=set)
    timers: Timers = field(default_factory=dict)


class Judge:
    """One batch of profiles at one instant. Leaves that several rules share are asked once."""

    def __init__(self, tx: Transaction, words: Words, moment: Moment) -> None:
        self.tx, self.words, self.moment = tx, words, moment
        self.members: dict[SegmentId, dict[ProfileId, datetime]] = {}  # since when, of those that rules name
        self.known: set[ProfileId] = set()
        self._found: dict[bytes, Verdict] = {}
        self._asked: dict[bytes, set[ProfileId]] = {}
        self._sums: dict[tuple[int, ProfileId], Sum | None] = {}

    async def prepare(self, wanted: Iterable[tuple[Rule, Collection[ProfileId]]]) -> None:
        """Find in two statements what needs no more: sums of events, and what profiles' own rows say.

        `known` are then those of whom there is a row at all.
        """
        rows: dict[bytes, Leaf] = {}
        sums: dict[int, set[ProfileId]] = {}
        people: set[ProfileId] = set()
        for rule, profiles in wanted:
            people.update(profiles)
            for leaf in rules.leaves(rule):
                if isinstance(leaf, Happened) and self._by_sums(leaf):
                    for name in leaf.events:
                        sums.setdefault(self.words.events.get(name, 0), set()).update(profiles)
                elif _is_row(leaf):
                    rows.setdefault(rules.key_of(leaf), leaf)
        await self._load_sums(sums)
        await self._ask_rows(rows, people)

    async def verdict(self, rule: Rule, profiles: set[ProfileId]) -> Verdict:
        if not profiles:
            return Verdict()
        if isinstance(rule, rules.All):
            return await self._settle(rule.parts, profiles, passing=True)
        if isinstance(rule, rules.Any):
            return await self._settle(rule.parts, profiles, passing=False)
        if isinstance(rule, rules.Not):
            inner = await self.verdict(rule.part, profiles)
            return Verdict(profiles - inner.inside, inner.timers)
        return await self._leaf(rule, profiles)

    async def _settle(self, parts: Sequence[Rule], profiles: set[ProfileId], *, passing: bool) -> Verdict:
        """`passing`: whoever fails a part is settled (all); else whoever holds one (any)."""
        settled: Timers = {}
        waiting: Timers = {}
        rest = profiles
        for part in sorted(parts, key=self._cost):
            said = await self.verdict(part, rest)
            done = rest - said.inside if passing else rest & said.inside
            for profile, timer in said.timers.items():
                if profile in done:
                    settled[profile] = timer
                elif profile not in waiting or timer < waiting[profile]:
                    waiting[profile] = timer
            rest = rest - done
            if not rest:
                break
        settled.update((profile, waiting[profile]) for profile in waiting.keys() & rest)
        return Verdict(set(rest) if passing else profiles - rest, settled)

    def _cost(self, rule: Rule) -> int:
        return max((_cost(leaf, self) for leaf in rules.leaves(rule)), default=0)

    async def _leaf(self, leaf: Leaf, profiles: set[ProfileId]) -> Verdict:
        key = rules.key_of(leaf)
        asked = self._asked.setdefault(key, set())
        found = self._found.setdefault(key, Verdict())
        if new := profiles - asked:
            asked |= new
            said = await self._ask(leaf, new)
            found.inside |= said.inside
            found.timers |= said.timers
        if len(asked) == len(profiles):
            return found
        timers = {profile: timer for profile, timer in found.timers.items() if profile in profiles}
        return Verdict(found.inside & profiles, timers)

    async def _ask(self, leaf: Leaf, profiles: set[ProfileId]) -> Verdict:
        if isinstance(leaf, InSegment):
            kept = self.members.get(self.words.segments[leaf.segment])
            if kept is not None:
                return self._of_members(leaf, kept, profiles)
        if isinstance(leaf, Happened) and self._by_sums(leaf):
            return await self._of_sums(leaf, profiles)
        return await self._of_table(leaf, profiles)

    async def _of_table(self, leaf: Leaf, profiles: Collection[ProfileId]) -> Verdict:
        frame = Frame(self.words, self.moment, given=True)
        target = _target(frame, profiles)
        said = answer(leaf, frame)
        row = said.row()
        if row is None:
            text = f"SELECT j.profile_id, j.truth, j.timer_at FROM ({said.judged()}) j"  # noqa: S608 - our own words
        else:
            text = f"SELECT p.id AS profile_id, {row} AS truth, {said.row_timer() or 'NULL'} AS timer_at FROM target p"  # noqa: S608 - our own words
        statement = frame.statement(f"{target} {text}")
        rows = await self.tx.rows(statement.text, *statement.parameters)
        return _read(rows, profiles, unknown=said.unknown)

    def _of_members(self, leaf: InSegment, kept: dict[ProfileId, datetime], profiles: set[ProfileId]) -> Verdict:
        here = kept.keys() & profiles
        if leaf.since is None:
            return Verdict(set(here))
        turns = {profile: kept[profile] + leaf.since for profile in here}
        inside = {profile for profile, at in turns.items() if at <= self.moment.at}
        return Verdict(inside, {profile: at for profile, at in turns.items() if at > self.moment.at})

    # ---- sums of events ----

    def _by_sums(self, leaf: Happened) -> bool:
        return self.moment.rollups and serves(leaf)

    async def _load_sums(self, wanted: Mapping[int, Collection[ProfileId]]) -> None:
        names, people = [], []
        for name, profiles in wanted.items():
            new = [profile for profile in profiles if (name, profile) not in self._sums]
            names += [name] * len(new)
            people += new
        if not names:
            return
        self._sums.update(dict.fromkeys(zip(names, people, strict=True)))
        rows = await self.tx.rows(_SUMS, [bucket_of(profile) for profile in people], names, people)
        for row in rows:
            self._sums[row["name_id"], row["profile_id"]] = Sum(row["count"], row["first_at"], row["last_at"])

    async def _of_sums(self, leaf: Happened, profiles: set[ProfileId]) -> Verdict:
        """Those with an event dated ahead are asked of the raw events."""
        numbers = [self.words.events.get(name, 0) for name in leaf.events]
        await self._load_sums(dict.fromkeys(numbers, profiles))
        unknown, at = leaf.measure.holds_without_events, self.moment.at
        found, ahead = Verdict(), set()
        for profile in profiles:
            known: Sum | None = None
            for number in numbers:
                more = self._sums[number, profile]
                if more is not None:
                    known = more if known is None else known.and_also(more)
            if known is None:
                truth, timer = unknown, None
            elif known.last_at > at:
                ahead.add(profile)
                continue
            else:
                truth, timer = judge_sum(leaf, known, at)
            if truth:
                found.inside.add(profile)
            if timer is not None:
                found.timers[profile] = timer
        if ahead:
            said = await self._of_table(leaf, ahead)
            found.inside |= said.inside
            found.timers |= said.timers
        return found

    # ---- what the profile's own row says ----

    async def _ask_rows(self, wanted: Mapping[bytes, Leaf], people: Collection[ProfileId]) -> None:
        """All such leaves of the batch in one statement."""
        frame = Frame(self.words, self.moment, given=True)
        target = _target(frame, people)
        truths, timers = [], []
        for leaf in wanted.values():
            said = answer(leaf, frame)
            truths.append(said.row() or "false")
            timers.append(said.row_timer() or "NULL")
        columns = (
            f"ARRAY[{', '.join(truths)}]::boolean[] AS truths, ARRAY[{', '.join(timers)}]::timestamptz[] AS timers"
        )
        verdicts = [Verdict() for _ in wanted]
        statement = frame.statement(f"{target} SELECT p.id, {columns} FROM target p")  # noqa: S608 - our own words
        for row in await self.tx.rows(statement.text, *statement.parameters):
            self.known.add(row["id"])
            for verdict, truth, timer in zip(verdicts, row["truths"], row["timers"], strict=True):
                if truth:
                    verdict.inside.add(row["id"])
                if timer is not None:
                    verdict.timers[row["id"]] = timer
        for key, verdict in zip(wanted, verdicts, strict=True):
            self._found[key], self._asked[key] = verdict, set(people)

    def holds(self, leaf: Leaf, profile: ProfileId) -> bool | None:
        """What was found for a profile; None where the leaf was not asked about it."""
        key = rules.key_of(leaf)
        if profile not in self._asked.get(key, ()):
            return None
        return profile in self._found[key].inside


_SUMS = """
    SELECT s.name_id, s.profile_id, s.count, s.first_at, s.last_at
      FROM unnest($1::smallint[], $2::integer[], $3::bigint[]) AS g (bucket, name_id, profile_id)
      JOIN known_event_sum s ON s.bucket = g.bucket AND s.name_id = g.name_id AND s.profile_id = g.profile_id"""


def _target(frame: Frame, profiles: Collection[ProfileId]) -> str:
    buckets = frame.new([bucket_of(profile) for profile in profiles], "smallint[]")
    ids = frame.new(list(profiles), "bigint[]")
    return (
        "WITH target AS MATERIALIZED (SELECT p.bucket, p.id, p.traits"  # noqa: S608 - our own words
        f" FROM unnest({buckets}, {ids}) AS g (bucket, id)"
        " JOIN known_profile p ON p.bucket = g.bucket AND p.id = g.id)"
    )


def _read(rows: Sequence[Row], profiles: Collection[ProfileId], *, unknown: bool) -> Verdict:
    found = Verdict()
    if unknown:
        found.inside.update(profiles)
    for row in rows:
        if row["truth"] is not None and row["truth"] is not unknown:
            (found.inside.discard if unknown else found.inside.add)(row["profile_id"])
        if row["timer_at"] is not None:
            found.timers[row["profile_id"]] = row["timer_at"]
    return found


def _is_row(leaf: Leaf) -> bool:
    return isinstance(leaf, rules.Trait | rules.Random | rules.Near | rules.LocalTime)


def _cost(leaf: Leaf, judge: Judge) -> int:
    if isinstance(leaf, InSegment):
        return 0
    if _is_row(leaf) or (isinstance(leaf, Happened) and judge._by_sums(leaf)):
        return 1
    return 3 if is_costly(leaf, Frame(judge.words, judge.moment)) else 2
