"""SIGTERM and pause while a campaign runs, through the doors that operators use; judged by what the world received."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from flows.house import House, house, until
from flows.journal import number_of
from flows.samples import PEOPLE_MAP, message, user

AUDIENCE = range(1, 1501)
PER_SECOND = 50.0
STOP_WITHIN_S = 10.0
PAUSED_WITHIN_S = 1.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("stop")) as home:
        home.habits()
        home.accounts(email=PER_SECOND, sms=PER_SECOND, push=PER_SECOND)
        path, mapping = home.folder / "audience.jsonl", home.folder / "map.json"
        with path.open("w") as file:
            for number in AUDIENCE:
                channel = ("email", "sms", "push")[number % 3]
                row = {"id": user(number), "circle": "stop", **home.addresses(number, [channel])}
                file.write(json.dumps(row) + "\n")
        mapping.write_text(json.dumps(PEOPLE_MAP))
        home.command("import", "people", str(path), "--map", str(mapping))
        home.post("/segments", {"name": "stop", "rule": {"trait": "circle", "op": "eq", "value": "stop"}})
        yield home


def under_way(home: House, name: str, *, least: int = 100) -> str:
    home.post("/messages", message(name, topic="stops"))
    campaign = home.launch(name=name, message=name, segment="stop")
    until(lambda: len(home.journal.received(name)), lambda n: n >= least, within_s=30, what="it to be under way")
    return campaign


def goes_on(home: House, name: str, before: int) -> None:
    least = min(before + 60, len(AUDIENCE))
    until(lambda: len(home.journal.received(name)), lambda n: n >= least, within_s=30, what="it to go on")


def everybody_once(home: House, campaign: str, name: str) -> None:
    got = Counter(number_of(line) for line in home.journal.received(name))
    assert {number: n for number, n in got.items() if n > 1} == {}
    assert set(got) == set(AUDIENCE)
    kinds: Counter[str] = Counter()
    for count in home.get(f"/campaigns/{campaign}")["counts"]:
        kinds[count["kind"]] += count["n"]
    assert kinds["sent"] == len(AUDIENCE)
    assert kinds["in_doubt"] == 0


@pytest.mark.timeout(180)
def test_who_is_told_to_stop_finishes_what_left_and_nothing_is_in_doubt(running: House) -> None:
    campaign = under_way(running, "stopped twice")
    for _ in range(2):
        assert running.platform is not None
        begun = time.monotonic()
        running.platform.send_signal(signal.SIGTERM)
        running.platform.wait(STOP_WITHIN_S + 15)
        assert time.monotonic() - begun < STOP_WITHIN_S + 5  # and five for the database
        before = len(running.journal.received("stopped twice"))
        time.sleep(0.5)
        assert len(running.journal.received("stopped twice")) == before < len(AUDIENCE)
        running.serve()
        goes_on(running, "stopped twice", before)
    running.wait_for(campaign, "done")
    everybody_once(running, campaign, "stopped twice")


@pytest.mark.timeout(120)
def test_a_pause_is_in_force_within_a_second_and_a_resume_forgets_nobody(running: House) -> None:
    campaign = under_way(running, "paused twice")
    for _ in range(2):
        running.post(f"/campaigns/{campaign}/pause")
        answered = time.time()
        time.sleep(2.0)
        got = running.journal.received("paused twice")
        assert [line["wall"] - answered for line in got if line["wall"] > answered + PAUSED_WITHIN_S] == []
        assert len(got) < len(AUDIENCE)
        running.post(f"/campaigns/{campaign}/resume")
        goes_on(running, "paused twice", len(got))
    running.wait_for(campaign, "done")
    everybody_once(running, campaign, "paused twice")
