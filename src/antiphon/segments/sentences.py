"""What a leaf asks for, and what would have to be otherwise, in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from antiphon.kernel.said import worded
from antiphon.segments.engine.values import plain
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Happened, Leaf
from antiphon.segments.records_asked import Asked

_BE = {
    "eq": "be {value}",
    "ne": "be other than {value}",
    "gt": "be more than {value}",
    "gte": "be at least {value}",
    "lt": "be less than {value}",
    "lte": "be at most {value}",
    "in": "be one of {value}",
    "not_in": "be none of {value}",
    "contains": "contain {value}",
    "starts_with": "begin with {value}",
    "ends_with": "end with {value}",
    "before": "be before {value}",
    "after": "be after {value}",
    "within": "lie within the last {value}",
    "ago": "lie at least {value} back",
    "next": "come within {value}",
    "anniversary": "come again within {value}",
    "between": "lie between {value}",
}


def says(leaf: Leaf, *, holds: bool, value: Any, turns_at: datetime | None) -> str:
    """What would have to happen for the leaf to turn. Any: JSON."""
    wanted = asked(leaf)
    if wanted.op in _BE:
        be = worded(_BE[wanted.op], value=_said(wanted.value))
    else:
        be = worded("be there") if wanted.value else worded("be missing")
    sentence = worded(_TURNS[holds], subject=_subject(leaf), be=be, found=_said(value))
    if turns_at is None:
        return sentence
    return worded("{sentence} Time alone may change it at {time}.", sentence=sentence, time=_said(turns_at))


_TURNS = {
    False: "{subject} would have to {be}; it is {found}.",
    True: "{subject} would have to cease to {be}; it is {found}.",
}
"""By whether it holds."""


def asked(leaf: Leaf) -> Asked:
    if isinstance(leaf, Happened):
        return Asked(_measure(leaf), leaf.measure.op, _json(leaf.measure.value))
    return _ASKED[type(leaf)](leaf)


def _measure(leaf: Happened) -> str:
    measure = leaf.measure
    return measure.of if measure.field is None else f"{measure.of} of {measure.field}"


def _subject(leaf: Leaf) -> str:
    if isinstance(leaf, Happened):
        names = ", ".join(f'"{name}"' for name in leaf.events)
        form = "The {measure} of {events}" if leaf.window.is_open else "The {measure} of {events} in the window"
        return worded(form, measure=_measure_said(leaf), events=names)
    return _SUBJECTS[type(leaf)](leaf)


def _measure_said(leaf: Happened) -> str:
    of = worded(leaf.measure.of)
    return of if leaf.measure.field is None else worded("{measure} of {field}", measure=of, field=leaf.measure.field)


def _json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    if isinstance(value, timedelta):
        return duration(value)
    return plain(value) if isinstance(value, Decimal) else value


def duration(length: timedelta) -> str:
    """As rules write it."""
    seconds = int(length.total_seconds())
    for unit, long in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % long == 0:
            return f"{seconds // long}{unit}"
    return f"{seconds}s"


def _said(value: Any) -> str:
    if value is None:
        return worded("nothing")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_said(item) for item in value) or worded("nothing")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _in_time(of: str, within: timedelta | None) -> Asked:
    return Asked(of, "exists", True) if within is None else Asked(of, "within", duration(within))


def _since(leaf: rules.InSegment) -> Asked:
    return (
        Asked("member since", "exists", True)
        if leaf.since is None
        else Asked("member since", "ago", duration(leaf.since))
    )


def _steps(leaf: rules.Steps) -> Asked:
    return Asked("steps", "gte" if leaf.complete else "lt", len(leaf.steps))


def _hours(leaf: rules.LocalTime) -> Asked:
    return Asked(
        "local time", "between", {"from": f"{leaf.begin:%H:%M}", "to": f"{leaf.end:%H:%M}", "days": [*leaf.days]}
    )


# Any: each takes its own kind of leaf
_ASKED: Mapping[type, Callable[[Any], Asked]] = {
    rules.Computed: lambda leaf: Asked(f"computed {leaf.name}", leaf.op, _json(leaf.value)),
    rules.Trait: lambda leaf: Asked("trait", leaf.condition.op, _json(leaf.condition.value)),
    rules.Changed: lambda leaf: _in_time("last change", leaf.within),
    rules.InSegment: _since,
    rules.Moved: lambda leaf: _in_time("last entry" if leaf.entered else "last exit", leaf.within),
    rules.Reachable: lambda _leaf: Asked("usable addresses", "gte", 1),
    rules.Preference: lambda leaf: Asked("wish", "contains", leaf.state),
    rules.Consent: lambda _leaf: Asked("consent", "exists", True),
    rules.Mobile: lambda leaf: Asked("share", leaf.op, _json(leaf.value)),
    rules.Near: lambda leaf: Asked("km", "lte", leaf.km),
    rules.LocalTime: _hours,
    rules.InAccount: lambda leaf: Asked("accounts", "contains", leaf.account),
    rules.AccountTrait: lambda leaf: Asked("trait of accounts", leaf.condition.op, _json(leaf.condition.value)),
    rules.Random: lambda leaf: Asked("part", "between", [leaf.first, leaf.first + leaf.share]),
    rules.Steps: _steps,
}
_SUBJECTS: Mapping[type, Callable[[Any], str]] = {
    rules.Computed: lambda leaf: worded('The computed trait "{name}"', name=leaf.name),
    rules.Trait: lambda leaf: worded('The trait "{name}"', name=leaf.condition.field),
    rules.Changed: lambda leaf: worded('The last change of the trait "{name}"', name=leaf.trait),
    rules.InSegment: lambda leaf: worded('Membership in "{name}"', name=leaf.segment),
    rules.Moved: lambda leaf: worded(
        'The last entry into "{name}"' if leaf.entered else 'The last exit from "{name}"', name=leaf.segment
    ),
    rules.Reachable: lambda leaf: worded("The number of usable addresses on {channel}", channel=worded(leaf.channel)),
    rules.Preference: lambda leaf: worded(
        'What was said of "{topic}" on "{channel}"', topic=leaf.topic, channel=leaf.channel
    ),
    rules.Consent: lambda leaf: worded(
        'A consent in force for "{topic}" on "{channel}"', topic=leaf.topic, channel=leaf.channel
    ),
    rules.Mobile: lambda leaf: worded("The share of opens and clicks on a phone or tablet"),
    rules.Near: lambda leaf: worded("The distance in km"),
    rules.LocalTime: lambda leaf: worded("Their local time"),
    rules.InAccount: lambda leaf: worded("The accounts"),
    rules.AccountTrait: lambda leaf: worded('The trait "{name}" of an account', name=leaf.condition.field),
    rules.Random: lambda leaf: worded("The part of a hundred (it never changes)"),
    rules.Steps: lambda leaf: worded("The steps that were reached"),
}
