"""Story 6: who opened nothing for three weeks is lapsed within a second or so of the instant, and comes back."""

from __future__ import annotations

from typing import Any

from flows.house import House, until
from flows.samples import message, user

LOYAL, LAPSED, BUYER, FEW, NEWCOMER = 101, 102, 103, 104, 105
SOON_S = 2.0
RULE: dict[str, Any] = {
    "version": 1,
    "rule": {
        "all": [
            {"event": "Email Sent", "count": {"op": "gte", "value": 3}},
            {"event": "Email Opened", "within": "21d", "count": {"op": "eq", "value": 0}},
            {"event": "Order Completed", "within": "21d", "count": {"op": "eq", "value": 0}},
            {"event": "Signed Up", "within": "21d", "count": {"op": "eq", "value": 0}},
        ]
    },
}


def sign_up(home: House, number: int, *, mails: int) -> None:
    home.person(number, "email", "sms")
    home.track(number, "Signed Up")
    for n in range(mails):
        to = {"kind": "external_id", "value": user(number)}
        call = {"message": "weekly news", "to": to, "purpose": "transactional", "idempotency_key": f"news-{number}-{n}"}
        home.post("/send", {**call, "topic": f"news {n}"})


def expect_members(home: House, *numbers: int) -> None:
    wanted = {user(number) for number in numbers}
    until(lambda: home.members("lapsed"), wanted.__eq__, within_s=SOON_S, what=f"{wanted} to be lapsed")


def test_three_weeks_unopened(home: House) -> None:
    news = message("weekly news")
    news["locales"]["en"] = {"email": news["locales"]["en"]["email"]}
    home.post("/messages", news)
    home.post("/segments", {"name": "lapsed", **{"rule": RULE}})
    for number, mails in ((LOYAL, 3), (LAPSED, 3), (BUYER, 4), (FEW, 2)):
        sign_up(home, number, mails=mails)
    home.settle()
    assert {number: len(mails) for number, mails in home.journal.channels_of("weekly news").items()} == {
        LOYAL: 3, LAPSED: 3, BUYER: 4, FEW: 2,
    }  # fmt: skip
    expect_members(home)

    home.advance("10d")
    home.act(LOYAL, "open")
    home.advance("10d")
    sign_up(home, NEWCOMER, mails=3)
    home.settle()
    home.advance("23h")
    home.settle()
    expect_members(home)

    home.advance("61m")
    expect_members(home, LAPSED, BUYER)

    home.post("/messages", message("we miss you"))
    campaign = home.launch(name="win back", message="we miss you", segment="lapsed", channels=["sms"])
    home.wait_for(campaign, "done")
    home.settle()
    assert home.journal.channels_of("we miss you") == {LAPSED: ["sms"], BUYER: ["sms"]}

    home.act(LAPSED, "open")
    expect_members(home, BUYER)
    home.track(BUYER, "Order Completed", total=12.5)
    expect_members(home)

    home.advance("10d")
    expect_members(home, LOYAL)
