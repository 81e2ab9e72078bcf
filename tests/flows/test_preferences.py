"""Story 8: what people said about topic and channel is kept, for everybody and for what is already queued."""

from __future__ import annotations

import time
from itertools import product

from flows.house import House, until
from flows.journal import number_of
from flows.samples import message, user

CHANNELS = ("email", "sms", "push")
STATES = ("wanted", "unwanted", "unset")


def test_a_campaign_over_three_channels_keeps_every_combination(home: House) -> None:
    """27 people, one for each; `unset` was something else before."""
    people = dict(enumerate(product(STATES, repeat=3), 201))
    home.persons(list(people), *CHANNELS, circle="all wishes")
    for number, states in people.items():
        for channel, state in zip(CHANNELS, states, strict=True):
            if state == "unset":
                home.prefer(number, "coupons of 8", channel, "wanted")
            home.prefer(number, "coupons of 8", channel, state)
    home.post("/segments", {"name": "all wishes", "rule": {"trait": "circle", "op": "eq", "value": "all wishes"}})
    home.post("/messages", message("wishes kept", topic="coupons of 8"))
    campaign = home.launch(name="wishes", message="wishes kept", segment="all wishes")
    view = home.wait_for(campaign, "done")
    home.settle()

    got = home.journal.channels_of("wishes kept")
    for number, states in people.items():
        said = dict(zip(CHANNELS, states, strict=True))
        stated = {channel for channel in CHANNELS if said[channel] == "wanted"}
        allowed = stated or {channel for channel in CHANNELS if said[channel] == "unset"}
        assert len(got.get(number, [])) == (1 if allowed else 0), (number, said, got.get(number))
        assert set(got.get(number, [])) <= allowed, (number, said, got.get(number))
    assert view["reasons"] == {"unwanted": 1}


def test_a_wish_counts_at_once_for_what_is_queued(home: House) -> None:
    """E-mail was wanted, and is queued; the person says no, and gets it by SMS instead."""
    numbers = range(241, 301)
    home.persons(list(numbers), "email", "sms", circle="queued wishes")
    for number in numbers:
        home.prefer(number, "coupons of 8b", "email", "wanted")
    home.post("/segments", {"name": "queued wishes", "rule": {"trait": "circle", "op": "eq", "value": "queued wishes"}})
    home.post("/messages", message("changed my mind", topic="coupons of 8b"))
    with home.paced("email", per_second=8):
        campaign = home.launch(
            name="queued", message="changed my mind", segment="queued wishes", channels=["email", "sms"]
        )
        until(lambda: home.journal.received("changed my mind"), bool, within_s=10, what="the first to leave")
        told = set(home.journal.channels_of("changed my mind"))
        changing = [number for number in numbers if number not in told][::2][:20]
        acknowledged = {}
        for number in changing:
            home.prefer(number, "coupons of 8b", "email", "unwanted")
            acknowledged[number] = time.time()
        home.wait_for(campaign, "done")
        home.settle()

    late = [
        line
        for line in home.journal.received("changed my mind")
        if line["channel"] == "email" and line["wall"] > acknowledged.get(number_of(line), float("inf")) + 1.0
    ]
    assert late == []
    got = home.journal.channels_of("changed my mind")
    assert {number: len(channels) for number, channels in got.items()} == dict.fromkeys(numbers, 1)
    by_sms = {number for number, channels in got.items() if channels == ["sms"]}
    assert by_sms <= set(changing)
    assert len(by_sms) >= len(changing) // 2, "hardly anybody's wish came before their message: this proves nothing"


def test_a_wish_can_be_read_back(home: House) -> None:
    home.person(305, "email")
    home.prefer(305, "news of 8", "email", "unwanted")
    shown = home.get(f"/profiles/external_id:{user(305)}")["preferences"]
    assert [(one["topic"], one["channel"], one["state"]) for one in shown] == [("news of 8", "email", "unwanted")]
