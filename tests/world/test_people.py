from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import phonenumbers

from antiphon_world.addresses import person_of
from antiphon_world.history import history
from antiphon_world.people import people

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
SAMPLE = list(people(3, range(1, 1001), until=UNTIL, push_base="http://push.example/"))


def test_the_same_seed_makes_the_same_people_whoever_else_is_asked_for() -> None:
    alone = list(people(3, [500], until=UNTIL, push_base="http://push.example"))
    assert alone == [SAMPLE[499]]
    assert alone != list(people(4, [500], until=UNTIL, push_base="http://push.example"))


def test_everybody_can_be_reached_and_nobody_shares_an_address() -> None:
    addresses = [
        address
        for person in SAMPLE
        for address in (person.get("email"), person.get("phone"), person.get("webpush", {}).get("endpoint"))
        if address
    ]
    assert len(set(addresses)) == len(addresses)
    assert all({"email", "phone", "webpush"} & person.keys() for person in SAMPLE)
    assert all(address.isascii() for address in addresses)


def test_every_address_leads_back_to_its_person() -> None:
    for number, person in enumerate(SAMPLE, 1):
        found = [person.get("email"), person.get("phone"), person.get("webpush", {}).get("endpoint")]
        assert {person_of(address) for address in found if address} == {str(number)}


def test_phones_are_valid_in_the_country_of_the_person() -> None:
    for person in SAMPLE:
        if "phone" in person:
            number = phonenumbers.parse(person["phone"])
            assert phonenumbers.is_valid_number_for_region(number, person["country"])


def test_channels_are_spread_as_promised() -> None:
    has = Counter(channel for person in SAMPLE for channel in ("email", "phone", "webpush") if channel in person)
    assert 820 < has["email"] < 920
    assert 760 < has["phone"] < 840
    assert 400 < has["webpush"] < 500
    assert {person["language"] for person in SAMPLE} == {"en", "es", "fr"}
    assert {person["tier"] for person in SAMPLE} == {"free", "silver", "gold"}


def rows(days: int) -> list[dict[str, object]]:
    return list(history(3, range(1, 301), since=UNTIL - timedelta(days=days), until=UNTIL))


def test_history_is_in_order_and_before_now_and_after_the_person_joined() -> None:
    found = rows(20)
    times = [str(row["time"]) for row in found]
    assert times == sorted(times)
    assert times[0] >= "2026-02-09"
    assert times[-1] < "2026-03-01"
    joined = {person["id"]: person["signed_up"] for person in SAMPLE}
    assert all(str(row["time"])[:10] >= joined[row["person"]] for row in found)


def test_a_longer_history_contains_the_shorter() -> None:
    short = {json.dumps(row) for row in rows(5)}
    long = {json.dumps(row) for row in rows(20)}
    assert short
    assert short < long


def test_orders_carry_an_amount_and_no_message_id_repeats() -> None:
    found = rows(20)
    orders = [row["properties"] for row in found if row["event"] == "Order Completed"]
    assert orders
    assert all(order["amount"] > 0 and order["products"] for order in orders)  # type: ignore[index]  # JSON
    assert len({row["message_id"] for row in found}) == len(found)
