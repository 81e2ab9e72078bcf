"""Story 12, in part: a click is on the screen in less than a second."""

from __future__ import annotations

import json
import time

from flows.house import House
from flows.samples import message, user


def test_a_click_is_told_within_a_second(home: House) -> None:
    home.person(701, "email", circle="live")
    home.post("/segments", {"name": "live", "rule": {"trait": "circle", "op": "eq", "value": "live"}})
    home.post("/messages", message("click me", topic="live"))
    campaign = home.launch(name="live", message="click me", segment="live", channels=["email"])
    home.wait_for(campaign, "done")
    home.settle()
    topic = f"campaign:{campaign}"
    with home.live() as live:
        live.send(json.dumps({"sub": [topic]}))
        first = json.loads(live.recv(timeout=5))
        assert first["topic"] == topic
        assert first["snapshot"]["n"]["email//sent"] == 1
        assert "email//clicked" not in first["snapshot"]["n"]
        home.act(701, "click")
        began = [line["wall"] for line in home.journal.lines("clicked") if line["person"] == user(701)]
        told = first
        while told.get("delta", {}).get("n", {}).get("email//clicked") != 1:
            told = json.loads(live.recv(timeout=5))
        assert time.time() - began[0] < 1.0
        assert told["seq"] > first["seq"]
