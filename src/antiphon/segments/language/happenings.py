"""Leaves about what happened: events, messages, sequences, computed traits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as Json  # JSON that nobody has looked at yet
from typing import get_args

from antiphon.kernel.engagement import EVENTS, MACHINE
from antiphon.kernel.said import worded
from antiphon.segments.language.conditions import comparison, conditions, window
from antiphon.segments.language.measures import COMPUTED_OPS, count, events, measure
from antiphon.segments.language.reading import Reading
from antiphon.segments.language.rules import By, Computed, Condition, Engagement, Happened, Rule, Step, Steps

STEPS_MAX = 10

_WHATS: tuple[Engagement, ...] = get_args(Engagement)
_BYS: tuple[By, ...] = get_args(By)
_CHANNELS = tuple(dict.fromkeys(channel for _, channel in EVENTS))
_RECORDED = {"person": (EVENTS,), "machine": (MACHINE,), "any": (EVENTS, MACHINE)}
_SAID_OF_MESSAGES = {"campaign": "source", "topic": "topic"}
"""What a rule calls it → the property of the event."""


def happened(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    return Happened(
        events=events(reading, value["event"], f"{at}.event"),
        where=conditions(reading, value.get("where", []), f"{at}.where"),
        window=window(reading, value, at),
        measure=measure(reading, value, at),
    )


def message(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    """The events that stand for it. What is said of the message comes before the conditions that were given."""
    said = tuple(
        Condition(field, "eq", reading.name(value[key], f"{at}.{key}"))
        for key, field in _SAID_OF_MESSAGES.items()
        if key in value
    )
    return Happened(
        events=_message_events(reading, value, at),
        where=said + conditions(reading, value.get("where", []), f"{at}.where"),
        window=window(reading, value, at),
        measure=count(reading, value, at),
    )


def _message_events(reading: Reading, value: Mapping[str, Json], at: str) -> tuple[str, ...]:
    what = reading.choice(value["message"], _WHATS, f"{at}.message", kind="engagement")
    by = reading.choice(value.get("by", "person"), _BYS, f"{at}.by", kind="actor")
    channels = _CHANNELS
    if "channel" in value:
        channels = (reading.choice(value["channel"], _CHANNELS, f"{at}.channel", kind="channel"),)
    names = [table.get((what, channel)) for table in _RECORDED[by] for channel in channels]
    found = tuple(dict.fromkeys(name for name in names if name is not None))
    if not found:
        whose = f"{what} by a machine" if by == "machine" else what
        reading.flaw(
            f"{at}.message",
            worded(
                "It is never recorded of {known} that a message was {whose}.", known=" or ".join(channels), whose=whose
            ),
        )
    return found


def computed(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    op, operand = comparison(reading, value, at, known=COMPUTED_OPS)
    return Computed(reading.name(value["computed"], f"{at}.computed"), op, operand)


def sequence(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    given = value["sequence"]
    if not isinstance(given, list) or not 2 <= len(given) <= STEPS_MAX:
        reading.flaw(f"{at}.sequence", worded("A list of 2 to {most} steps is needed.", most=STEPS_MAX))
        given = []
    return Steps(
        steps=tuple(_step(reading, item, f"{at}.sequence[{n}]") for n, item in enumerate(given)),
        window=window(reading, value, at),
        span=reading.duration(value["span"], f"{at}.span") if "span" in value else None,
        complete=reading.flag(value.get("complete", True), f"{at}.complete"),
    )


def _step(reading: Reading, value: object, at: str) -> Step:
    """The name of an event, or an event with conditions."""
    if isinstance(value, str):
        return Step(reading.name(value, at))
    given = reading.form(value, ("event", "where"), at, example='{"event": "cart added", "where": […]}')
    where = conditions(reading, given.get("where", []), f"{at}.where")
    return Step(reading.name(given.get("event"), f"{at}.event"), where)
