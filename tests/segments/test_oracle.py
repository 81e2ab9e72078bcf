"""The oracle is right: cases that were worked out by hand, at the edges above all. The product is not asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from segments import oracle_cases, oracle_cases_of_events, oracle_cases_of_wishes
from segments.oracle import LEAVES, Person, World, is_drawn, whole
from segments.oracle_cases import NOW, Case
from segments.oracle_events import MEASURES

CASES = [*oracle_cases.CASES, *oracle_cases_of_events.CASES, *oracle_cases_of_wishes.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_whoever_is_in_is_in(case: Case) -> None:
    world = case.world or World()
    person = case.person
    assert world.holds(case.rule, person, case.at) is case.holds
    assert world.holds({"not": case.rule}, person, case.at) is not case.holds


def test_every_leaf_and_measure_was_worked_out_three_times_and_both_ways() -> None:
    for leaf in LEAVES:
        found = [case.holds for case in CASES if leaf in case.rule]
        assert len(found) >= 3, leaf
        assert set(found) == {True, False}, leaf
    for of in MEASURES:
        found = [case.holds for case in CASES if "event" in case.rule and of in case.rule]
        assert len(found) >= 3, of
        assert set(found) == {True, False}, of


def test_all_any_and_not_are_what_they_are_called() -> None:
    yes, no = {"trait": "tier", "op": "exists"}, {"trait": "tier", "op": "exists", "value": False}
    ada = Person(told={"tier": (0, "gold")})
    assert World().holds({"all": [yes, {"not": no}]}, ada, NOW)
    assert not World().holds({"all": [yes, no]}, ada, NOW)
    assert World().holds({"any": [no, yes]}, ada, NOW)
    assert not World().holds({"any": [no, {"not": yes}]}, ada, NOW)


def test_what_it_does_not_know_is_no_answer() -> None:
    with pytest.raises(ValueError, match="to unpack"):
        World().holds({"colour": "red"}, Person(), NOW)


def test_parts_of_a_hundred_do_not_meet_and_leave_nobody_out() -> None:
    """Nor does a larger part lose anybody whom the smaller one has."""
    parts: list[dict[str, Any]] = [{"random": 25, "first": first, "seed": "s"} for first in (0, 25, 50, 75)]
    for id in range(500):
        assert sum(is_drawn(part, id) for part in parts) == 1
    shares = [sum(is_drawn(part, id) for id in range(4000)) for part in parts]
    assert all(900 < share < 1100 for share in shares)
    drawn = {id for id in range(500) if is_drawn({"random": 10, "seed": "s"}, id)}
    assert drawn < {id for id in range(500) if is_drawn({"random": 20, "seed": "s"}, id)}
    assert drawn != {id for id in range(500) if is_drawn({"random": 10, "seed": "t"}, id)}


def test_whoever_turned_out_to_be_several_is_all_of_them() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    one = Person(
        told={"tier": (early, "old"), "tall": (early, True)}, addresses={("email", "a"): False}, accounts={"x"}
    )
    other = Person(told={"tier": (late, None)}, addresses={("email", "a"): True}, read_on={("email", "a"): [1, 2]})
    other.events.append(("bought", early, {}))
    both = whole(7, [one, other])
    assert (both.id, both.traits, both.accounts) == (7, {"tall": True}, {"x"})
    assert both.addresses == {("email", "a"): True}
    assert both.events == [("bought", early, {})]
    assert whole(7, [other, one]).traits == both.traits
