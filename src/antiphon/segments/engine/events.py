"""Events in a window, measured from the raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.conditions import SIGNS, compared, condition_sql, number_sql, path_sql
from antiphon.segments.engine.frame import Frame
from antiphon.segments.engine.windows import Span
from antiphon.segments.language.rules import Happened, Measure

_GROUP = "GROUP BY e.profile_id"
"""The bucket follows from the profile: an index without it serves."""
_WHO = "(e.profile_id & 255)::smallint AS bucket, e.profile_id"
_COUNTED = 2**62
_OFTEN = 1000
"""To count further than this, the time at which a count is no longer reached is not worth a sort of all events."""


class FromEvents(Answer):
    def __init__(self, leaf: Happened, frame: Frame) -> None:
        super().__init__(frame)
        self.leaf, self.span = leaf, Span(leaf.window, frame)
        self.unknown = leaf.measure.holds_without_events

    def differing(self) -> str:
        truth = measured(self.leaf.measure, self.frame)
        wrong = f"NOT ({truth})" if self.unknown else truth
        return f"SELECT {_WHO} {self.source()} AND {self.span.past()} {_GROUP} HAVING {wrong}"

    def together(self, others: Sequence[Measure]) -> str:
        """Rows `(bucket, profile_id)` of those for whom other measures of the same events hold too: one look."""
        truths = [measured(measure, self.frame) for measure in (self.leaf.measure, *others)]
        return f"SELECT {_WHO} {self.source()} AND {self.span.past()} {_GROUP} HAVING {' AND '.join(truths)}"

    def judged(self) -> str:
        past = self.span.past()
        truth = measured(self.leaf.measure, self.frame, among=past)
        timers = [f"min({self.span.enters('e.at')}) FILTER (WHERE NOT {past})", *self._leaving(past)]
        return f"SELECT {_WHO}, {truth} AS truth, least({', '.join(timers)}) AS timer_at {self.source()} {_GROUP}"

    def _leaving(self, past: str) -> list[str]:
        """When the measure may change because the window moves on."""
        found = []
        measure = self.leaf.measure
        if isinstance(measure.value, timedelta):
            found.append(flips_at(moment_of(measure, past), measure.value, self.frame))
        leaves = self.span.leaves("e.at")
        if leaves is None:
            return found
        reached = threshold(measure)
        if reached is None or reached > _OFTEN:
            return [*found, f"min({leaves}) FILTER (WHERE {past})"]
        if reached < 1:
            return found
        if reached == 1:
            return [*found, f"max({leaves}) FILTER (WHERE {past})"]
        return [*found, f"(array_agg({leaves} ORDER BY e.at DESC) FILTER (WHERE {past}))[{reached}]"]

    def source(self) -> str:
        text = events_of(self.leaf.events, self.span, self.frame)
        return text + "".join(
            f" AND {condition_sql(condition, 'e.properties', self.frame)}" for condition in self.leaf.where
        )


def events_of(names: tuple[str, ...], span: Span, frame: Frame) -> str:
    """`FROM … WHERE …`: events `e` of these names which the window holds or will hold, of whom the question is about.

    Of given profiles the rollup guards: who has no such event since then is not looked up further. OFFSET 0 keeps the
    look by profile: of a month that has just begun nothing is known, and the planner would read it whole for each.
    """
    since = span.since()
    numbers = [frame.event(name) for name in names]
    named = f"= {numbers[0]}" if len(numbers) == 1 else f"IN ({', '.join(numbers)})"
    person = ""
    if span.needs_person:
        person = f" JOIN {frame.people} person ON person.id = e.profile_id"
    if not frame.given:
        return f"FROM known_event e{person} WHERE e.name_id {named}{span.recent()}"
    recent = f" AND n.at > {since}" if since else ""
    guard = f" AND s.last_at > {since}" if since else ""
    guarded = f" JOIN known_event_sum s ON s.bucket = t.bucket AND s.profile_id = t.id AND s.name_id {named}{guard}"
    own = f"FROM known_event n WHERE n.name_id = s.name_id AND n.profile_id = t.id{recent} OFFSET 0"
    return f"FROM target t{guarded} CROSS JOIN LATERAL (SELECT n.* {own}) e{person} WHERE true{span.recent()}"


def threshold(measure: Measure) -> int | None:
    """Where the answer turns on whether there are at least so many events: how many. None: it does not."""
    if measure.of != "count" or not isinstance(measure.value, Decimal):
        return None
    if measure.asks_presence:
        return 1
    if measure.op in ("gte", "lt"):
        return int(measure.value)
    return int(measure.value) + 1 if measure.op in ("gt", "lte") else None


def measured(measure: Measure, frame: Frame, *, among: str | None = None) -> str:
    """A boolean over grouped events `e`; `among` filters those that count."""
    if measure.of in ("first", "last") and measure.field is None:
        return moment_holds(moment_of(measure, among), measure, frame)
    amount = amount_sql(measure, frame, among)
    if measure.of in ("first", "last", "most"):
        return compared(amount, measure.op, measure.value, frame)
    number = number_of(measure, frame)
    missing = "0" if measure.of in ("count", "sum", "distinct", "days") else None
    if missing is not None:
        return f"coalesce({amount}, {missing}) {SIGNS[measure.op]} {number}"
    return f"coalesce({amount} {SIGNS[measure.op]} {number}, {str(measure.holds_without_events).lower()})"


def number_of(measure: Measure, frame: Frame) -> str:
    """A whole number is compared as one: to make a decimal of every count takes longer than to count."""
    value = measure.value
    assert isinstance(value, Decimal)
    if measure.of in ("count", "distinct", "days") and value == value.to_integral_value() and abs(value) < _COUNTED:
        return frame.add(int(value), "bigint")
    return frame.add(value, "numeric")


def amount_sql(measure: Measure, frame: Frame, among: str | None) -> str:
    """What is measured: a number, or the JSON value of a property; null where there is none."""
    only = f" FILTER (WHERE {among})" if among else ""
    if measure.of == "count":
        return f"count(*){only}"
    if measure.of == "days":
        zone = frame.add(frame.words.zone, "text")
        return f"count(DISTINCT (e.at AT TIME ZONE {zone})::date){only}"
    field = f"nullif({path_sql('e.properties', measure.field or '', frame)}, 'null')"
    if measure.of == "distinct":
        return f"count(DISTINCT {field}){only}"
    if measure.of == "most":
        return f"mode() WITHIN GROUP (ORDER BY {field}){only}"
    if measure.of in ("first", "last"):
        order = "DESC" if measure.of == "last" else "ASC"
        return f'(array_agg({field} ORDER BY e.at {order}, ({field})::text COLLATE "C"){only})[1]'
    function = {"sum": "sum", "average": "avg", "min": "min", "max": "max"}[measure.of]
    return f"{function}({number_sql(field)}){only}"


def moment_of(measure: Measure, among: str | None) -> str:
    only = f" FILTER (WHERE {among})" if among else ""
    return f"{'min' if measure.of == 'first' else 'max'}(e.at){only}"


def moment_holds(moment: str, measure: Measure, frame: Frame) -> str:
    """Whether the time of the first or last event compares."""
    if isinstance(measure.value, timedelta):
        edge = frame.add(frame.at - measure.value, "timestamptz")
        return f"coalesce({moment} {'>' if measure.op == 'within' else '<='} {edge}, false)"
    assert isinstance(measure.value, datetime)
    return f"coalesce({moment} {SIGNS[measure.op]} {frame.add(measure.value, 'timestamptz')}, false)"


def flips_at(moment: str, after: timedelta, frame: Frame) -> str:
    """The instant so long after the moment, if it is still to come."""
    at = f"{moment} + {frame.add(after, 'interval')}"
    return f"CASE WHEN {at} > {frame.now} THEN {at} END"
