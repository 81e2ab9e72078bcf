"""Events that the rollup answers for: how many in all, the first and the last, whether any lies in a window up to now.

A rollup counts every event, also those dated after now. So it answers where its last event is not after now; for the
few others the raw events are asked, in a branch that only they enter.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.conditions import SIGNS
from antiphon.segments.engine.events import flips_at, moment_holds, number_of
from antiphon.segments.engine.frame import Frame
from antiphon.segments.language.rules import COMPARISONS, Happened


def serves(leaf: Happened) -> bool:
    """Whether sums say what the leaf asks, at the present instant."""
    window, measure = leaf.window, leaf.measure
    if leaf.where or window.begin is not None or window.end is not None:
        return False
    if measure.of in ("first", "last"):
        return window.is_open and measure.field is None
    if measure.of != "count":
        return False
    if window.is_open:
        return True
    rolling = isinstance(window.within, timedelta)
    return measure.asks_presence and ((rolling and window.ago is None) or (window.within is None))


class Sum(Struct, frozen=True):
    """What is known of one profile's events of a kind, all of them past."""

    count: int
    first_at: datetime
    last_at: datetime

    def and_also(self, other: Sum) -> Sum:
        return Sum(self.count + other.count, min(self.first_at, other.first_at), max(self.last_at, other.last_at))


def judge_sum(leaf: Happened, known: Sum, at: datetime) -> tuple[bool, datetime | None]:
    """The twin of `FromSums`, for a profile none of whose events is dated ahead: truth, and when time may change it."""
    window, measure = leaf.window, leaf.measure
    if measure.of in ("first", "last"):
        moment = known.first_at if measure.of == "first" else known.last_at
        if isinstance(measure.value, timedelta):
            turns = moment + measure.value
            return (moment > at - measure.value) is (measure.op == "within"), turns if turns > at else None
        assert isinstance(measure.value, datetime)
        return (moment < measure.value if measure.op == "before" else moment > measure.value), None
    if window.is_open:
        assert isinstance(measure.value, Decimal)
        return COMPARISONS[measure.op](Decimal(known.count), measure.value), None
    if isinstance(window.within, timedelta):
        present = known.last_at > at - window.within
        return present is not measure.holds_without_events, known.last_at + window.within if present else None
    assert window.ago is not None
    present = known.first_at <= at - window.ago
    return present is not measure.holds_without_events, None if present else known.first_at + window.ago


class FromSums(Answer):
    def __init__(self, leaf: Happened, frame: Frame) -> None:
        super().__init__(frame)
        self.leaf = leaf
        self.unknown = leaf.measure.holds_without_events
        self.several = len(leaf.events) > 1

    def differing(self) -> str:
        wrong = f"NOT ({self._truth()})" if self.unknown else self._truth()
        return f"SELECT s.bucket, s.profile_id FROM ({self._sums()}) s WHERE {wrong}"  # noqa: S608 - our own words

    def judged(self) -> str:
        return (
            f"SELECT s.bucket, s.profile_id, {self._truth()} AS truth, {self._timer()} AS timer_at"  # noqa: S608 - our own words
            f" FROM ({self._sums()}) s"
        )

    def _sums(self) -> str:
        """Rows `(bucket, profile_id, n, first_at, last_at, next_at)`; what is needed of it, the planner keeps."""
        now, who = self.frame.now, "s.bucket, s.profile_id, s.name_id"
        numbers = ", ".join(self.frame.event(name) for name in self.leaf.events)
        since = self._since()
        columns = {
            "n": f"CASE WHEN s.last_at <= {now} THEN s.count ELSE count_events({who}, '-infinity', {now}) END",
            "first_at": f"CASE WHEN s.first_at <= {now} THEN s.first_at END",
            "last_at": f"CASE WHEN s.last_at <= {now} THEN s.last_at ELSE last_event({who}, '-infinity', {now}) END",
            "next_at": f"CASE WHEN s.last_at > {now} THEN first_event({who}, {now}, 'infinity') END",
        }
        named = f"IN ({numbers})" if self.several else f"= {numbers}"
        source = f"FROM known_event_sum s{self.frame.limit('s')} WHERE s.name_id {named}"
        if since:
            source += f" AND s.last_at > {since}"
        if not self.several:
            listed = ", ".join(f"{text} AS {name}" for name, text in columns.items())
            return f"SELECT s.bucket, s.profile_id, {listed} {source}"
        fold = {"n": "sum", "first_at": "min", "last_at": "max", "next_at": "min"}
        listed = ", ".join(f"{fold[name]}({text}) AS {name}" for name, text in columns.items())
        return f"SELECT s.bucket, s.profile_id, {listed} {source} GROUP BY s.bucket, s.profile_id"

    def _since(self) -> str:
        within = self.leaf.window.within
        return self.frame.add(self.frame.at - within, "timestamptz") if isinstance(within, timedelta) else ""

    def _truth(self) -> str:
        window, measure = self.leaf.window, self.leaf.measure
        if measure.of in ("first", "last"):
            return moment_holds(f"s.{measure.of}_at", measure, self.frame)
        if window.is_open:
            return f"coalesce(s.n, 0) {SIGNS[measure.op]} {number_of(measure, self.frame)}"
        present = f"coalesce({self._present()}, false)"
        return f"(NOT {present})" if measure.holds_without_events else present

    def _present(self) -> str:
        if since := self._since():
            return f"s.last_at > {since}"
        assert self.leaf.window.ago is not None
        return f"s.first_at <= {self.frame.add(self.frame.at - self.leaf.window.ago, 'timestamptz')}"

    def _timer(self) -> str:
        window, measure = self.leaf.window, self.leaf.measure
        timers = ["s.next_at"]
        if isinstance(measure.value, timedelta):
            timers.append(flips_at(f"s.{measure.of}_at", measure.value, self.frame))
        elif isinstance(window.within, timedelta):
            timers.append(flips_at("s.last_at", window.within, self.frame))
        elif window.ago is not None:
            timers.append(flips_at("s.first_at", window.ago, self.frame))
            timers[0] = f"s.next_at + {self.frame.add(window.ago, 'interval')}"
        return f"least({', '.join(timers)})"
