"""The first look of a new rule: of everybody whether it holds, and when time alone may change that.

A timer is the earliest instant at which the whole rule may turn, not each of its leaves: `all` that fails stays failed
until its last failing part can turn, and only a part that holds can end an `any` that holds.
"""

from __future__ import annotations

from msgspec import Struct

from antiphon.segments.engine.frame import Frame, Moment, Statement, Words
from antiphon.segments.engine.leaves import answer
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Leaf, Rule

NEVER = "NULL::timestamptz"


class Turn(Struct, frozen=True):
    """Whether something holds, and when that may change: two expressions, the second null for never."""

    truth: str
    timer: str


def with_timers(rule: Rule, words: Words, moment: Moment) -> Statement:
    """Rows `(bucket, id, inside, timer_at)` of all profiles."""
    frame = Frame(words, moment)
    look = _Look(frame)
    turn = look.turn(rule)
    return frame.statement(
        f"SELECT p.bucket, p.id, {turn.truth} AS inside, {turn.timer} AS timer_at"  # noqa: S608 - our own words
        f" FROM known_profile p{''.join(look.joins)}"
    )


class _Look:
    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.joins: list[str] = []
        self.leaves: dict[bytes, Turn] = {}

    def turn(self, rule: Rule) -> Turn:
        if isinstance(rule, rules.All):
            return _together([self.turn(part) for part in rule.parts], holds=True)
        if isinstance(rule, rules.Any):
            return _together([self.turn(part) for part in rule.parts], holds=False)
        if isinstance(rule, rules.Not):
            inner = self.turn(rule.part)
            return Turn(f"(NOT {inner.truth})", inner.timer)
        key = rules.key_of(rule)
        if key not in self.leaves:
            self.leaves[key] = self._leaf(rule)
        return self.leaves[key]

    def _leaf(self, leaf: Leaf) -> Turn:
        found = answer(leaf, self.frame)
        row = found.row()
        if row is not None:
            return Turn(row, found.row_timer() or NEVER)
        name = f"l{len(self.joins)}"
        self.joins.append(f" LEFT JOIN ({found.judged()}) {name} ON {name}.profile_id = p.id")
        return Turn(f"coalesce({name}.truth, {str(found.unknown).lower()})", f"{name}.timer_at")


def _together(parts: list[Turn], *, holds: bool) -> Turn:
    """`holds`: all of them; else any.

    Where the answer is `holds`, the first of all may turn it; else the last of those that make it so.
    """
    if len(parts) == 1:
        return parts[0]
    truth = "(" + (" AND " if holds else " OR ").join(part.truth for part in parts) + ")"
    if all(part.timer == NEVER for part in parts):
        return Turn(truth, NEVER)
    agree = "" if holds else "NOT "
    soonest = f"least({', '.join(part.timer for part in parts if part.timer != NEVER)})"
    deciding = [
        f"CASE WHEN {'NOT ' if holds else ''}{part.truth} THEN coalesce({part.timer}, 'infinity') END" for part in parts
    ]
    latest = f"nullif(greatest({', '.join(deciding)}), 'infinity')"
    return Turn(truth, f"CASE WHEN {agree}{truth} THEN {soonest} ELSE {latest} END")
