"""Computed traits as documents, and what a rule that names one stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from antiphon.kernel.errors import Invalid
from antiphon.segments.language.parse import measured, parse_computed
from antiphon.segments.language.rules import All, Happened, Measure, Not, Op, Rule, Window

LATELY = Window(timedelta(days=90))
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def bought(measure: Measure) -> Happened:
    return Happened(("bought",), (), LATELY, measure)


def computed(of: str, **more: str) -> Any:
    return parse_computed({"event": "bought", "within": "90d", "of": of, **more})


def last(op: Op, days: int) -> Happened:
    return bought(Measure("last", op, timedelta(days=days)))


@pytest.mark.parametrize(
    ("op", "rule"),
    [
        ("gte", last("ago", 3)),
        ("gt", last("ago", 4)),
        ("lt", last("within", 3)),
        ("lte", last("within", 4)),
        ("eq", All((last("ago", 3), last("within", 4)))),
        ("ne", Not(All((last("ago", 3), last("within", 4))))),
    ],
)
def test_recency_compares_whole_days_since_the_last_event(op: Op, rule: Rule) -> None:
    assert measured(computed("recency"), op, 3) == rule


def test_a_computed_trait_stands_for_its_measure() -> None:
    assert measured(computed("count"), "lt", 3) == bought(Measure("count", "lt", Decimal(3)))
    assert measured(computed("sum", property="a"), "eq", 0.1) == bought(Measure("sum", "eq", Decimal("0.1"), "a"))
    assert measured(computed("first"), "after", MAY) == bought(Measure("first", "after", MAY))
    assert measured(computed("most", property="a"), "eq", "x") == bought(Measure("most", "eq", "x", "a"))


@pytest.mark.parametrize(
    ("of", "op", "value", "at"),
    [
        ("count", "in", (1, 2), "op"),
        ("count", "eq", "3", "value"),
        ("count", "eq", 2.5, "value"),
        ("recency", "gte", 2.5, "value"),
        ("recency", "gte", True, "value"),
        ("first", "eq", "x", "op"),
    ],
)
def test_a_computed_trait_is_compared_only_as_its_measure_is(of: str, op: Op, value: Any, at: str) -> None:
    with pytest.raises(Invalid) as caught:
        measured(computed(of), op, value)
    assert [flaw.at for flaw in caught.value.flaws] == [at]


@pytest.mark.parametrize(
    ("document", "at"),
    [
        ([], ""),
        ({"event": "a"}, "of"),
        ({"event": "a", "of": "sum"}, "property"),
        ({"event": "a", "of": "count", "property": "b"}, "property"),
        ({"of": "count"}, "event"),
        ({"event": "a", "of": "count", "where": [{"property": "b"}]}, "where[0].op"),
        ({"event": "a", "of": "count", "count": {"op": "eq", "value": 1}}, "count"),
        ({"event": "a", "of": "count", "within": "3w"}, "within"),
    ],
)
def test_a_flaw_of_a_computed_trait_is_named_with_its_place(document: Any, at: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_computed(document)
    assert at in [flaw.at for flaw in caught.value.flaws]
