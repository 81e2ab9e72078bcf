"""Two numbers turn out to be one person, whatever was under way; and are parted again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from antiphon import campaigns, orchestration, profiles
from antiphon.kernel import outlet, settings
from antiphon.kernel.records import (
    DeliveryId,
    Identifier,
    Merged,
    NotificationId,
    ProfileChange,
    ProfileId,
    Purpose,
    Receipt,
    Unmerged,
)
from antiphon.orchestration.decide import work_people
from antiphon.orchestration.merging import follow
from antiphon.orchestration.twins import Twin, superfluous
from antiphon.profiles.identity.move import work as move_events
from orchestration.stage import GONE, Stage, working
from orchestration.test_failover import _is, counts
from orchestration.test_stopping import claimed, clear, opt_out, queued


async def merge(stage: Stage, alias: ProfileId, person: ProfileId) -> None:
    """By hand, as staff does it; of two that are equally well known the older number stands for both."""
    stands = await stage.database.repeat(lambda tx: profiles.merge_people(tx, person, alias, by="test"))
    assert stands == person
    await whole(stage)


async def unmerge(stage: Stage, restored: ProfileId, person: ProfileId, n: int) -> None:
    part = [Identifier("external_id", f"p{n}"), Identifier("email", f"p{n}@example.org")]
    assert await stage.database.repeat(lambda tx: profiles.unmerge(tx, person, part, by="test")) == restored
    await whole(stage)


async def whole(stage: Stage) -> None:
    """Until all events have been moved, by whoever does it."""

    async def moved() -> bool:
        await move_events(stage.database)
        return not await stage.sql("SELECT FROM known_moving")

    await stage.eventually(moved)


async def states(stage: Stage) -> list[tuple[str, str | None]]:
    rows = await stage.sql("SELECT state, reason FROM notification ORDER BY profile_id")
    return [(row["state"], row["reason"]) for row in rows]


async def walk(stage: Stage) -> None:
    while await campaigns.work_chunks(stage.runtime):
        pass


async def decide(stage: Stage) -> None:
    while await work_people(stage.runtime):
        pass


async def test_merged_while_both_are_queued_one_message_leaves(stage: Stage) -> None:
    mail = await stage.account("email")
    campaign = await queued(stage, 2, "email")
    one, other = [row["id"] for row in await stage.sql("SELECT id FROM profile ORDER BY id")]
    marks = await claimed(stage)
    await merge(stage, other, one)
    assert await clear(stage, marks) == []
    async with working(stage.runtime):
        view = await stage.until(campaign, "done")
    assert len(mail.left) == 1
    assert view.notifications == {"sent": 1, "cancelled": 1}
    assert view.reasons == {"merged": 1}


async def test_merged_while_both_are_queued_under_a_cap_of_one_the_message_leaves_today(stage: Stage) -> None:
    """What was taken back of both numbers had taken two places: none of them counts."""
    mail = await stage.account("email")
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"frequency_cap": {"count": 1, "within_s": 86400}})
    campaign = await queued(stage, 2, "email")
    one, other = [row["id"] for row in await stage.sql("SELECT id FROM profile ORDER BY id")]
    await merge(stage, other, one)
    async with working(stage.runtime):
        await stage.until(campaign, "done")
    assert len(mail.left) == 1
    assert [len(row["capped_at"]) for row in await stage.sql("SELECT capped_at FROM person ORDER BY 1 DESC")] == [1, 0]


async def test_merged_while_one_is_with_the_provider_the_other_is_not_sent(stage: Stage) -> None:
    """Whichever number it was: what is out cannot be taken back, so it is the one that counts."""
    mail = await stage.account("email")
    mail.hold = asyncio.Event()
    first, *_ = await stage.people(1, "email")
    campaign = await stage.campaign("email")
    async with working(stage.runtime):
        await stage.eventually(lambda: _is(len(mail.left) == 1))
        (source,) = await stage.sql("SELECT source_id FROM campaign")
        second, *_ = await stage.people(1, "email", first=1)
        await stage.sql("UPDATE provider_state SET paused_until = clock_timestamp() + interval '1 hour'")
        await stage.database.repeat(lambda tx: orchestration.notify(tx, source["source_id"], [second], [""]))
        await merge(stage, second, first)
        rows = await stage.sql("SELECT profile_id, state, reason FROM notification ORDER BY id")
        assert [(r["profile_id"], r["state"], r["reason"]) for r in rows] == [
            (first, "open", None),
            (second, "cancelled", "merged"),
        ]
        mail.hold.set()
        await stage.until(campaign, "done")
    assert len(mail.left) == 1


async def test_a_failure_after_the_merge_goes_to_the_next_channel_once(stage: Stage) -> None:
    """Both numbers were with the provider: both fail, and one SMS follows."""
    mail, sms = await stage.account("email"), await stage.account("sms")
    mail.hold, mail.answer = asyncio.Event(), lambda _: GONE
    one, other = await stage.people(2, "email", "phone")
    campaign = await stage.campaign("email", "sms")
    async with working(stage.runtime):
        await stage.eventually(lambda: _is(len(mail.left) == 2))
        await merge(stage, other, one)
        mail.hold.set()
        view = await stage.until(campaign, "done")
    assert len(sms.left) == 1
    assert view.notifications == {"sent": 1, "cancelled": 1}


async def test_merged_while_both_wait_at_night_one_comes_in_the_morning(stage: Stage, move) -> None:
    sms = await stage.account("sms")
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"quiet_hours": {"start": "11:00", "end": "13:00"}})
    one, other = await stage.people(2, "phone")
    campaign = await stage.campaign("sms")
    await walk(stage)
    assert await states(stage) == [("waiting", "quiet_hours")] * 2
    await merge(stage, other, one)
    assert sorted(await states(stage)) == [("cancelled", "merged"), ("waiting", "quiet_hours")]
    await move(timedelta(hours=1))
    async with working(stage.runtime):
        await stage.until(campaign, "done")
    assert len(sms.left) == 1


async def test_who_was_told_under_one_number_is_not_told_under_the_other(stage: Stage) -> None:
    mail = await stage.account("email")
    first, *_ = await stage.people(1, "email")
    campaign = await stage.campaign("email")
    async with working(stage.runtime):
        await stage.until(campaign, "done")
    (source,) = await stage.sql("SELECT source_id FROM campaign")
    second, third = await stage.people(2, "email", first=1)
    await stage.database.repeat(lambda tx: orchestration.notify(tx, source["source_id"], [second], [""]))
    await merge(stage, second, first)
    await merge(stage, third, first)
    again = await stage.database.repeat(
        lambda tx: orchestration.notify(tx, source["source_id"], [first, second, third], ["", "", ""])
    )
    assert again == 0
    async with working(stage.runtime):
        await asyncio.sleep(0.5)
    assert mail.to == ["p0@example.org"]


async def test_a_number_that_is_somebodys_by_now_is_passed_over_in_the_middle_of_a_chunk(stage: Stage) -> None:
    """The audience was read before the merge; the person is told under their own number."""
    mail = await stage.account("email")
    people = await stage.people(6, "email")
    campaign = await stage.campaign("email")
    for alias in people[1:4]:
        await merge(stage, alias, people[0])
    async with working(stage.runtime):
        view = await stage.until(campaign, "done")
    assert view.notifications == {"sent": 3}
    told = await stage.sql("SELECT profile_id FROM notification")
    assert {row["profile_id"] for row in told} == {people[0], *people[4:]}
    assert len(mail.left) == 3


async def test_merges_while_a_campaign_runs_never_make_two_of_one(stage: Stage, worker: None) -> None:
    """120 people turn out to be 40 while they are told. Who was told twice was told before it was known."""
    mail = await stage.account("email", per_second=400)
    mail.slow_s = 0.05
    people = await stage.people(120, "email")
    chance = random.Random(7)
    campaign = await stage.campaign("email")
    merged_at: dict[ProfileId, float] = {}
    for n, alias in enumerate(people):
        if n % 3:
            await merge(stage, alias, people[n - n % 3])
            merged_at[alias] = asyncio.get_running_loop().time()
            await asyncio.sleep(chance.random() * 0.01)
    view = await stage.until(campaign, "done")
    person_of = {f"p{n}@example.org": people[n - n % 3] for n in range(120)}
    assert len(mail.to) == len(set(mail.to))
    told = Counter(person_of[address] for address in mail.to)
    rows = await stage.sql(
        "SELECT coalesce(p.merged_into, p.profile_id) AS person, count(*) AS n FROM notification n"
        " JOIN person p USING (bucket, profile_id) WHERE n.state = 'sent' GROUP BY 1"
    )
    assert {row["person"]: row["n"] for row in rows} == told
    assert view.notifications["sent"] == len(mail.left)
    assert set(told) == set(people[::3])


async def test_the_places_under_the_cap_are_those_of_both(stage: Stage, move) -> None:
    mail = await stage.account("email")
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"frequency_cap": {"count": 3, "within_s": 86400}})
    one, other = await stage.people(2, "email")
    message = await stage.message("email")
    async with working(stage.runtime):
        for n in range(2):
            await stage.send(message, Identifier("email", f"p{n}@example.org"), purpose=Purpose.CAMPAIGN)
        await stage.eventually(lambda: _is(len(mail.left) == 2))
        await merge(stage, other, one)
        (row,) = await stage.sql("SELECT capped_at FROM person WHERE profile_id = $1", one)
        assert len(row["capped_at"]) == 2
        for n in (0, 1):
            await stage.send(message, Identifier("email", f"p{n}@example.org"), purpose=Purpose.CAMPAIGN)
        await stage.eventually(lambda: _is(len(mail.left) == 3))
        await asyncio.sleep(0.2)
        assert len(mail.left) == 3
        await unmerge(stage, other, one, 1)
        (row,) = await stage.sql("SELECT capped_at FROM person WHERE profile_id = $1", other)
        assert len(row["capped_at"]) == 3  # too few messages, never too many
        await move(timedelta(days=1, seconds=1))
        await stage.eventually(lambda: _is(len(mail.left) == 4))


async def test_an_opt_out_of_the_number_that_goes_holds_at_once(stage: Stage) -> None:
    """It was said by the other number, and what the person had queued goes to that address no more."""
    mail = await stage.account("email")
    one, other = await stage.people(2, "email")
    message = await stage.message("email")
    await opt_out(stage, "p1@example.org")
    await merge(stage, other, one)
    number = await stage.send(message, Identifier("email", "p1@example.org"), purpose=Purpose.TRANSACTIONAL)
    async with working(stage.runtime):
        await stage.until_state(number, "open")
        await stage.eventually(lambda: _is(mail.to == ["p0@example.org"]))
    await opt_out(stage, "p0@example.org")
    number = await stage.send(message, Identifier("email", "p1@example.org"), purpose=Purpose.TRANSACTIONAL)
    assert (await stage.show(number)).reason == "opted_out"


async def test_a_wish_of_the_number_that_goes_holds_for_what_the_other_has_queued(stage: Stage) -> None:
    await stage.account("email")
    await stage.account("sms")
    one, other = await stage.people(2, "email", "phone")
    await stage.database.repeat(lambda tx: profiles.set_preferences(tx, other, [("coupons", "email", "unwanted")]))
    campaign = await stage.campaign("email", "sms")
    await walk(stage)
    await merge(stage, other, one)
    async with working(stage.runtime):
        view = await stage.until(campaign, "done")
    attempts = await stage.sql("SELECT channel, address, state, failure, code FROM delivery")
    assert view.notifications == {"sent": 1, "cancelled": 1}, attempts
    assert stage.desks["email"].left == []
    assert len(stage.desks["sms"].left) == 1


async def test_nothing_is_decided_while_the_events_move_and_everything_after(stage: Stage) -> None:
    """Neither what was open, nor what a campaign or a program brings meanwhile; and nothing of it is lost."""
    mail = await stage.account("email")
    one, other = await stage.people(2, "email")
    await merge(stage, other, one)
    await being_moved(stage, one)
    campaign = await stage.campaign("email")
    number = await stage.send(await stage.message("email"), Identifier("email", "p1@example.org"))
    async with working(stage.runtime):
        await stage.eventually(lambda: _told(stage, ("waiting", "merged"), 2))
        await asyncio.sleep(0.3)
        assert mail.left == []
        assert "put together" in (await stage.show(number)).decision["because"]

        async def ended(tx) -> None:
            await tx.rows("DELETE FROM move_due WHERE profile_id = 1")
            await outlet.publish(tx, [ProfileChange(one, "merged")])

        await stage.database.repeat(ended)
        await stage.until(campaign, "done")
        await stage.eventually(lambda: _is(len(mail.left) == 2))


async def being_moved(stage: Stage, person: ProfileId) -> None:
    """For longer than the test lasts."""
    await stage.sql(
        "INSERT INTO move_due (bucket, profile_id, due_at, seen_xid, moving)"
        " VALUES (1, 1, '2030-01-01', '1', ARRAY[$1::bigint])",
        person,
    )


async def _told(stage: Stage, state: tuple[str, str | None], n: int) -> bool:
    return (await states(stage)).count(state) == n


async def test_what_is_queued_for_somebody_who_is_being_moved_is_not_let_go(stage: Stage) -> None:
    await stage.account("email")
    await queued(stage, 1, "email")
    (person,) = await stage.sql("SELECT id FROM profile")
    await being_moved(stage, person["id"])
    assert await clear(stage, await claimed(stage)) == []
    await decide(stage)
    assert await states(stage) == [("waiting", "merged")]


async def test_receipts_of_the_old_number_reach_the_person(stage: Stage) -> None:
    """A dead address of the alias's delivery is dead for the person, and the next channel is the person's."""
    mail, sms = await stage.account("email"), await stage.account("sms")
    one, *_ = await stage.people(1, "phone")
    other, *_ = await stage.people(1, "email", first=1)
    campaign = await stage.campaign("email", "sms")
    async with working(stage.runtime):
        await stage.until(campaign, "done")
        assert (len(mail.left), len(sms.left)) == (1, 1)
        # a further campaign of which only the number that will go has something
        (source,) = await stage.sql("SELECT source_id FROM campaign")
        await stage.sql("DELETE FROM delivery WHERE profile_id = $1", one)
        await stage.sql("DELETE FROM notification WHERE profile_id = $1", one)
        await merge(stage, other, one)
        bounce = Receipt("failed", stage.database.clock.now(), delivery=mail.left[0][1].delivery, failure="address")
        await stage.hear(bounce)
        await stage.eventually(lambda: _is(len(sms.left) == 2))
    assert sms.to[1] == sms.to[0]
    (dead,) = await stage.sql("SELECT profile_id FROM address WHERE state = 'dead'")
    assert dead["profile_id"] == one
    (late,) = await stage.sql("SELECT profile_id, bucket FROM delivery WHERE channel = 'sms' AND source_id = $1",
                              source["source_id"])  # fmt: skip
    assert (late["profile_id"], late["bucket"]) == (other, other & 255)


async def test_why_and_the_history_are_over_all_numbers(stage: Stage) -> None:
    await stage.account("email")
    one, other = await stage.people(2, "email")
    campaign = await stage.campaign("email")
    async with working(stage.runtime):
        await stage.until(campaign, "done")
    await merge(stage, other, one)
    async with stage.database.transaction(read_only=True) as tx:
        told = await orchestration.why(tx, one)
        assert await orchestration.why(tx, other) == told
        source = (await stage.sql("SELECT source_id FROM campaign"))[0]["source_id"]
        listed = await orchestration.recipients(tx, source, outcome=None, after=0, limit=10)
    assert sorted(view.profile for view in told) == sorted([str(one), str(other)])
    assert {view.person for view in told} == {str(one)} == {each.person for each in listed}


async def test_a_conversion_is_owed_to_a_click_under_another_number(stage: Stage) -> None:
    mail = await stage.account("email")
    one, other = await stage.people(2, "email")
    campaign = await stage.campaign("email")
    async with working(stage.runtime):
        await stage.until(campaign, "done")
    delivery = next(o.delivery for _, o in mail.left if o.to == "p1@example.org")
    now = stage.database.clock.now()
    await stage.hear(Receipt("clicked", now, delivery=DeliveryId(delivery)))
    await merge(stage, other, one)
    bought = profiles.Fact("test", "order", now, (Identifier("email", "p0@example.org"),), event="Order Completed")
    await stage.database.repeat(lambda tx: profiles.record(tx, [bought]))
    assert counts(await stage.view(campaign))["converted"] == 1


async def test_parted_again_each_is_decided_alone_and_history_stays_where_it_was_written(stage: Stage) -> None:
    mail = await stage.account("email")
    one, other = await stage.people(2, "email")
    campaign = await stage.campaign("email")
    await walk(stage)
    await merge(stage, other, one)
    await decide(stage)
    (row,) = await stage.sql("SELECT profile_id FROM notification WHERE is_open")
    await unmerge(stage, other, one, 1)
    assert (await stage.sql("SELECT merged_into FROM person WHERE profile_id = $1", other))[0]["merged_into"] is None
    async with working(stage.runtime):
        await stage.until(campaign, "done")
        later = await stage.campaign("email")
        view = await stage.until(later, "done")
    assert view.notifications == {"sent": 2}
    own = {one: "p0@example.org", other: "p1@example.org"}[row["profile_id"]]
    assert sorted(mail.to) == sorted([own, "p0@example.org", "p1@example.org"])


async def test_chains_of_merges_lead_to_the_last_person(stage: Stage) -> None:
    await stage.account("email")
    people = await stage.people(4, "email")
    for alias, person in ((0, 1), (1, 2), (3, 2)):
        async with stage.database.transaction() as tx:
            await outlet.publish(tx, [Merged(people[alias], people[person])])
    rows = await stage.sql("SELECT DISTINCT merged_into FROM person WHERE merged_into IS NOT NULL")
    assert [row["merged_into"] for row in rows] == [people[2]]
    async with stage.database.transaction() as tx:
        await outlet.publish(tx, [Unmerged(people[1], people[2])])
        await outlet.publish(tx, [Merged(people[0], people[1])])
    rows = await stage.sql("SELECT profile_id, merged_into FROM person ORDER BY profile_id")
    leads = {row["profile_id"]: row["merged_into"] for row in rows}
    assert leads == {people[0]: people[1], people[1]: None, people[2]: None, people[3]: people[2]}


@pytest.mark.parametrize(
    ("merges", "leads"),
    [
        ([(1, 2)], {1: 2}),
        ([(1, 2), (2, 3)], {1: 3, 2: 3}),
        ([(2, 3), (1, 2)], {2: 3, 1: 3}),
        ([(1, 2), (3, 1)], {1: 2, 3: 2}),
        ([(1, 2), (3, 2), (2, 1)], {3: 1, 2: 1}),
    ],
)
def test_what_follows_from_several_at_once(merges, leads) -> None:
    assert follow([Merged(ProfileId(a), ProfileId(p)) for a, p in merges]) == leads


def test_of_twins_what_is_out_goes_on_else_what_was_tried_else_the_older() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def twin(id: int, *, minutes: int = 0, tried: bool = False, live: bool = False) -> Twin:
        return Twin(NotificationId(id), at + timedelta(minutes=minutes), tried, live)

    old, new = twin(2), twin(1, minutes=1)
    assert superfluous([old, new], told=False) == {1}
    assert superfluous([old, twin(1, minutes=1, tried=True)], told=False) == {2}
    assert superfluous([old, twin(1, minutes=1, tried=True, live=True)], told=False) == {2}
    assert superfluous([twin(2, live=True), twin(1, live=True)], told=False) == set()
    assert superfluous([old, new], told=True) == {1, 2}
    assert superfluous([old, twin(1, live=True)], told=True) == {2}
