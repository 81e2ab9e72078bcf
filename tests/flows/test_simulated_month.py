"""Eight days of a company, lived at the speed of the machine, and judged by SQL that shares nothing with the product.

`make month` lives a longer one with more people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from flows.company import START, Company
from flows.house import House, house
from flows.month import live
from flows.verdict import Verdict, judge, rules, told
from scale import sized

PEOPLE, DAYS = sized((600, 8), (1_000, 10))
pytestmark = pytest.mark.timeout(400)
RULES = [rule.name for rule in rules()[2]]


class Lived(NamedTuple):
    company: Company
    verdict: Verdict
    kinds: Counter[str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("month"), start=START.isoformat(), mail=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def lived(home: House) -> Lived:
    company = Company(home, PEOPLE)
    live(company, DAYS, speakers=15, callers=8)
    verdict = judge(company)
    print("\n".join(told(verdict)))
    return Lived(company, verdict, Counter(line["kind"] for line in home.journal.lines()))


def test_nobody_was_told_what_they_should_not_have_been(lived: Lived) -> None:
    assert lived.verdict.found == {}, "\n".join(told(lived.verdict))


@pytest.mark.parametrize("rule", RULES)
def test_the_judge_sees(lived: Lived, rule: str) -> None:
    """What is planted for each rule, it finds."""
    assert rule not in lived.verdict.blind


def test_doubles_stay_within_their_bound(lived: Lived) -> None:
    """Only codes and alerts, which fail over on silence, and at most one for each attempt that was started anew."""
    assert lived.verdict.doubles <= lived.verdict.failed_over


def test_the_month_was_one(lived: Lived) -> None:
    """Everything happened that was to be judged."""
    wanted = {
        "mail_received", "sms_received", "push_received", "opened", "clicked", "bought", "bounce_sent", "away_sent",
        "mail_sent", "unsubscribed", "sms_sent", "refused", "swallowed", "dropped", "receipt_withheld",
    }  # fmt: skip
    assert wanted <= lived.kinds.keys()
    assert lived.kinds["error"] == lived.kinds["lost"] == 0
    assert lived.verdict.arrivals > PEOPLE * DAYS / 2
    assert lived.verdict.failed_over > 0
    assert lived.company.refused > 0, "no code was one too many"
    assert lived.company.stops
    assert {aim.purpose for aim in lived.company.aims.values()} == {"campaign", "code", "alert", "transactional"}
