"""Seven days of a shop, judged by what arrived; then everything that was said told once more, in another order.

Small by default. `WEEK_PEOPLE=500 WEEK_SEED=7 pytest tests/flows/test_simulated_week.py` lives a bigger, another week.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.again import differences, tell_again, what_is_known
from flows.cast import START
from flows.days import live
from flows.evidence import Evidence, Trial, plain
from flows.house import House, house
from flows.journal import RECEIVED, Line
from flows.judge import CHECKS, judge
from flows.week import Week
from flows.witness import Witness
from scale import sized

PEOPLE = int(os.environ.get("WEEK_PEOPLE", sized(150, 300)))
SEED = int(os.environ.get("WEEK_SEED", "1"))
pytestmark = [pytest.mark.timeout(180 + 4 * PEOPLE), pytest.mark.xdist_group("week")]


@dataclass(frozen=True)
class Lived:
    home: House
    week: Week
    lines: list[Line]
    evidence: Evidence


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with house(tmp_path_factory.mktemp("week"), start=START.isoformat()) as home:
        week = Week(home, PEOPLE, SEED)
        live(week)
        erased = [(gone, back, frozenset({each.mail, each.phone})) for gone, back, each in week.erased]
        evidence = Evidence(week.witness.looks, week.witness.marks, week.aims, erased)
        yield Lived(home, week, home.journal.lines(), evidence)
        week.witness.close()


def test_nobody_is_told_what_they_should_not_be(lived: Lived) -> None:
    found = judge(lived.lines, lived.evidence)
    assert not found, "\n".join(f"{one.rule}: {one.why}: {one.line}" for one in found)


def test_the_week_was_one(lived: Lived) -> None:
    """Everything happened that was to be judged."""
    kinds = Counter(line["channel"] for line in lived.lines if line["kind"] in RECEIVED)
    assert min(kinds[channel] for channel in ("email", "sms", "push")) >= PEOPLE // 10
    assert Counter(Trial(lived.lines, lived.evidence).purposes()).keys() == {
        "campaign", "alert", "code", "transactional", "system", "question",
    }  # fmt: skip
    wanted = {"wanted", "unwanted", "unset", "paused", "resumed", "limited", "texted", "unsubscribe", "double opt-in"}
    wanted |= {"centre save", "centre stop", "merged", "unmerged", "erased", "came back"}
    assert wanted <= lived.week.did.keys()
    assert lived.week.refused_urgent > 0


# the judge is judged: each kind of violation, planted into a copy of the log, is found


def planted(lived: Lived, **change: Any) -> Line:
    """A message that arrived on the last evening, changed."""
    look = lived.evidence.looks[-2]
    base = next(line for line in reversed(lived.lines) if line["kind"] == "mail_received")
    product = (look.product + timedelta(seconds=1)).isoformat()
    return {**base, "wall": look.wall + 0.01, "product": product, "delivery": "planted", **change}


def several(lived: Lived, marks: Sequence[str], channel: str, address: str) -> list[Line]:
    """One after the other."""
    wall = lived.evidence.looks[-2].wall + 0.01
    return [planted(lived, **about(mark, channel, address), wall=wall + n / 1_000) for n, mark in enumerate(marks)]


def mark_of(lived: Lived, purpose: str, topic: str, channel: str = "email") -> str:
    aims = lived.evidence.aims.values()
    return next(aim.mark for aim in aims if (aim.purpose, aim.topic) == (purpose, topic) and channel in aim.channels)


def about(mark: str, channel: str, address: str) -> dict[str, Any]:
    kind = {channel: kind for kind, channel in RECEIVED.items()}[channel]
    return {"kind": kind, "channel": channel, "address": address, "subject": f"{mark} for you", "text": mark}


def a_leaver(lived: Lived) -> tuple[str, str]:
    """An address that said no to everything, and never again anything."""
    last = {(row["channel"], row["address"]): row for row in lived.evidence.looks[-3].consents if row["scope"]}
    later = {row["address"] for row in lived.evidence.looks[-1].consents if row["scope"] and row["state"] == "wanted"}
    return next(place for place, row in last.items() if row["state"] == "unwanted" and place[1] not in later)


def plants(lived: Lived) -> dict[str, list[Line]]:
    offers, codes = mark_of(lived, "campaign", "offers"), mark_of(lived, "code", "")
    week, look = lived.week, lived.evidence.looks[-2]
    silent = next(
        each
        for each in week.cast
        if "mail" in each.has and each.loner and not each.gone and not _spoke(lived, each.mail)
    )
    phone = next(each.phone for each in week.cast if each.prefix == "+13052" and "phone" in each.has and not each.gone)
    gone = next(each for _, _, each in week.erased if each.gone)
    campaigns = [aim.mark for aim in week.aims.values() if aim.purpose == "campaign"]
    urgent = [aim.mark for aim in week.aims.values() if aim.purpose == "code" and not aim.topic]
    limited = _limited(lived)
    known = {row["value"] for row in look.identifiers}
    single = next(aim for aim in week.aims.values() if aim.to != silent.number and f"w{aim.to}" in known)
    night = {"product": look.product.replace(hour=3, minute=30).isoformat()}
    return {
        "opted out": [planted(lived, **about(offers, *a_leaver(lived)))],
        "against a wish": [planted(lived, **about(mark_of(lived, "campaign", "newsletter"), "email", silent.mail))],
        "quiet hours": [planted(lived, **about(offers, "sms", phone), **night)],
        "erased": [planted(lived, **about(codes, "email", gone.mail))],
        "twice": several(lived, [offers, offers], "email", silent.mail),
        "over the cap": several(lived, campaigns, "email", silent.mail),
        "over a limit": several(lived, campaigns, *limited),
        "too many urgent": several(lived, urgent[:5], "email", silent.mail),
        "somebody else": [planted(lived, **about(single.mark, "email", silent.mail))],
        "other channel": [planted(lived, **about(mark_of(lived, "campaign", "tips"), "sms", phone))],
    }  # fmt: skip


def _spoke(lived: Lived, mail: str) -> bool:
    look = lived.evidence.looks[-1]
    holders = {row["profile_id"] for row in look.addresses if row["value"] == mail}
    return len(holders) != 1 or any(row["profile_id"] in holders for row in look.consents)


def _limited(lived: Lived) -> tuple[str, str]:
    """An address of somebody who wants at most so much of anything."""
    look = lived.evidence.looks[-1]
    asked = {
        row["profile_id"]
        for row in look.consents
        if row["state"] == "limited" and row["topic"] == row["channel"] == "*" and row["limit_count"]
    }
    counts = Counter(plain(row["channel"], row["value"]) for row in look.addresses)
    return next(
        (row["channel"], row["value"])
        for row in look.addresses
        if row["profile_id"] in asked and row["channel"] == "email" and counts[row["value"]] == 1
    )


@pytest.mark.parametrize("rule", list(CHECKS))
def test_the_judge_sees(lived: Lived, rule: str) -> None:
    lines = plants(lived)[rule]
    found = [one for one in judge([*lived.lines, *lines], lived.evidence) if one.line["delivery"] == "planted"]
    assert rule in {one.rule for one in found}, found


# what the tables say


CONSISTENT: Sequence[tuple[str, str]] = (
    ("events under a number that leads elsewhere", "SELECT a.id FROM event e JOIN alias a ON a.id = e.profile_id"),
    ("traits under a number that leads elsewhere", "SELECT a.id FROM told t JOIN alias a ON a.id = t.profile_id"),
    ("wishes under a number that leads elsewhere",
     "SELECT p.profile_id FROM preference p JOIN alias a ON a.id = p.profile_id"),
    ("consents under a number that leads elsewhere",
     "SELECT c.profile_id FROM consent c JOIN alias a ON a.id = c.profile_id"),
    ("addresses under a number that leads elsewhere",
     "SELECT d.profile_id FROM address d JOIN alias a ON a.id = d.profile_id"),
    ("names that lead to nobody",
     "SELECT i.value FROM identifier i LEFT JOIN profile p ON p.id = i.profile_id WHERE p.id IS NULL"),
    ("numbers that lead to nobody",
     "SELECT a.id FROM alias a LEFT JOIN profile p ON p.id = a.profile_id WHERE p.id IS NULL"),
    ("notifications of nobody",
     """SELECT n.id FROM notification n
        LEFT JOIN profile p ON p.id = n.profile_id
        LEFT JOIN alias a ON a.id = n.profile_id
        LEFT JOIN erasure e ON e.profile_id = n.profile_id
        WHERE p.id IS NULL AND a.id IS NULL AND e.profile_id IS NULL"""),
    ("deliveries of no notification",
     "SELECT d.id FROM delivery d LEFT JOIN notification n ON n.id = d.notification_id WHERE n.id IS NULL"),
    ("sums that are not those of the events",
     """SELECT * FROM
        (SELECT profile_id, name_id, count(*)::int AS n, min(at) AS a, max(at) AS z, true AS raw
         FROM event GROUP BY 1, 2) e
        FULL JOIN
        (SELECT profile_id, name_id, count AS n, first_at AS a, last_at AS z, true AS kept FROM event_sum) s
        USING (profile_id, name_id, n, a, z) WHERE raw IS NULL OR kept IS NULL"""),
    ("work that is left", "SELECT profile_id FROM move_due WHERE due_at IS NOT NULL"),
)  # fmt: skip


@pytest.mark.parametrize(("what", "sql"), CONSISTENT, ids=[what for what, _ in CONSISTENT])
def test_there_are_no(lived: Lived, what: str, sql: str) -> None:
    assert lived.week.witness.rows(sql) == [], what


def test_the_counts_of_campaigns_are_those_of_the_ledger(lived: Lived) -> None:
    """Of people who were erased the counts may stay."""
    arrived: Counter[str] = Counter()
    for each in Trial(lived.lines, lived.evidence).arrivals:
        if each.aim.purpose == "campaign":
            arrived[each.aim.source] += 1
    for name, n in arrived.items():
        view = lived.home.get(f"/campaigns/{name}")
        sent = sum(row["n"] for row in view["counts"] if row["kind"] == "sent")
        assert sent == n, (name, view["counts"])


def test_told_once_more_in_another_order_the_same_is_known(lived: Lived, tmp_path: Path) -> None:
    week = lived.week
    erased = [("email", "mail"), ("phone", "phone"), ("external_id", "user")]
    leave_out = frozenset((kind, getattr(each, name)) for _, _, each in week.erased for kind, name in erased)
    with house(tmp_path, start=START.isoformat()) as second:
        second.habits()
        second.account("sms", "smpp")
        tell_again(week, second, seed=SEED + 1)
        witness = Witness(second)
        found = differences(
            what_is_known(week.witness, lived.home, leave_out), what_is_known(witness, second, leave_out)
        )
        witness.close()
    assert not found, "\n".join(found)
