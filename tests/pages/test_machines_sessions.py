"""Whose visits were they, seen together: on made-up sessions of gateways and of people, and at every border."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.pages.sessions import SEEN_MAX, Seen, add, by_machine, due_at
from antiphon.pages.sweeps import VISITORS_MAX, Sweeps
from conftest import START


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def clicks(*seconds: float, first: float = 60.0) -> list[Seen]:
    """One link after the other, `first` seconds after the hand-over."""
    return [Seen(at(first + second), link) for link, second in enumerate(seconds)]


def judged(seen: list[Seen], *, swept: bool = False) -> bool:
    """Whether a person clicked, or opened where nobody clicked: what would count."""
    verdicts = by_machine(seen, handed_at=START, swept=swept)
    return not all(verdicts)


@pytest.mark.parametrize(
    ("seen", "person"),
    [
        (clicks(0), True),
        (clicks(0, 0.4), False),
        (clicks(0, 0.6), True),  # two, as fast as a hand can
        (clicks(0, 0.9, 1.9), False),
        (clicks(0, 1.1, 2.2), True),
        (clicks(0, 1, 2, 3, 4), False),  # a gateway that takes a second for each
        (clicks(0, 1.4, 2.8, 4.2, 5.6), False),
        (clicks(0, 1.6, 3.2, 4.8, 6.4), True),
        (clicks(0, 30, 60), True),
        (clicks(0, first=1.9), False),
        (clicks(0, first=2.0), True),
    ],
)
def test_how_fast_a_person_can_be(seen: list[Seen], person: bool) -> None:
    assert judged(seen) is person


def test_the_same_link_many_times_is_one_link() -> None:
    """Mail programs ask twice, and people click again when a page is slow."""
    again = [Seen(at(60 + n / 10), 4) for n in range(20)]
    assert judged(add([], again))
    assert len(add([], again)) == 1


def test_a_picture_fetched_before_a_burst_was_no_reader() -> None:
    seen = [Seen(at(9)), *clicks(0, 0.01, 0.02, first=42)]
    assert not judged(seen)


def test_who_reads_through_a_proxy_is_there_whatever_a_gateway_did() -> None:
    seen = [Seen(at(40), proxy=True), *clicks(0, 0.01, 0.02, first=42)]
    assert by_machine(seen, handed_at=START) == [False, True, True, True]
    assert by_machine([Seen(at(4.9), proxy=True)], handed_at=START) == [True]
    assert by_machine([Seen(at(5.1), proxy=True)], handed_at=START) == [False]


def test_it_is_judged_when_the_session_is_over() -> None:
    assert due_at(clicks(0), handed_at=START) == at(63)
    assert due_at(clicks(0, 2), handed_at=START) == at(65)
    assert due_at(clicks(*range(14)), handed_at=START) == at(75), "and never later than that"


def test_only_a_very_early_open_waits_for_minutes_and_a_click_ends_it() -> None:
    early = Seen(at(9))
    assert due_at([early], handed_at=START) == at(9 + 300)
    assert due_at([Seen(at(20))], handed_at=START) == at(23)
    assert due_at([Seen(at(9), proxy=True)], handed_at=START) == at(12)
    assert due_at([early, *clicks(0)], handed_at=START) == at(63)
    assert due_at([early], handed_at=None) == at(12)


times = st.lists(st.tuples(st.floats(0, 20), st.integers(-1, 6), st.booleans()), min_size=1, max_size=12)


@given(times, st.data())
def test_a_session_is_the_same_in_whatever_order_it_is_heard(drawn: list[tuple[float, int, bool]], data: st.DataObject):
    said = [Seen(at(30 + s), None if link < 0 else link, proxy=link < 0 and proxy) for s, link, proxy in drawn]
    heard = data.draw(st.permutations(said + data.draw(st.lists(st.sampled_from(said)))))
    cut = data.draw(st.integers(0, len(heard)))
    bit_by_bit = add(add([], heard[:cut]), heard[cut:])
    assert bit_by_bit == add([], said)
    assert len(bit_by_bit) <= SEEN_MAX


# --- made-up sessions -------------------------------------------------------------------------------------------------


def gateways(chance: random.Random) -> Iterator[tuple[str, list[Seen]]]:
    """As operators of other platforms have measured them: docs/explanation/opens-and-clicks.md."""
    for _ in range(2_000):
        links = chance.randint(2, 12)
        begins = 43 * chance.lognormvariate(0, 0.8)
        yield (
            "a sweep within a second",
            clicks(*sorted(chance.random() * 0.9 for _ in range(max(3, links))), first=begins),
        )
        yield "a few milliseconds each", clicks(*(n * chance.uniform(0.002, 0.05) for n in range(links)), first=begins)
        yield "about a second each", clicks(*_steps(chance, max(5, links), 0.5, 1.2), first=begins)
        yield "before it lets it in", clicks(chance.random() * 1.5, first=chance.random() * 0.4)
        yield "one link alone", clicks(0, first=begins)


def people(chance: random.Random) -> Iterator[tuple[str, list[Seen]]]:
    """Pointing and pressing takes 1.3 s, deciding where to 1.35 s more (Card, Moran and Newell 1983)."""
    for _ in range(2_000):
        begins = 20 + chance.expovariate(1 / 1800)
        yield "one click", clicks(0, first=begins)
        yield "opens, reads, clicks", [Seen(at(begins)), *clicks(0, first=begins + chance.lognormvariate(2.7, 0.8))]
        yield "two in a hurry", clicks(0, chance.lognormvariate(0.4, 0.35), first=begins)
        yield "tabs, one after the other", clicks(*_tabs(chance, chance.randint(3, 6)), first=begins)
        yield "the same again and again", add([], [Seen(at(begins + n * 0.3), 2) for n in range(chance.randint(2, 6))])


def _steps(chance: random.Random, n: int, least: float, most: float) -> list[float]:
    found = [0.0]
    while len(found) < n:
        found.append(found[-1] + chance.uniform(least, most))
    return found


def _tabs(chance: random.Random, n: int) -> list[float]:
    found = [0.0]
    while len(found) < n:
        found.append(found[-1] + max(0.7, chance.lognormvariate(0.95, 0.35)))
    return found


def test_confusion_of_gateways_and_people() -> None:
    """Measured, of 2,000 sessions of each kind (machine, person):

    | gateway | | | person | | |
    |---|---|---|---|---|---|
    | a sweep within a second | 100 % | 0 | one click | 0 | 100 % |
    | a few milliseconds each | 100 % | 0 | opens, reads, clicks | 0 | 100 % |
    | about a second each | 100 % | 0 | two in a hurry | 0.1 % | 99.9 % |
    | before it lets it in | 100 % | 0 | tabs, one after the other | 0 | 100 % |
    | one link alone | 0 | 100 % | the same again and again | 0 | 100 % |

    One link alone, under a browser's name and later than two seconds, is not told from a person by anything.
    """
    chance = random.Random(7)
    said: dict[str, Counter[bool]] = {}
    for kind, seen in [*gateways(chance), *people(chance)]:
        said.setdefault(kind, Counter())[judged(seen)] += 1
    as_people = {kind: counted[True] / counted.total() for kind, counted in said.items()}
    for kind in ("a sweep within a second", "a few milliseconds each", "before it lets it in"):
        assert as_people[kind] == 0, said
    assert as_people["about a second each"] <= 0.005, said
    assert as_people["one link alone"] == 1, said
    for kind in ("one click", "opens, reads, clicks", "the same again and again"):
        assert as_people[kind] == 1, said
    assert as_people["two in a hurry"] >= 0.995, said
    assert as_people["tabs, one after the other"] >= 0.99, said


# --- one visitor, many people -----------------------------------------------------------------------------------------

GATE = ("9.9.9.9", "Chrome")


def sweep(sweeps: Sweeps, *visits: tuple[float, int, str], visitor: tuple[str, str] = GATE) -> set[int]:
    return set().union(*(sweeps.note(visitor, delivery, domain, at(s)) for s, delivery, domain in visits))


def test_three_colleagues_within_a_second_are_their_gateway() -> None:
    assert sweep(Sweeps(), (0, 1, "firm.example"), (0.3, 2, "firm.example"), (0.9, 3, "firm.example")) == {1, 2, 3}


@pytest.mark.parametrize(
    "visits",
    [
        [(0, 1, "firm.example"), (0.3, 2, "firm.example")],
        [(0, 1, "firm.example"), (0.6, 2, "firm.example"), (1.2, 3, "firm.example")],
        [(0, 1, "firm.example"), (0.1, 1, "firm.example"), (0.2, 1, "firm.example")],
        [(0, 1, "firm.example"), (0.1, 2, "other.example"), (0.2, 3, "firm.example")],
        [(0, 1, "gmail.com"), (0.1, 2, "gmail.com"), (0.2, 3, "gmail.com")],
    ],
    ids=["two", "slowly", "one person", "several companies", "a provider open to all"],
)
def test_what_is_no_gateway(visits: list[tuple[float, int, str]]) -> None:
    assert sweep(Sweeps(), *visits) == set()


@pytest.mark.parametrize("address", ["10.0.0.7", "127.0.0.1", "", "nonsense", "fd00::1"])
def test_a_proxy_of_ours_that_nobody_named_is_nobodys_gateway(address: str) -> None:
    visits = [(n / 10, n, "firm.example") for n in range(5)]
    assert sweep(Sweeps(), *visits, visitor=(address, "Chrome")) == set()


def test_what_is_remembered_of_visitors_has_a_bound() -> None:
    sweeps = Sweeps()
    for n in range(VISITORS_MAX + 100):
        sweeps.note(("9.9.9.9", str(n)), n, "firm.example", at(0))
    assert len(sweeps._lately) == VISITORS_MAX


def test_a_swept_message_that_somebody_opened_through_a_proxy_stays_theirs() -> None:
    assert not judged(clicks(0), swept=True)
    assert judged([Seen(at(40), proxy=True), *clicks(0)], swept=True)
