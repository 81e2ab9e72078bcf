"""From a rule document (JSON) to a rule; every flaw is named with its place. The leaves are read next door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any as Json  # JSON that nobody has looked at yet
from typing import NamedTuple

from antiphon.kernel.errors import Invalid
from antiphon.kernel.said import worded
from antiphon.segments.language import happenings, people, rules
from antiphon.segments.language.conditions import CHOICES_MAX, CONDITIONS_MAX, WINDOW_KEYS
from antiphon.segments.language.happenings import STEPS_MAX
from antiphon.segments.language.measures import MEASURES, measured, parse_computed
from antiphon.segments.language.people import ACCOUNT_CHARS_MAX
from antiphon.segments.language.reading import (
    FLAWS_MAX,
    INSTANT,
    NAME_CHARS_MAX,
    NUMBER_MAX,
    WITHIN_DAYS_MAX,
    Reading,
    parse_instant,
    parse_within,
)
from antiphon.segments.language.rules import Condition, Rule, Trait

__all__ = [
    "ACCOUNT_CHARS_MAX",
    "CHOICES_MAX",
    "DEPTH_MAX",
    "FLAWS_MAX",
    "INSTANT",
    "NAME_CHARS_MAX",
    "NODES_MAX",
    "NUMBER_MAX",
    "STEPS_MAX",
    "WITHIN_DAYS_MAX",
    "measured",
    "parse",
    "parse_computed",
    "parse_instant",
    "parse_within",
]

DEPTH_MAX = 20
NODES_MAX = CONDITIONS_MAX
_TOO_LARGE = f"The rule is too large: at most {DEPTH_MAX} levels and {NODES_MAX} nodes."
_NEVER = Trait(Condition("", "exists", True))  # stands where a flaw was found; the rule is refused at the end


class _Leaf(NamedTuple):
    """The keys that stand beside the name of the leaf, and who reads it."""

    keys: tuple[str, ...]
    read: Callable[[Reading, Mapping[str, Json], str], Rule]


LEAVES: Mapping[str, _Leaf] = {
    "event": _Leaf(("where", *WINDOW_KEYS, *MEASURES), happenings.happened),
    "computed": _Leaf(("op", "value"), happenings.computed),
    "message": _Leaf(("campaign", "topic", "channel", "by", "where", "count", *WINDOW_KEYS), happenings.message),
    "trait": _Leaf(("op", "value"), people.trait),
    "changed": _Leaf(("within", "from", "to"), people.changed),
    "account": _Leaf((), people.account),
    "segment": _Leaf(("for",), people.segment),
    "entered": _Leaf(("within",), people.entered),
    "left": _Leaf(("within",), people.left),
    "reachable": _Leaf(("topic",), people.reachable),
    "preference": _Leaf(("channel", "state"), people.preference),
    "consent": _Leaf(("channel", "confirmed"), people.consent),
    "mobile": _Leaf(("channel",), people.mobile),
    "near": _Leaf((), people.near),
    "local_time": _Leaf((), people.local_time),
    "random": _Leaf(("seed", "first"), people.random),
    "sequence": _Leaf((*WINDOW_KEYS, "span", "complete"), happenings.sequence),
}
COMBINATIONS = ("all", "any", "not")
KINDS = (*LEAVES, *COMBINATIONS)


def parse(document: object) -> Rule:
    """`{"version": 1, "rule": {…}}`, or the inner object alone. Raises Invalid with all flaws that were found."""
    reading = Reading()
    found = _document(reading, document)
    if reading.flaws:
        raise Invalid("The rule is not valid.", flaws=reading.flaws)
    return found


def _document(reading: Reading, value: object) -> Rule:
    if not isinstance(value, dict):
        reading.flaw("", 'A rule is an object such as {"version": 1, "rule": {…}}.')
        return _NEVER
    if "rule" not in value and "version" not in value:
        return _rule(reading, value, "rule", depth=1)
    reading.keys(value, ("version", "rule"), "")
    if value.get("version", 1) != 1 or isinstance(value.get("version"), bool):
        reading.flaw("version", "This version reads rules of version 1 only.")
    return _rule(reading, value.get("rule"), "rule", depth=1)


def _rule(reading: Reading, value: object, at: str, *, depth: int) -> Rule:
    reading.nodes += 1
    if depth > DEPTH_MAX or reading.nodes > NODES_MAX:
        _refuse_size(reading, at)
        return _NEVER
    if not isinstance(value, dict):
        reading.flaw(at, 'Here stands an object such as {"event": "order completed"}.')
        return _NEVER
    kinds = [kind for kind in KINDS if kind in value]
    if len(kinds) != 1:
        _refuse_unclear(reading, value, kinds, at)
        return _NEVER
    kind = kinds[0]
    if kind in LEAVES:
        reading.keys(value, (kind, *LEAVES[kind].keys), at)
        found = LEAVES[kind].read(reading, value, at)
        if reading.nodes > NODES_MAX:  # what stands under where counts too
            _refuse_size(reading, at)
        return found
    reading.keys(value, (kind,), at)
    if kind == "not":
        return rules.Not(_rule(reading, value[kind], f"{at}.not", depth=depth + 1))
    parts = _parts(reading, value[kind], f"{at}.{kind}", depth=depth + 1)
    return rules.All(parts) if kind == "all" else rules.Any(parts)


def _parts(reading: Reading, value: object, at: str, *, depth: int) -> tuple[Rule, ...]:
    if not isinstance(value, list) or not value:
        reading.flaw(at, "Here stands a list with at least one rule.")
        return ()
    if len(value) > NODES_MAX:
        _refuse_size(reading, at)
    return tuple(_rule(reading, part, f"{at}[{n}]", depth=depth) for n, part in enumerate(value[:NODES_MAX]))


def _refuse_size(reading: Reading, at: str) -> None:
    """Said once: whatever follows is too much as well."""
    if not any(flaw.message == _TOO_LARGE for flaw in reading.flaws):
        reading.flaw(at, _TOO_LARGE)


def _refuse_unclear(reading: Reading, value: Mapping[str, Json], kinds: Sequence[str], at: str) -> None:
    if kinds:
        reading.flaw(
            at,
            worded(
                "One object says one thing, this says {known}. Join them with all or any.", known=" and ".join(kinds)
            ),
        )
    elif not value:
        reading.flaw(at, worded("An empty object says nothing: one of {known} is needed.", known=", ".join(KINDS)))
    else:
        reading.keys(value, KINDS, at)
