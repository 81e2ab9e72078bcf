"""Rules of campaigns over HTTP: for whom not, who goes first, what follows what, money, stopping, local time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flows.house import House, until
from flows.samples import COSTS, message

EVERYBODY, STAFF = range(2001, 2011), (2003, 2004)
FOLLOWED = range(2101, 2121)
PAID = range(2201, 2231)
BOUNCING = range(2301, 2701)
ZONES = {2801: "Asia/Tokyo", 2802: "Europe/Paris", 2803: "America/New_York"}


def segment(home: House, name: str) -> None:
    home.post("/segments", {"name": name, "rule": {"trait": "circle", "op": "eq", "value": name}})


@contextmanager
def settings(home: House, **changed: Any) -> Iterator[None]:
    before = home.get("/settings")
    home.put("/settings", changed)
    try:
        yield
    finally:
        home.put("/settings", {name: before[name] for name in changed})


def now(home: House) -> datetime:
    return datetime.fromisoformat(home.get("/sandbox/clock")["now"])


def morning_in(home: House, days: int) -> datetime:
    """9:00 of a day to come, without a zone."""
    return (now(home) + timedelta(days=days)).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)


def move_to(home: House, at: datetime) -> None:
    seconds = int((at.replace(tzinfo=UTC) - now(home)).total_seconds())
    if seconds > 0:
        home.advance(f"{seconds}s")
    home.settle()


def test_the_last_place_goes_to_the_higher_priority_and_nobody_excluded_is_told(home: House) -> None:
    """Two campaigns for the same hour, one message a day: both wait, and one decision looks at both."""
    home.persons(list(EVERYBODY), "email", circle="rules", timezone="UTC")
    home.persons(list(STAFF), "email", staff=True)
    segment(home, "rules")
    home.post("/segments", {"name": "staff of rules", "rule": {"trait": "staff", "op": "eq", "value": True}})
    for name in ("ordinary", "important"):
        home.post("/messages", message(f"{name} of rules", topic=f"{name} of rules"))
    at = morning_in(home, 3)
    plan = {"segment": "rules", "channels": ["email"], "exclude": ["staff of rules"]}
    plan["send_at"] = {"local": f"{at:%Y-%m-%dT%H:%M}"}
    with settings(home, frequency_caps=[{"count": 1, "within_s": 86_400}]):
        low = home.launch(name="ordinary", message="ordinary of rules", **plan)
        high = home.launch(name="important", message="important of rules", priority=5, **plan)
        assert home.get(f"/campaigns/{high}")["starts_at"] is not None
        move_to(home, at - timedelta(minutes=1))
        assert home.get(f"/campaigns/{low}")["reasons"] == home.get(f"/campaigns/{high}")["reasons"]
        move_to(home, at + timedelta(minutes=1))
        told = home.journal.channels_of("important of rules")
        assert set(told) == set(EVERYBODY) - set(STAFF)
        assert home.journal.received("ordinary of rules") == []
        waiting = home.get(f"/campaigns/{low}/recipients", outcome="waiting")["recipients"]
        assert len(waiting) == len(EVERYBODY) - len(STAFF)
        assert {one["reason"] for one in waiting} == {"capped"}
        assert all("important: its priority is higher (5 against 0)" in one["because"] for one in waiting)
        left_out = home.get(f"/campaigns/{high}/recipients", outcome="dropped")["recipients"]
        assert [one["because"] for one in left_out] == ["it is not for members of staff of rules"] * 2
        home.advance("25h")
        home.settle()
        assert set(home.journal.channels_of("ordinary of rules")) == set(EVERYBODY) - set(STAFF)
        home.wait_for(low, "done")


def test_who_has_seen_the_first_needs_no_second(home: House) -> None:
    """Story 13: the text message is for those who did not open the e-mail."""
    home.persons(list(FOLLOWED), "email", "sms", circle="followed")
    segment(home, "followed")
    for name in ("first", "second"):
        home.post("/messages", message(f"{name} of 13", topic="followed"))
    first = home.launch(name="first of 13", message="first of 13", segment="followed", channels=["email"])
    home.wait_for(first, "done")
    home.settle()
    openers = [*FOLLOWED][::3]
    for number in openers:
        home.act(number, "open")
    home.settle()
    draft = home.campaign(
        name="second of 13",
        message="second of 13",
        segment="followed",
        channels=["sms"],
        follow={"campaign": "first of 13", "unless": "opened"},
    )
    tried = home.post(f"/campaigns/{draft}/dry-run", {})
    assert (tried["told"], tried["exact"]) == (len(FOLLOWED) - len(openers), True)
    assert {part["name"]: part["n"] for part in tried["not_told"]} == {"duplicate": len(openers)}
    by_hand = home.command("campaigns", "dry-run", "second of 13")
    assert {**by_hand, "took_s": 0, "at": 0, "starts_at": 0} == {**tried, "took_s": 0, "at": 0, "starts_at": 0}
    copied = home.command("campaigns", "copy", "second of 13", "--name", "third of 13")
    assert home.get(f"/campaigns/{copied['id']}")["follow"] == {"campaign": "first of 13", "unless": "opened"}
    home.post(f"/campaigns/{draft}/launch")
    home.wait_for(draft, "done")
    home.settle()
    assert set(home.journal.channels_of("second of 13")) == set(FOLLOWED) - set(openers)
    spared = home.get(f"/campaigns/{draft}/recipients", outcome="dropped")["recipients"]
    assert {one["because"] for one in spared} == {"they opened first of 13 by email"}


def test_a_budget_is_kept_and_more_of_it_lets_the_rest_go(home: House) -> None:
    home.persons(list(PAID), "sms", circle="paid")
    segment(home, "paid")
    home.post("/messages", message("paid for", topic="paid"))
    budget = 10 * COSTS["sms"]
    campaign = home.launch(name="paid", message="paid for", segment="paid", channels=["sms"], budget=budget)
    view = home.wait_for(campaign, "paused")
    home.settle()
    assert view["stopped"]["reason"] == "budget"
    assert len(home.journal.received("paid for")) == 10
    assert home.api.post(f"/campaigns/{campaign}/resume").status_code == 409
    home.command("campaigns", "edit", "paid", "-", given={"budget": 100.0})
    home.post(f"/campaigns/{campaign}/resume")
    view = home.wait_for(campaign, "done")
    home.settle()
    assert {number: len(n) for number, n in home.journal.channels_of("paid for").items()} == dict.fromkeys(PAID, 1)
    assert abs(view["budget"]["spent"] - len(PAID) * COSTS["sms"]) < 1e-9


def test_bounces_stop_it_before_the_list_is_burnt(home: House) -> None:
    """A third of the addresses are nobody's: the mail server says so, and the campaign stops with most unsent."""
    home.persons(list(BOUNCING), "email", circle="bouncing")
    segment(home, "bouncing")
    home.post("/messages", message("to old addresses", topic="bouncing"))
    home.habits(faults=[{"at": "smtp", "kind": "reject_addresses", "share": 0.33}])
    with home.paced("email", per_second=40):
        campaign = home.launch(
            name="bouncing",
            message="to old addresses",
            segment="bouncing",
            channels=["email"],
            stop_above={"bounces": 0.1, "least": 50},
        )
        view = home.wait_for(campaign, "paused", within_s=30)
        stopped = view["stopped"]
        assert (stopped["reason"], stopped["channel"], stopped["limit"]) == ("bounces", "email", 0.1)
        assert stopped["share"] > 0.1
        assert "clean the list" in view["advice"]
        home.settle()
        told = len(home.journal.received("to old addresses"))
        assert told < len(BOUNCING) / 2
        home.habits()
        home.post(f"/campaigns/{campaign}/resume")
        until(
            lambda: len(home.journal.received("to old addresses")),
            lambda n: n > told + 20,
            within_s=20,
            what="it to go on",
        )
        home.post(f"/campaigns/{campaign}/cancel")
        home.settle()


def test_nine_where_each_person_lives(home: House) -> None:
    """Tokyo, Paris, New York: each gets it at their nine o'clock, and nobody before."""
    for number, zone in ZONES.items():
        home.person(number, "email", circle="zones", timezone=zone)
    segment(home, "zones")
    home.post("/messages", message("at nine", topic="zones"))
    at = morning_in(home, 5)
    campaign = home.launch(
        name="zones", message="at nine", segment="zones", channels=["email"], send_at={"local": f"{at:%Y-%m-%dT%H:%M}"}
    )
    came = []
    for zone in ZONES.values():
        there = at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        move_to(home, there - timedelta(minutes=1))
        before = set(home.journal.channels_of("at nine"))
        move_to(home, there + timedelta(minutes=1))
        came.append((len(before), sorted(set(home.journal.channels_of("at nine")) - before)))
    assert came == [(n, [number]) for n, number in enumerate(ZONES)]
    home.wait_for(campaign, "done")
    recipients = home.get(f"/campaigns/{campaign}/recipients")["recipients"]
    assert {one["state"] for one in recipients} <= {"sent", "delivered"}
