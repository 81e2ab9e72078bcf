"""Story 15: STOP and one click are in force in less than a second on everything that is queued."""

from __future__ import annotations

import time

import pytest

from flows.house import House, until
from flows.samples import message, user


@pytest.mark.parametrize(("channel", "do", "first"), [("sms", "stop", 401), ("email", "unsubscribe", 501)])
def test_an_opt_out_stops_what_is_queued(home: House, channel: str, do: str, first: int) -> None:
    numbers = range(first, first + 60)
    topic = f"offers by {channel}"
    home.persons(list(numbers), channel, circle=topic)
    home.post("/messages", message(f"hello by {channel}", topic=topic))
    home.post("/messages", message(f"flood by {channel}", topic=topic))
    home.post("/segments", {"name": topic, "rule": {"trait": "circle", "op": "eq", "value": topic}})
    for number in numbers:  # what they answer to
        to = {"kind": "external_id", "value": user(number)}
        call = {"message": f"hello by {channel}", "to": to, "purpose": "transactional"}
        home.post("/send", {**call, "idempotency_key": f"hello-{channel}-{number}"})
    home.settle()
    assert len(home.journal.received(f"hello by {channel}")) == len(numbers)

    with home.paced(channel, per_second=8):
        campaign = home.launch(name=topic, message=f"flood by {channel}", segment=topic, channels=[channel])
        until(lambda: home.journal.received(f"flood by {channel}"), bool, within_s=10, what="the first to leave")
        told = set(home.journal.channels_of(f"flood by {channel}"))
        leaving = [number for number in numbers if number not in told][::2][:20]
        acknowledged = {}
        for number in leaving:
            home.act(number, do, channel=channel) if do != "stop" else home.act(number, do)
            acknowledged[number] = time.time()
        view = home.wait_for(campaign, "done")
        home.settle()

    got = {int(line["person"].removeprefix("c")): line["wall"] for line in home.journal.received(f"flood by {channel}")}
    assert {number: got[number] for number in leaving if got.get(number, 0) > acknowledged[number] + 1.0} == {}
    assert set(numbers) - set(leaving) <= set(got)
    spared = set(leaving) - set(got)
    assert len(spared) >= len(leaving) // 2, "hardly anybody's word came before their message: this proves nothing"
    assert view["notifications"].get("dropped", 0) + view["notifications"].get("failed", 0) == len(spared)
