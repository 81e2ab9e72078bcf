"""Measures of events, and computed traits: measures with a name of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any as Json  # JSON that nobody has looked at yet
from typing import Literal, cast, get_args

from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.said import worded
from antiphon.segments.language.conditions import OPS, PROPERTY_OPS, WINDOW_KEYS, comparison, conditions, path, window
from antiphon.segments.language.reading import WITHIN_DAYS_MAX, Reading, is_number, place
from antiphon.segments.language.rules import (
    NUMBERS,
    All,
    ComputedTrait,
    Happened,
    Measure,
    Measured,
    Not,
    NumberOp,
    Op,
    Rule,
    Value,
)

EVENTS_MAX = 100
COUNT_MAX = 10**9
NUMBER_OPS: tuple[NumberOp, ...] = get_args(NumberOp)
TIME_OPS: tuple[Op, ...] = ("before", "after", "within", "ago")
COMPUTED_OPS = tuple(op for op in OPS if op not in ("next", "anniversary"))
MEASURES: tuple[Measured, ...] = get_args(Measured)
PRESENT = Measure("count", "gte", Decimal(1))

Of = Measured | Literal["recency"]
_OFS: tuple[Of, ...] = (*MEASURES, "recency")
_WHOLE = ("count", "distinct", "days", "recency")
_BARE = ("count", "days", "recency")  # no property
_EITHER = ("first", "last")  # with a property its value, without one the time of the event


def events(reading: Reading, value: object, at: str) -> tuple[str, ...]:
    """A name, or a list of names that count as one."""
    if not isinstance(value, list):
        return (reading.name(value, at),)
    if not 0 < len(value) <= EVENTS_MAX:
        reading.flaw(at, worded("A list of 1 to {most} names of events is needed.", most=EVENTS_MAX))
        return ()
    return tuple(dict.fromkeys(reading.name(name, f"{at}[{n}]") for n, name in enumerate(value)))


def measure(reading: Reading, value: Mapping[str, Json], at: str) -> Measure:
    """The measure of an event leaf: at least one event where it names none."""
    found = [of for of in MEASURES if of in value]
    for other in found[1:]:
        reading.flaw(
            place(at, other),
            worded("An event has one measure, here it has {found} too; use two objects under all.", found=found[0]),
        )
    return _measure(reading, found[0], value[found[0]], place(at, found[0])) if found else PRESENT


def count(reading: Reading, value: Mapping[str, Json], at: str) -> Measure:
    return _measure(reading, "count", value["count"], place(at, "count")) if "count" in value else PRESENT


def _measure(reading: Reading, of: Measured, value: object, at: str) -> Measure:
    known = ("op", "value") if of in _BARE else ("property", "op", "value")
    example = '{"op": "gte", "value": 3}' if of in _BARE else '{"property": "amount", "op": "gte", "value": 3}'
    given = reading.form(value, known, at, example=example)
    field = _property(reading, of, given, at)
    if of not in NUMBERS:
        op, operand = comparison(reading, given, at, known=_ops(of, field))
        return Measure(of, op, operand, field)
    number_op = reading.choice(given.get("op"), NUMBER_OPS, place(at, "op"), kind="operator")
    here = place(at, "value")
    number = reading.whole(given.get("value"), here) if of in _WHOLE else reading.number(given.get("value"), here)
    return Measure(of, number_op, Decimal(repr(number)), field)


def _property(reading: Reading, of: Of, value: Mapping[str, Json], at: str) -> str | None:
    if of in _BARE or (of in _EITHER and "property" not in value):
        return None
    found = path(reading, value.get("property"), place(at, "property"))
    if "[]" in found:
        reading.flaw(place(at, "property"), "A measure takes one value of each event: a path without [].")
    return found


def _ops(of: Of, field: str | None) -> Sequence[Op]:
    if of in NUMBERS or of == "recency":
        return NUMBER_OPS
    return PROPERTY_OPS if field is not None else TIME_OPS


def parse_computed(document: object) -> ComputedTrait:
    """`{"event", "where", window, "of", "property"}`. Raises Invalid with all flaws that were found."""
    reading = Reading()
    known = ("event", "where", *WINDOW_KEYS, "of", "property")
    given = reading.form(document, known, "", example='{"event": "bought", "of": "count"}')
    of = reading.choice(given.get("of"), _OFS, "of", kind="measure")
    if of in _BARE and "property" in given:
        reading.flaw("property", worded("{of} looks at no property.", of=of))
    found = ComputedTrait(
        events=events(reading, given.get("event"), "event"),
        where=conditions(reading, given.get("where", []), "where"),
        window=window(reading, given, ""),
        of=of,
        field=_property(reading, of, given, ""),
    )
    if reading.flaws:
        raise Invalid("The computed trait is not valid.", flaws=reading.flaws)
    return found


def measured(computed: ComputedTrait, op: Op, value: Value | Decimal) -> Rule:
    """What a leaf `{"computed": …}` stands for. Raises Invalid, at `op` or `value`, where they do not fit."""
    known = _ops(computed.of, computed.field)
    if op not in known:
        raise _misfit(
            "op",
            worded(
                'A computed trait of {of} has no operator "{op}". Known: {known}.',
                of=computed.of,
                op=op,
                known=", ".join(known),
            ),
        )
    if computed.of == "recency":
        return _recency(computed, op, int(_number(computed, value)))
    operand = _number(computed, value) if computed.of in NUMBERS else value
    return _happened(computed, Measure(computed.of, op, operand, computed.field))


def _number(computed: ComputedTrait, value: Value | Decimal) -> Decimal:
    number = Decimal(str(value)) if isinstance(value, Decimal) or is_number(value) else None
    most = WITHIN_DAYS_MAX if computed.of == "recency" else COUNT_MAX
    if number is None:
        raise _misfit("value", "A number is needed.")
    if computed.of in _WHOLE and not (number == int(number) and 0 <= number <= most):
        raise _misfit("value", worded("A whole number from 0 to {most} is needed.", most=most))
    return number


def _recency(computed: ComputedTrait, op: Op, days: int) -> Rule:
    """Whole days since the last event. Without events there is no number: nothing holds but `ne`."""

    def at_least(n: int) -> Rule:
        return _happened(computed, Measure("last", "ago", timedelta(days=n)))

    def under(n: int) -> Rule:
        return _happened(computed, Measure("last", "within", timedelta(days=n)))

    match cast(NumberOp, op):
        case "gte":
            return at_least(days)
        case "gt":
            return at_least(days + 1)
        case "lt":
            return under(days)
        case "lte":
            return under(days + 1)
        case "eq":
            return All((at_least(days), under(days + 1)))
        case "ne":
            return Not(All((at_least(days), under(days + 1))))


def _happened(computed: ComputedTrait, found: Measure) -> Happened:
    return Happened(computed.events, computed.where, computed.window, found)


def _misfit(at: str, message: str) -> Invalid:
    return Invalid("The rule is not valid.", flaws=[Flaw(at, message)])
