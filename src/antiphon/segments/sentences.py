"""What a leaf asks for, and what would have to be otherwise, in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from antiphon.segments.engine.values import plain
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Happened, Leaf
from antiphon.segments.records_asked import Asked

_BE = {
    "eq": "be {}",
    "ne": "be other than {}",
    "gt": "be more than {}",
    "gte": "be at least {}",
    "lt": "be less than {}",
    "lte": "be at most {}",
    "in": "be one of {}",
    "not_in": "be none of {}",
    "contains": "contain {}",
    "starts_with": "begin with {}",
    "ends_with": "end with {}",
    "before": "be before {}",
    "after": "be after {}",
    "within": "lie within the last {}",
    "ago": "lie at least {} back",
    "next": "come within {}",
    "anniversary": "come again within {}",
    "between": "lie between {}",
}


def says(leaf: Leaf, *, holds: bool, value: Any, turns_at: datetime | None) -> str:
    """What would have to happen for the leaf to turn. Any: JSON."""
    wanted = asked(leaf)
    be = _BE.get(wanted.op, "be there" if wanted.value else "be missing").format(_said(wanted.value))
    sentence = f"{_subject(leaf)} would have to {'cease to ' if holds else ''}{be}; it is {_said(value)}."
    if turns_at is not None:
        sentence += f" Time alone may change it at {_said(turns_at)}."
    return sentence


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
        return f"The {_measure(leaf)} of {names}" + ("" if leaf.window.is_open else " in the window")
    return _SUBJECTS[type(leaf)](leaf)


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
        return "nothing"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_said(item) for item in value) or "nothing"
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
    rules.Computed: lambda leaf: f'The computed trait "{leaf.name}"',
    rules.Trait: lambda leaf: f'The trait "{leaf.condition.field}"',
    rules.Changed: lambda leaf: f'The last change of the trait "{leaf.trait}"',
    rules.InSegment: lambda leaf: f'Membership in "{leaf.segment}"',
    rules.Moved: lambda leaf: f'The last {"entry into" if leaf.entered else "exit from"} "{leaf.segment}"',
    rules.Reachable: lambda leaf: f"The number of usable addresses on {leaf.channel}",
    rules.Preference: lambda leaf: f'What was said of "{leaf.topic}" on "{leaf.channel}"',
    rules.Consent: lambda leaf: f'A consent in force for "{leaf.topic}" on "{leaf.channel}"',
    rules.Mobile: lambda leaf: "The share of opens and clicks on a phone or tablet",
    rules.Near: lambda leaf: "The distance in km",
    rules.LocalTime: lambda leaf: "Their local time",
    rules.InAccount: lambda leaf: "The accounts",
    rules.AccountTrait: lambda leaf: f'The trait "{leaf.condition.field}" of an account',
    rules.Random: lambda leaf: "The part of a hundred (it never changes)",
    rules.Steps: lambda leaf: "The steps that were reached",
}
