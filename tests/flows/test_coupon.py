"""Story 10: a pilot by e-mail and SMS, the numbers by channel, and the rest by the channel that does better."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flows.house import House
from flows.journal import number_of
from flows.samples import COSTS, message

BY_MAIL, BY_PHONE = range(1001, 1061), range(1061, 1161)
BY_BOTH, WANT_MAIL = range(1161, 1321), range(1321, 1381)
EVERYBODY = range(1001, 1381)


def test_the_coupon_story(home: House) -> None:
    home.persons(BY_MAIL, "email", circle="coupon")
    home.persons(BY_PHONE, "sms", circle="coupon")
    home.persons([*BY_BOTH, *WANT_MAIL], "email", "sms", circle="coupon")
    for number in WANT_MAIL:
        home.prefer(number, "coupons of 10", "email", "wanted")
    home.post("/segments", {"name": "coupon", "rule": {"trait": "circle", "op": "eq", "value": "coupon"}})
    home.post("/messages", message("20 % off", topic="coupons of 10"))
    home.habits(open=0.5, click={"email": 0.4, "sms": 0.6}, buy=0.5)
    campaign = home.launch(
        name="coupon", message="20 % off", segment="coupon", channels=["email", "sms"], pilot={"share": 0.2}
    )
    home.wait_for(campaign, "pilot_done")
    home.settle()
    home.advance("2h")
    home.settle()

    pilot = home.journal.channels_of("20 % off")
    assert 40 <= len(pilot) <= 110, "a share of 0.2 of 380"
    assert all(len(channels) == 1 for channels in pilot.values()), "somebody got it twice"
    check_numbers(home, campaign)

    home.habits()
    home.post(f"/campaigns/{campaign}/shift", {"channel": "sms", "share": "rest"})
    view = home.wait_for(campaign, "done")
    home.settle()
    got = home.journal.channels_of("20 % off")
    assert {number: len(channels) for number, channels in got.items()} == dict.fromkeys(EVERYBODY, 1)
    rest = {number: channels for number, channels in got.items() if number not in pilot}
    for number, [channel] in rest.items():
        assert channel == ("sms" if number in {*BY_PHONE, *BY_BOTH} else "email"), number
    assert view["prefer"] == "sms"
    assert sum(view["notifications"].values()) == len(EVERYBODY)
    check_numbers(home, campaign)


def check_numbers(home: House, campaign: str) -> None:
    """By channel, the product says what the world saw."""
    view = home.get(f"/campaigns/{campaign}")
    for channel in ("email", "sms"):
        seen = [line for line in home.journal.lines("opened", "clicked", "bought") if line["channel"] == channel]
        people = Counter(
            {kind: len({number_of(x) for x in seen if x["kind"] == kind}) for kind in ("opened", "clicked", "bought")}
        )
        received = [line for line in home.journal.received("20 % off") if line["channel"] == channel]
        parts = sum(line.get("parts", 1) for line in received)
        told = counts(view, channel)
        assert told["sent"]["n"] == len(received)
        assert told["clicked"]["n"] == people["clicked"] > 0
        assert told["converted"]["n"] == people["bought"] > 0
        if channel == "email":
            assert told["opened"]["n"] == people["opened"]
        assert abs(told["sent"]["amount"] - parts * COSTS[channel]) < 1e-6, "what it cost"


def counts(view: dict[str, Any], channel: str) -> dict[str, dict[str, Any]]:
    return {total["kind"]: total for total in view["counts"] if total["channel"] == channel}
