"""What `record` promises, on a real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Event, Identifier, ProfileChange
from antiphon.profiles import Fact
from profiles.facts import ANNA, AT, MAIL, events, fact, record, sql


async def test_a_track_of_somebody_unknown_makes_a_profile_an_event_and_a_sum(database: Database) -> None:
    done = await record(database, fact("1", ANNA, event="cart added", properties='{"a": 1}'))
    assert (done.new, done.repeated) == (1, 0)
    async with database.transaction() as tx:
        (profile,) = await profiles.read(tx, [done.profiles[0]])  # type: ignore[list-item]
        (event,) = await events(tx, profile.id)
        numbers = await profiles.event_names(tx, ["cart added", "unheard of"], make=False)
    assert profile.identifiers == [ANNA]
    assert (event.name, event.at, event.properties) == ("cart added", AT, {"a": 1})
    sums = await sql(database, "SELECT bucket, profile_id, name_id, count, first_at, last_at FROM event_sum")
    assert sums == [(profile.id & 255, profile.id, numbers["cart added"], 1, AT, AT)]
    assert numbers.keys() == {"cart added"}


async def test_the_same_message_id_counts_once_in_one_batch_and_later(database: Database) -> None:
    done = await record(database, fact("1", ANNA, event="a"), fact("1", ANNA, event="a"), fact("2", ANNA, event="a"))
    again = await record(database, fact("2", ANNA, event="a"), fact("1", ANNA, event="a"))
    assert (done.new, done.repeated, again.new, again.repeated) == (2, 1, 0, 2)
    assert set(done.profiles) == set(again.profiles) == {done.profiles[0]}
    assert await sql(database, "SELECT count FROM event_sum") == [(2,)]


async def test_the_same_message_id_of_another_source_counts(database: Database) -> None:
    other = Fact(source="other", message_id="1", at=AT, who=(ANNA,), event="a")
    assert (await record(database, fact("1", ANNA, event="a"), other)).new == 2


async def test_the_same_messages_from_rivals_count_once(database: Database) -> None:
    facts = [fact(str(n), Identifier("external_id", str(n % 20)), event="a") for n in range(200)]
    done = await asyncio.gather(*(record(database, *facts[k * 10 :], *facts[: k * 10]) for k in range(6)))
    assert sum(one.new for one in done) == 200
    assert await sql(database, "SELECT sum(count)::int, count(*) FROM event_sum") == [(200, 20)]
    assert await sql(database, "SELECT count(*) FROM event") == [(200,)]
    assert await sql(database, "SELECT count(*) FROM profile") == [(20,)]


async def test_events_of_any_date_are_kept_counted_and_shown(database: Database) -> None:
    texts = ["0001-01-01T00:00:00.000001Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999998Z"]
    times = [*map(datetime.fromisoformat, texts), AT]
    async with database.transaction() as tx:
        await profiles.ensure_partitions(tx)
    done = await record(database, *[fact(str(at), ANNA, event="a", at=at) for at in times])
    async with database.transaction() as tx:
        shown = await events(tx, done.profiles[0])  # type: ignore[arg-type]
    assert [event.at for event in shown] == sorted(times, reverse=True)
    assert await sql(database, "SELECT first_at, last_at, count FROM event_sum") == [(min(times), max(times), 4)]


async def test_the_outermost_instants_are_no_infinities(database: Database) -> None:
    ends = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    await record(database, *[fact(str(at), ANNA, event="a", at=at) for at in ends])
    assert await sql(database, "SELECT bool_and(isfinite(at)), count(*) FROM event") == [(True, 2)]


async def test_times_of_other_zones_are_one_instant(database: Database) -> None:
    await record(database, fact("1", ANNA, event="a", at=AT.astimezone(timezone(timedelta(hours=5, minutes=30)))))
    assert await sql(database, "SELECT at FROM event") == [(AT,)]


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        (fact("1\0", ANNA, event="a"), "message_id"),
        (fact("", ANNA, event="a"), "message_id"),
        (fact("1", ANNA, event="a\0"), "event"),
        (fact("1", ANNA, event="\ud800"), "event"),
        (fact("1", ANNA, event="é" * 251), "event"),
        (fact("1", Identifier("external_id", "a\0b"), event="a"), "who[0].value"),
        (fact("1", ANNA, Identifier("email", "\udfff@x.example"), event="a"), "who[1].value"),
        (fact("1", Identifier("shoe size", "42"), event="a"), "who[0].kind"),
        (fact("1", event="a"), "who"),
        (fact("1", ANNA, event="a", properties='{"a": "\\u0000"}'), "properties"),
        (fact("1", ANNA, event="a", properties='{"a": "\\\\\\u0000"}'), "properties"),
        (fact("1", ANNA, event="a", properties='{"a": "\\ud800"}'), "properties"),
        (fact("1", ANNA, event="a", properties='{"a": "\ud800"}'), "properties"),
        (fact("1", ANNA, event="a", properties='{"a": 1e200000}'), "properties"),
        (fact("1", ANNA, event="a", properties='{"a": 1e-200000}'), "properties"),
        (fact("1", ANNA, event="a", properties="[1]"), "properties"),
        (fact("1", ANNA, event="a", properties='{"a":' + "[" * 20_000), "properties"),
        (fact("1", ANNA, traits={"a": {"b": ["\0"]}}), "traits.a"),
        (fact("1", ANNA, traits={"a": "\ud800"}), "traits.a"),
        (fact("1", ANNA, traits={"a\0": 1}), "traits.a\\x00"),
        (fact("1", ANNA, traits={"a": object()}), "traits.a"),
        (fact("1", ANNA, event="a", at=datetime(2025, 1, 1)), "at"),  # noqa: DTZ001
        (fact("1", ANNA, event="a", at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))), "at"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_place(bad: Fact, place: str) -> None:
    assert [flaw.at for flaw in profiles.flaws(bad)] == [place]


async def test_one_bad_fact_refuses_its_batch_before_anything_is_written(database: Database) -> None:
    with pytest.raises(Invalid) as refused:
        await record(database, fact("0", ANNA, event="a"), fact("1", ANNA, event="a", properties="{"))
    assert [flaw.at for flaw in refused.value.flaws] == ["facts[1].properties"]
    assert await sql(database, "SELECT count(*) FROM seen_message") == [(0,)]


ODD_PROPERTIES = [
    '{"a": "\\\\u0000"}',
    '{"sku": "12e5000"}',
    '{"a": "\\ud83d\\ude00"}',
    '{"a": "' + "1" * 2000 + '"}',
    '{"a": 1.7976931348623157e308}',
    '{"a": 123456789012345678901234567890}',
    '{"a": ' + "[" * 500 + "]" * 500 + "}",
]


async def test_odd_properties_that_can_be_stored_are(database: Database) -> None:
    facts = [fact(str(n), ANNA, event="a", properties=text) for n, text in enumerate(ODD_PROPERTIES)]
    assert (await record(database, *facts)).new == len(ODD_PROPERTIES)


async def test_traits_are_merged_in_order_and_null_removes(database: Database) -> None:
    await record(database, fact("1", ANNA, traits={"tier": "gold", "age": 30, "deep": {"a": None}}))
    await record(database, fact("2", ANNA, traits={"tier": None, "age": 31}), fact("3", ANNA, traits={"age": 32}))
    async with database.transaction() as tx:
        (anna,) = await profiles.read(tx, [await profiles.find_or_make(tx, ANNA)])
    assert anna.traits == {"age": 32, "deep": {"a": None}}


async def test_what_changed_is_told_in_the_transaction(database: Database) -> None:
    told: list[Any] = []

    async def taker(_tx: Transaction, records: Any) -> None:
        told.extend(records)

    outlet.take(database, Event, taker)
    outlet.take(database, ProfileChange, taker)
    (id,) = (await record(database, fact("1", ANNA, MAIL, event="a", traits={"age": 30}))).profiles
    assert [(one.what, one.names) for one in told if isinstance(one, ProfileChange)] == [
        ("created", ()),
        ("traits", ("age",)),
        ("address", ("email",)),
    ]
    assert [(one.profile, one.name, one.at) for one in told if isinstance(one, Event)] == [(id, "a", AT)]
    told.clear()
    await record(database, fact("2", ANNA, MAIL, traits={"age": 30}), fact("1", ANNA, event="a"))
    assert told == [], "nothing changed"


async def test_an_event_that_is_rolled_back_leaves_no_name_behind(database: Database) -> None:
    async def fail(tx: Transaction) -> None:
        await profiles.record(tx, [fact("1", ANNA, event="first"), fact("2", ANNA, event="second")])
        await profiles.event_names(tx, ["second", "first"], make=True)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.repeat(fail)
    await record(database, fact("3", ANNA, event="second"), fact("1", ANNA, event="first"))
    names = await sql(
        database, "SELECT name, count FROM event_sum JOIN event_name ON event_name.id = name_id ORDER BY name"
    )
    assert names == [("first", 1), ("second", 1)]


async def test_create_passes_over_known_people_and_update_over_unknown_ones(database: Database) -> None:
    bob = Identifier("external_id", "bob")
    (anna,) = (await record(database, fact("1", ANNA))).profiles
    updated = await record(database, fact("2", ANNA, traits={"a": 1}), fact("3", bob, traits={"a": 1}), mode="update")
    assert (updated.new, updated.skipped, updated.profiles) == (1, 1, (anna, None))
    created = await record(database, fact("3", bob, traits={"b": 1}), fact("4", ANNA, traits={"b": 1}), mode="create")
    assert (created.new, created.skipped, created.profiles[1]) == (1, 1, anna)
    assert created.profiles[0] not in (None, anna), "the message id of a skipped fact stays unused"


async def test_the_sums_are_the_fold_of_the_events(database: Database) -> None:
    """Also with rivals, repeats, dates to come and several facts of one person in a batch."""
    facts = [
        fact(
            str(n % 400),
            Identifier("external_id", str(n * 7 % 13)),
            event=f"e{n % 400 * 11 % 5}",
            at=AT + timedelta(days=n % 400 * 37 % 400 - 200),
        )
        for n in range(600)
    ]
    done = await asyncio.gather(*(record(database, *facts[k::4]) for k in range(4)), record(database, *facts[::3]))
    assert sum(one.new for one in done) == 400
    assert (
        await sql(
            database,
            """(SELECT bucket, profile_id, name_id, count::bigint, first_at, last_at FROM event_sum)
           EXCEPT
           (SELECT profile_id & 255, profile_id, name_id, count(*), min(at), max(at) FROM event GROUP BY 1, 2, 3)""",
        )
        == []
    )
    assert await sql(database, "SELECT sum(count)::int FROM event_sum") == [(400,)]


async def test_what_a_device_says_is_the_same_in_any_order(database: Database) -> None:
    """A late call does not turn the clock back, and two browsers of one day end the same."""
    at = AT.replace(hour=9)
    said = [(at, "New_York"), (at.replace(hour=11), "Paris"), (at + timedelta(days=1), "New_York"), (at, "Lima")]
    for n, order in enumerate([said, said[::-1], [said[2], said[0], said[3], said[1]]]):
        who = Identifier("anonymous_id", f"d{n}")
        for k, (when, zone) in enumerate(order):
            await record(database, fact(f"{n}-{k}", who, event="page", at=when, device={"device_timezone": zone}))
        async with database.transaction() as tx:
            (profile,) = await profiles.read(tx, list((await profiles.find(tx, [who])).values()))
        assert profile.traits == {"device_timezone": "New_York"}
