"""A month of a rewards app, taken in by file and by HTTP: the same people, the same segments, and then a campaign.

The real set (17,000 members, 306,534 events; its README has the true answers) where it is there, of 17 members one
unless all of it is wanted (`make test-long`); a generated one of the same shape always. What a rule should count is
worked out by the oracle, which shares nothing with the product.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flows.house import House, house
from flows.samples import PEOPLE_MAP, mail_of, message, phone_of, subscription_of
from scale import sized
from segments.offers import EPOCH, NAMES, REAL, Offers, at, generated, real, world_of

RULES: dict[str, Any] = {
    **{f"{name} {n}": {"event": name, "count": {"op": "gte", "value": n}} for name in NAMES for n in (1, 3, 6)},
    "unseen": {"event": "offer viewed", "within": "504h", "count": {"op": "eq", "value": 0}},
    "spent": {"event": "transaction", "sum": {"property": "amount", "op": "gte", "value": 100}},
}
UNSEEN = {"version": 1, "rule": RULES["unseen"]}
HOURS = (504, 714)


@pytest.fixture(
    scope="module",
    params=[
        "generated",
        pytest.param(
            "real", marks=pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/starbucks-offers is not here")
        ),
    ],
)
def offers(request: pytest.FixtureRequest) -> Offers:
    return real(every=sized(17, 1)) if request.param == "real" else generated(members=300, seed=5)


@pytest.fixture(scope="module")
def by_command(offers: Offers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("by-command"), start=EPOCH.isoformat()) as home:
        home.post("/segments", {"name": "unseen", "rule": UNSEEN})
        people, events, mapping = write_files(offers, home.folder)
        known = home.command("import", "people", str(people), "--map", str(mapping["people"]))
        happened = home.command("import", "events", str(events), "--map", str(mapping["events"]))
        again = home.command("import", "events", str(events), "--map", str(mapping["events"]))
        assert (known["new"], known["refused"]) == (len(offers.members), 0)
        assert (happened["new"], happened["refused"]) == (len(offers.happenings), 0)
        assert (again["new"], again["repeated"]) == (0, len(offers.happenings))
        yield home


def write_files(offers: Offers, folder: Path) -> tuple[Path, Path, dict[str, Path]]:
    people, events = folder / "people.jsonl.gz", folder / "events.jsonl.gz"
    with gzip.open(people, "wt", compresslevel=1) as file:
        file.writelines(json.dumps({"id": name}) + "\n" for name in offers.members)
    with gzip.open(events, "wt", compresslevel=1) as file:
        for name, event, hour, properties in offers.happenings:
            file.write(json.dumps({"person": name, "event": event, "time": hour, "value": properties}) + "\n")
    time = {"field": "time", "unit": "hours", "epoch": EPOCH.isoformat()}
    maps: dict[str, Any] = {
        "people": {"identifiers": {"external_id": "id"}},
        "events": {"identifier": {"external_id": "person"}, "event": "event", "time": time, "properties": "value"},
    }
    maps["events"]["message_id"] = ["file", "line"]
    paths = {name: folder / f"{name}-map.json" for name in maps}
    for name, path in paths.items():
        path.write_text(json.dumps(maps[name]))
    return people, events, paths


@pytest.fixture(scope="module")
def by_http(offers: Offers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("by-http"), start=EPOCH.isoformat()) as home:
        home.post("/segments", {"name": "unseen", "rule": UNSEEN})
        home.batch([{"type": "identify", "userId": name} for name in offers.members])
        calls = [
            {
                "type": "track",
                "userId": name,
                "event": event,
                "properties": properties,
                "timestamp": at(hour).isoformat(),
                "messageId": f"line {n}",
            }
            for n, (name, event, hour, properties) in enumerate(offers.happenings)
        ]
        pieces = [calls[start : start + 400] for start in range(0, len(calls), 400)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(home.batch, [*pieces, *pieces[:20]]))
        yield home


@pytest.mark.timeout(600)
def test_by_command_and_by_http_are_the_same_people_and_events(
    offers: Offers, by_command: House, by_http: House
) -> None:
    world = world_of(offers, {name: n for n, name in enumerate(offers.members)})
    for hour in HOURS:
        expected = {name: len(world.satisfying({"rule": rule}, at(hour))) for name, rule in RULES.items()}
        assert counts(by_command, hour) == expected
        assert counts(by_http, hour) == expected
    for name in offers.members[:: len(offers.members) // 40]:
        assert timeline(by_command, name) == timeline(by_http, name) == expected_timeline(offers, name)


def counts(home: House, hour: int) -> dict[str, int]:
    """By the command once, by HTTP for the others: an instant that is still to come counts what is dated ahead."""
    found = {
        name: home.post("/segments/preview", {"rule": {"version": 1, "rule": rule}, "as_of": at(hour).isoformat()})
        for name, rule in RULES.items()
    }
    said = home.command("segments", "count", "-", "--as-of", at(hour).isoformat(), given=UNSEEN)
    assert said["count"] == found["unseen"]["count"]
    return {name: preview["count"] for name, preview in found.items()}


def timeline(home: House, name: str) -> list[tuple[str, str]]:
    rows = home.pages(f"/profiles/external_id:{name}/events", "events")
    return sorted((row["at"][:19], row["name"]) for row in rows)


def expected_timeline(offers: Offers, name: str) -> list[tuple[str, str]]:
    return sorted((at(hour).isoformat()[:19], event) for who, event, hour, _ in offers.happenings if who == name)


@pytest.mark.timeout(600)
def test_membership_follows_the_clock_and_a_campaign_reaches_the_members_once(
    offers: Offers, by_command: House, by_http: House
) -> None:
    world = world_of(offers, {name: n for n, name in enumerate(offers.members)})
    expected = {hour: {offers.members[n] for n in world.satisfying(UNSEEN, at(hour))} for hour in HOURS}
    for home in (by_command, by_http):
        for hour in HOURS:
            home.post("/sandbox/clock", {"set": at(hour).isoformat()})
            home.settle(120)
            assert home.members("unseen") == expected[hour]
    if len(offers.members) == 17_000:
        first, last = expected[504], expected[714]
        assert (len(first), len(last), len(last - first), len(first - last)) == (765, 639, 442, 568)
    campaign_to_the_unseen(by_command, offers.members, expected[714])


def campaign_to_the_unseen(home: House, members: Sequence[str], unseen: set[str]) -> None:
    """A third of the pushes is gone and a quarter of the mailboxes does not exist: they get it another way."""
    numbers = {name: n for n, name in enumerate(members, 1)}
    path, mapping = home.folder / "addresses.jsonl", home.folder / "addresses-map.json"
    with path.open("w") as file:
        file.writelines(json.dumps(addresses(home, name, n)) + "\n" for name, n in numbers.items())
    mapping.write_text(json.dumps({**PEOPLE_MAP, "traits": []}))
    told = home.command("import", "people", str(path), "--map", str(mapping))
    assert (told["updated"], told["refused"]) == (len(members), 0)
    home.accounts()
    gone = {"at": "push", "kind": "gone", "share": 0.33}
    home.habits(faults=[gone, {"at": "smtp", "kind": "reject_addresses", "share": 0.25}])
    home.post("/messages", message("have a look"))
    campaign = home.launch(name="have a look", message="have a look", segment="unseen")
    view = home.wait_for(campaign, "done", within_s=120)
    home.settle()
    got = home.journal.channels_of("have a look")
    assert {number: len(channels) for number, channels in got.items()} == {numbers[name]: 1 for name in unseen}
    by_channel = home.journal.counts("have a look")
    assert set(by_channel) == {"email", "sms", "push"}
    sent = {total["channel"]: total["n"] for total in view["counts"] if total["kind"] == "sent"}
    assert sent == by_channel
    assert len(home.journal.lines("refused")) > 0, "nothing failed over: this proves nothing"
    assert sum(view["notifications"].values()) == len(unseen)


def addresses(home: House, name: str, number: int) -> dict[str, Any]:
    """Everybody has a phone; in turn, also e-mail, push, or both."""
    found: dict[str, Any] = {"id": name, "phone": phone_of(number)}
    if number % 3 != 0:
        found["email"] = mail_of(number)
    if number % 3 != 1:
        found["webpush"] = subscription_of(number, home.world_url)
    return found
