"""Rules as documents: every flaw is named with its place and a way out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.kernel.errors import Invalid
from antiphon.segments.parse import DEPTH_MAX, NODES_MAX, parse, parse_json, parse_within
from antiphon.segments.rules import Not

OK = {"event": "bought"}


def flaws(rule: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse({"version": 1, "rule": rule})
    return {flaw.at: flaw.message for flaw in caught.value.flaws}


@pytest.mark.parametrize(
    ("rule", "at", "says"),
    [
        ({}, "rule", "says nothing"),
        ([], "rule", "Here stands an object"),
        ({"and": [OK]}, "rule.and", 'Did you mean "all"?'),
        ({"evnt": "bought"}, "rule.evnt", 'Did you mean "event"?'),
        ({"event": "a", "trait": "b", "op": "exists"}, "rule", "One object says one thing"),
        ({"all": []}, "rule.all", "at least one rule"),
        ({"any": [OK, {"not": {"segment": ""}}]}, "rule.any[1].not.segment", "1 to 200 characters"),
        (OK | {"witin": "3d"}, "rule.witin", 'Did you mean "within"?'),
        (OK | {"within": "3w"}, "rule.within", "90s, 15m, 504h or 21d"),
        (OK | {"within": "0d"}, "rule.within", "90s, 15m, 504h or 21d"),
        (OK | {"within": 3}, "rule.within", "90s, 15m, 504h or 21d"),
        (OK | {"within": "99999999d"}, "rule.within", "up to 36500d"),
        (OK | {"count": {"op": "above", "value": 1}}, "rule.count.op", "Known: eq, ne, gt"),
        (OK | {"count": {"op": "eq", "value": -1}}, "rule.count.value", "whole number"),
        (OK | {"count": {"op": "eq", "value": True}}, "rule.count.value", "whole number"),
        (OK | {"sum": {"op": "eq", "value": 1}}, "rule.sum.property", "1 to 200 characters"),
        (OK | {"count": {"op": "eq", "value": 1}, "sum": {}}, "rule.sum", "not both"),
        (OK | {"where": {"property": "a"}}, "rule.where", "list"),
        (OK | {"where": [{"property": "a", "op": "eq"}]}, "rule.where[0].value", "use exists"),
        ({"trait": "a", "op": "gt", "value": "x"}, "rule.value", "before or after"),
        ({"trait": "a", "op": "before", "value": "soon"}, "rule.value", "2026-05-01"),
        ({"trait": "a", "op": "in", "value": []}, "rule.value", "A list of 1 to 1000"),
        ({"trait": "a", "op": "eq", "value": "\0"}, "rule.value", "A text"),
        ({"trait": "a", "op": "eq", "value": 10**400}, "rule.value", "A text"),
        ({"reachable": "mail"}, "rule.reachable", 'Did you mean "email"?'),
        ({"sequence": ["a"]}, "rule.sequence", "2 to 10"),
        ({"sequence": ["a", "b"], "complete": "no"}, "rule.complete", "true or false"),
    ],
)
def test_a_flaw_is_named_with_its_place(rule: Any, at: str, says: str) -> None:
    assert says in flaws(rule)[at]


def test_all_flaws_are_named_at_once() -> None:
    assert flaws({"all": [{"event": ""}, {"trait": "a", "op": "x"}]}).keys() == {
        "rule.all[0].event",
        "rule.all[1].op",
        "rule.all[1].value",
    }


def test_another_version_is_refused() -> None:
    with pytest.raises(Invalid, match="version 1 only"):
        parse({"version": 2, "rule": OK})


def nested(depth: int) -> Any:
    rule: Any = OK
    for _ in range(depth - 1):
        rule = {"not": rule}
    return rule


def test_depth_and_size_are_bounded() -> None:
    assert isinstance(parse(nested(DEPTH_MAX)), Not)
    assert "too large" in next(iter(flaws(nested(DEPTH_MAX + 1)).values()))
    parse({"all": [OK] * (NODES_MAX - 1)})
    assert "too large" in next(iter(flaws({"all": [OK] * NODES_MAX}).values()))
    assert "too large" in next(iter(flaws({"all": [OK] * 100_000}).values()))


def test_what_is_no_json_is_refused() -> None:
    for text in ("", "{", "[" * 100_000, '{"version": 1}'):
        with pytest.raises(Invalid):
            parse_json(text)


@pytest.mark.parametrize(("text", "hours"), [("90s", 0.025), ("15m", 0.25), ("504h", 504), ("21d", 504)])
def test_durations(text: str, hours: float) -> None:
    assert parse_within(text) == timedelta(hours=hours)


words = st.sampled_from(["event", "all", "not", "where", "op", "value", "within", "sequence", "eq", "rule", "3d", ""])
documents = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(documents)
def test_any_document_is_read_or_refused(document: Any) -> None:
    """Nothing else is raised, and a rule that was read can be compared and hashed."""
    try:
        hash(msgspec.json.encode(parse(document)))
    except Invalid as refused:
        places = [flaw.message for flaw in refused.flaws]
    else:
        places = ["read"]
    assert places
