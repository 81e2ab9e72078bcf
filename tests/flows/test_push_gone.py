"""Story 14: the customer's push is gone or silent; the alert comes by SMS, and doubles are shown."""

from __future__ import annotations

import pytest

from flows.house import House, until
from flows.samples import message, user

GONE, SILENT, LATE, SHOWN, DOUBLE = 601, 602, 603, 604, 605


@pytest.fixture(autouse=True)
def alert_message(home: House) -> None:
    if all(found["name"] != "alert" for found in home.get("/messages")["messages"]):
        home.post("/messages", message("alert", topic="alerts"))


def push_first(home: House, number: int, **traits: str) -> None:
    """Somebody with push and SMS who opens their pushes: push is what they answer the most likely."""
    home.person(number, "push", "sms", **traits)
    for event in ("Push Sent", "Push Opened"):
        home.batch([{"type": "track", "userId": user(number), "event": event} for _ in range(10)])


def notify(home: House, number: int) -> str:
    found: str = home.post(
        "/send",
        {
            "message": "alert",
            "to": {"kind": "external_id", "value": user(number)},
            "purpose": "alert",
            "idempotency_key": f"alert-{number}",
        },
    )["notification"]
    return found


def delivered_by(home: House, notification: str) -> dict[str, str]:
    return {one["channel"]: one["state"] for one in home.get(f"/notifications/{notification}")["deliveries"]}


def test_a_subscription_that_is_gone_is_followed_by_sms_at_once(home: House) -> None:
    """No time passes: the answer 410 is proof."""
    push_first(home, GONE)
    home.act(GONE, "gone")
    notification = notify(home, GONE)
    home.settle()
    assert home.journal.channels_of("alert") == {GONE: ["sms"]}
    assert delivered_by(home, notification)["push"] == "failed"
    reached = home.get(f"/profiles/external_id:{user(GONE)}")["addresses"]
    assert {one["channel"]: one["state"] for one in reached} == {"push": "dead", "sms": "active"}


def test_a_device_that_is_silent_is_followed_by_sms_after_its_time(home: House) -> None:
    home.habits(people={str(SILENT): {"push": "silent"}})
    push_first(home, SILENT)
    notification = notify(home, SILENT)
    home.settle()
    assert home.journal.channels_of("alert") == {SILENT: ["push"]}
    home.advance("59s")
    home.settle()
    assert home.journal.channels_of("alert") == {SILENT: ["push"]}, "it still has a second"
    home.advance("2s")
    home.settle()
    assert home.journal.channels_of("alert") == {SILENT: ["push", "sms"]}
    assert delivered_by(home, notification) == {"push": "expired", "sms": "delivered"}


def test_a_push_that_was_shown_is_not_followed(home: House) -> None:
    home.habits()
    push_first(home, SHOWN)
    notification = notify(home, SHOWN)
    home.settle()
    home.advance("20s")
    home.settle()
    home.advance("10m")
    home.settle()
    assert home.journal.channels_of("alert") == {SHOWN: ["push"]}
    assert delivered_by(home, notification) == {"push": "delivered"}


def test_shown_late_stops_the_sms_that_is_queued(home: House) -> None:
    """The operator refuses for a while: the SMS waits; then the device says that it showed the push."""
    home.habits(people={str(LATE): {"push": "silent"}})
    push_first(home, LATE)
    notification = notify(home, LATE)
    home.settle()
    home.habits(people={str(LATE): {"push": "silent"}}, faults=[{"at": "smpp", "kind": "throttle"}])
    home.advance("61s")
    until(lambda: delivered_by(home, notification), lambda by: by.get("sms") == "queued", within_s=5, what="the SMS")
    until(lambda: home.journal.lines("refused"), bool, within_s=5, what="the operator to refuse")
    home.act(LATE, "shown")
    assert delivered_by(home, notification) == {"push": "delivered", "sms": "superseded"}
    home.habits()
    home.advance("10m")
    home.settle()
    assert home.journal.channels_of("alert") == {LATE: ["push"]}


def test_doubles_are_shown(home: House) -> None:
    """Shown after the SMS had arrived: two messages, and the campaign says so."""
    home.habits(people={str(DOUBLE): {"push": "silent"}})
    push_first(home, DOUBLE, circle="doubles")
    home.post("/segments", {"name": "doubles", "rule": {"trait": "circle", "op": "eq", "value": "doubles"}})
    campaign = home.launch(
        name="doubles", message="alert", segment="doubles", channels=["push", "sms"], failover_on="silence"
    )
    until(lambda: home.journal.received("alert"), bool, within_s=10, what="the push")
    home.settle()
    home.advance("61s")
    home.settle()
    assert home.journal.channels_of("alert") == {DOUBLE: ["push", "sms"]}
    assert home.get(f"/campaigns/{campaign}")["doubles"] == 0
    home.act(DOUBLE, "shown")
    view = home.wait_for(campaign, "done", within_s=10)
    assert (view["doubles"], view["notifications"]) == (1, {"delivered": 1})
