"""Each kind of leaf has an answer, and what is costly is known beforehand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from antiphon.segments.engine.frame import Frame, Moment, Words
from antiphon.segments.engine.leaves import is_costly
from antiphon.segments.language.rules import Condition, Happened, Leaf, Measure, Step, Steps, Trait, Window
from conftest import START
from segments.engine.asking import Town

SOME = Measure("count", "gte", Decimal(1))
RED = (Condition("colour", "eq", "red"),)
WEEK = Window(timedelta(days=7))


def happened(measure: Measure = SOME, window: Window = WEEK, where: tuple[Condition, ...] = ()) -> Happened:
    return Happened(("bought",), where, window, measure)


@pytest.mark.parametrize(
    ("leaf", "present", "costly"),
    [
        (happened(), True, False),
        (happened(), False, True),
        (happened(where=RED), True, True),
        (happened(Measure("count", "gte", Decimal(3))), True, True),
        (happened(Measure("count", "gte", Decimal(3)), Window()), True, False),
        (Steps((Step("added"), Step("bought")), WEEK, None, True), True, True),
        (Trait(RED[0]), False, False),
    ],
)
def test_only_what_reads_events_one_by_one_is_costly(leaf: Leaf, present: bool, costly: bool) -> None:
    assert is_costly(leaf, Frame(Words(), Moment(START, present))) is costly


@pytest.mark.parametrize("present", [True, False])
async def test_sums_and_events_say_the_same_of_now(town: Town, present: bool) -> None:
    """Of another instant the sums know nothing: the events are asked."""
    town.words = Words(events={"bought": 1})
    for name, hours in {"ada": [-1, -200], "ben": [-167], "cleo": [-168, 5], "dora": []}.items():
        await town.person(name)
        times = sorted(START + timedelta(hours=hour) for hour in hours)
        for at in times:
            await town.about("event", name, at=at, name_id=1, received_at=at)
        if times:
            sums: dict[str, Any] = {"count": len(times), "first_at": times[0], "last_at": times[-1]}
            await town.about("event_sum", name, name_id=1, **sums)
    assert await town.holds(happened(), present=present) == {"ada", "ben"}
    none = happened(Measure("count", "eq", Decimal(0)))
    assert await town.holds(none, present=present) == {"cleo", "dora"}
    hour = timedelta(hours=1)
    assert await town.turns(none, present=present) == {"ada": 167 * hour, "ben": hour, "cleo": 5 * hour}
    first = happened(Measure("first", "within", timedelta(days=7)), Window())
    assert await town.holds(first, present=present) == {"ben"}
