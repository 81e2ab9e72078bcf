"""What happened to somebody: which events count, what is measured of them, and in which order they came."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from segments.oracle_time import Moment
from segments.oracle_values import (
    compares,
    is_number,
    kinds,
    lying_once,
    meets,
    most_frequent,
    numerically,
    written,
)

Event = tuple[str, datetime, dict[str, Any]]
"""What it is called, when it was, its properties."""

MEASURES = ("count", "sum", "average", "min", "max", "distinct", "days", "first", "last", "most")
OF_PEOPLE = {
    ("sent", "email"): "Email Sent",
    ("sent", "sms"): "SMS Sent",
    ("sent", "push"): "Push Sent",
    ("delivered", "email"): "Email Delivered",
    ("delivered", "sms"): "SMS Delivered",
    ("delivered", "push"): "Push Delivered",
    ("opened", "email"): "Email Opened",
    ("opened", "push"): "Push Opened",
    ("clicked", "email"): "Email Link Clicked",
    ("clicked", "sms"): "SMS Link Clicked",
    ("clicked", "push"): "Push Opened",
    ("replied", "email"): "Email Replied",
    ("replied", "sms"): "SMS Replied",
}
OF_MACHINES = {
    ("opened", "email"): "Email Opened By Machine",
    ("clicked", "email"): "Email Link Clicked By Machine",
    ("clicked", "sms"): "SMS Link Clicked By Machine",
}


def happened(leaf: dict[str, Any], events: list[Event], moment: Moment) -> bool:
    names = [leaf["event"]] if isinstance(leaf["event"], str) else leaf["event"]
    found = select(events, names, leaf, moment)
    of = next((of for of in MEASURES if of in leaf), None)
    return measures(of or "count", leaf[of] if of else {"op": "gte", "value": 1}, found, moment)


def written_to(leaf: dict[str, Any], events: list[Event], moment: Moment) -> bool:
    """A message, as the events that are noted of it."""
    tables = {"person": [OF_PEOPLE], "machine": [OF_MACHINES], "any": [OF_PEOPLE, OF_MACHINES]}[
        leaf.get("by", "person")
    ]
    names = [
        name
        for table in tables
        for (what, channel), name in table.items()
        if what == leaf["message"] and leaf.get("channel", channel) == channel
    ]
    said = {"campaign": "source", "topic": "topic"}
    of_it = [{"property": said[key], "op": "eq", "value": leaf[key]} for key in said if key in leaf]
    found = select(events, names, {**leaf, "where": of_it + leaf.get("where", [])}, moment)
    return measures("count", leaf.get("count", {"op": "gte", "value": 1}), found, moment)


def computed(definition: dict[str, Any], leaf: dict[str, Any], events: list[Event], moment: Moment) -> bool:
    asked = {key: leaf[key] for key in ("op", "value") if key in leaf}
    if definition["of"] != "recency":
        of_property = {key: definition[key] for key in ("property",) if key in definition}
        rest = {key: value for key, value in definition.items() if key not in ("of", "property")}
        return happened({**rest, definition["of"]: of_property | asked}, events, moment)
    names = [definition["event"]] if isinstance(definition["event"], str) else definition["event"]
    found = select(events, names, definition, moment)
    if not found:
        return bool(asked["op"] == "ne")
    days = (moment.at - max(at for _, at, _ in found)) // timedelta(days=1)
    return numerically(Fraction(days), asked["op"], asked["value"])


def select(events: list[Event], names: list[str], leaf: dict[str, Any], moment: Moment) -> list[Event]:
    """By name, window and conditions."""
    return [
        event
        for event in events
        if event[0] in names and moment.holds(leaf, event[1]) and meets_all(event, leaf.get("where", []), moment)
    ]


def meets_all(event: Event, where: list[dict[str, Any]], moment: Moment) -> bool:
    return all(meets(event[2], each["property"], each["op"], each.get("value", True), moment) for each in where)


def measures(of: str, asked: dict[str, Any], events: list[Event], moment: Moment) -> bool:
    op, right = asked["op"], asked.get("value", True)
    if of in ("first", "last"):
        return at_the_edge(of, asked, events, moment)
    if of == "count":
        return numerically(Fraction(len(events)), op, right)
    if of == "days":
        return numerically(Fraction(len({moment.day_of(at) for _, at, _ in events})), op, right)
    there = [value for _, _, of_it in events if (value := lying_once(of_it, asked["property"])) is not None]
    if of == "most":
        return compares(most_frequent(there), op, right, moment)
    if of == "distinct":
        return numerically(Fraction(len(kinds(there))), op, right)
    numbers = [Fraction(str(value)) for value in there if is_number(value)]
    if of == "sum":
        return numerically(sum(numbers, Fraction(0)), op, right)
    if not numbers:
        return bool(op == "ne")
    number = {"average": sum(numbers, Fraction(0)) / len(numbers), "min": min(numbers), "max": max(numbers)}[of]
    return numerically(number, op, right)


def at_the_edge(of: str, asked: dict[str, Any], events: list[Event], moment: Moment) -> bool:
    """The first or the last: its time, or what it says; of one instant the one that reads first."""
    op, right = asked["op"], asked.get("value", True)
    times = [at for _, at, _ in events]
    edge = (min if of == "first" else max)(times, default=None)
    if "property" not in asked:
        return edge is not None and compares(edge.isoformat(), op, right, moment)
    said = [lying_once(of_it, asked["property"]) for _, at, of_it in events if at == edge]
    there = [value for value in said if value is not None]
    return compares(min(there, key=written, default=None), op, right, moment)


def follow(leaf: dict[str, Any], events: list[Event], moment: Moment) -> bool:
    """Some run reaches its end; or the latest first step was not followed by the rest, and its time is up."""
    steps = [{"event": step} if isinstance(step, str) else step for step in leaf["sequence"]]
    span = Moment.long(leaf["span"]) if "span" in leaf else None
    begun = [at for _, at, _ in select(events, [steps[0]["event"]], {**leaf, **steps[0]}, moment)]

    def ends(step: int, start: datetime, after: datetime) -> bool:
        if step == len(steps):
            return True
        further = select(events, [steps[step]["event"]], {**leaf, **steps[step]}, moment)
        return any(
            at > after and (span is None or at - start <= span) and ends(step + 1, start, at) for _, at, _ in further
        )

    if leaf.get("complete", True):
        return any(ends(1, at, at) for at in begun)
    if not begun or ends(1, max(begun), max(begun)):
        return False
    return span is None or max(begun) + span <= moment.at
