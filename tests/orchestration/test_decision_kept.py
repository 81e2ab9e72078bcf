"""What decisions come to in the database: places, money, what was seen; what they read is kept, and made again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from antiphon import content, orchestration, profiles, segments
from antiphon.kernel.errors import Conflict
from antiphon.kernel.records import Accepted, Identifier, NotificationId, ProfileId, Purpose, Receipt, Refused, SourceId
from antiphon.kernel.said import again
from antiphon.orchestration import Terms
from antiphon.orchestration.store import inputs
from orchestration.stage import Stage
from orchestration.test_failover import _is
from orchestration.test_once import set_up


async def make(stage: Stage, *channels: str, message: str | None = None, **terms) -> SourceId:
    message = message or await stage.message(*channels)

    async def work(tx) -> SourceId:
        stored = await content.find(tx, message)
        return await orchestration.make_source(
            tx,
            kind="campaign",
            name=message,
            message=stored.id,
            version=stored.version,
            topic="coupons",
            purpose=Purpose.CAMPAIGN,
            channels=channels,
            failover_on="definite",
            terms=Terms(**terms),
        )

    return await stage.database.repeat(work)


async def notify(stage: Stage, source: SourceId, people: list[ProfileId]) -> None:
    await stage.database.repeat(lambda tx: orchestration.notify(tx, source, people, [""] * len(people)))


async def verdicts(stage: Stage, source: SourceId) -> dict[int, tuple[str, str | None, str]]:
    rows = await stage.sql(
        "SELECT profile_id, state, reason, decision -> 'because' AS because FROM notification WHERE source_id = $1",
        source,
    )
    return {row["profile_id"]: (row["state"], row["reason"], again(row["because"])) for row in rows}


async def test_a_channel_s_cap_counts_what_went_there_and_nothing_else(stage: Stage, worker: None) -> None:
    mail, text = await stage.account("email"), await stage.account("sms")
    people = await stage.people(3, "email", "phone")
    await set_up(stage, frequency_caps=[{"count": 1, "within_s": 86400, "channel": "email"}])
    for _ in range(3):
        await notify(stage, await make(stage, "email", "sms"), people)
    await stage.eventually(lambda: _is(len(mail.left) == 3))
    await stage.eventually(lambda: _is(len(text.left) == 6))


async def test_a_bounce_that_goes_on_by_text_takes_a_place_of_text_and_not_a_second_of_all(
    stage: Stage, worker: None
) -> None:
    mail, text = await stage.account("email"), await stage.account("sms")
    mail.answer = lambda _outgoing: Refused("address", "5.1.1", "no such user")
    people = await stage.people(1, "email", "phone")
    caps = [{"count": 2, "within_s": 86400}, {"count": 1, "within_s": 86400, "channel": "sms"}]
    await set_up(stage, frequency_caps=caps)
    await notify(stage, await make(stage, "email", "sms"), people)
    await stage.eventually(lambda: _is(len(text.left) == 1))
    second = await make(stage, "sms")
    await notify(stage, second, people)
    ((state, reason, _),) = (await verdicts(stage, second)).values()
    assert (state, reason) == ("waiting", "capped")


async def test_of_two_that_wait_for_one_place_the_higher_priority_gets_it(stage: Stage, worker: None, move) -> None:
    mail = await stage.account("email")
    people = await stage.people(5, "email")
    await set_up(stage, frequency_cap={"count": 1, "within_s": 86400})
    first, low, high = [await make(stage, "email", priority=p) for p in (0, 0, 3)]
    for source in (first, low, high):
        await notify(stage, source, people)
    await stage.eventually(lambda: _is(len(mail.left) == 5))
    await move(timedelta(days=1))
    await stage.eventually(lambda: _is(len(mail.left) == 10))
    assert {state for state, *_ in (await verdicts(stage, high)).values()} <= {"open", "sent"}
    said = set((await verdicts(stage, low)).values())
    assert len(said) == 1
    state, reason, because = said.pop()
    assert (state, reason) == ("waiting", "capped")
    assert because.endswith("its priority is higher (3 against 0)")


async def test_money_is_spent_to_the_last_message_and_more_goes_on(stage: Stage, worker: None) -> None:
    mail = await stage.account("email", unit_cost=0.1)
    people = await stage.people(12, "email")
    source = await make(stage, "email", budget=0.5)
    for some in (people[:3], people[3:9], people[9:]):
        await notify(stage, source, some)
    await stage.eventually(lambda: _is(len(mail.left) == 5))
    said = await verdicts(stage, source)
    assert [reason for _, reason, _ in said.values()].count("budget_spent") == 7
    async with stage.database.transaction() as tx:
        await orchestration.set_budget(tx, source, 0.8)
        assert await orchestration.budget(tx, source) == orchestration.Budget(0.8, pytest.approx(0.5))
    await stage.eventually(lambda: _is(len(mail.left) == 8))


async def test_a_budget_cannot_be_set_where_nothing_was_counted(stage: Stage) -> None:
    source = await make(stage, "email")
    with pytest.raises(Conflict, match="without a budget"):
        await stage.database.repeat(lambda tx: orchestration.set_budget(tx, source, 1.0))


async def test_who_has_seen_it_on_one_channel_is_not_told_again_on_another(stage: Stage, worker: None) -> None:
    mail, text = await stage.account("email"), await stage.account("sms")
    people = await stage.people(3, "email", "phone")
    first = await make(stage, "sms")
    await notify(stage, first, people)
    await stage.eventually(lambda: _is(len(text.left) == 3))
    rows = await stage.sql("SELECT id, profile_id FROM delivery ORDER BY profile_id")
    now = stage.database.clock.now()
    await stage.hear(*[Receipt("delivered", now, delivery=row["id"]) for row in rows])
    await stage.hear(Receipt("clicked", now, delivery=rows[0]["id"]))
    follow = orchestration.Follow(first, "the text", "clicked")
    second = await make(stage, "email", follow=follow)
    await notify(stage, second, people)
    await stage.eventually(lambda: _is(len(mail.left) == 2))
    said = await verdicts(stage, second)
    assert said[rows[0]["profile_id"]] == ("dropped", "duplicate", "they clicked the text by sms")


async def test_eligibility_is_asked_of_segments_and_traits_as_they_are(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    some = await stage.people(2, "email", traits={"plan": "paid"})
    others = await stage.people(2, "email", first=2, traits={"plan": "free", "discount": 30})
    rule = {"version": 1, "rule": {"trait": "plan", "op": "eq", "value": "paid"}}
    paying = await segments.create(stage.database, "paying", rule)
    group = orchestration.Group(paying.id, "paying")
    upgrade = await make(stage, "email", outside=(group,))
    await notify(stage, upgrade, [*some, *others])
    assert {
        who: said[:2] for who, said in (await verdicts(stage, upgrade)).items() if said[0] == "dropped"
    } == dict.fromkeys(some, ("dropped", "not_eligible"))
    offer = await make(stage, "email", better_than=orchestration.BetterThan("discount", 20))
    await notify(stage, offer, [*some, *others])
    assert {who for who, said in (await verdicts(stage, offer)).items() if said[0] == "dropped"} == set(others)
    await stage.eventually(lambda: _is(len(mail.left) == 4))


async def test_a_program_s_message_is_for_whom_it_says_too(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(1, "email", traits={"plan": "paid"})
    rule = {"version": 1, "rule": {"trait": "plan", "op": "eq", "value": "paid"}}
    await segments.create(stage.database, "paying", rule)
    message = await stage.message("email", eligible={"not_in": ["paying"]})
    number = await stage.send(message, Identifier("email", "p0@example.org"), purpose=Purpose.TRANSACTIONAL)
    view = await stage.show(number)
    assert (view.state, view.reason) == ("dropped", "not_eligible")


async def test_every_wait_and_drop_can_be_made_again_and_is_the_same(stage: Stage) -> None:
    await stage.account("email", unit_cost=0.1)
    people = await stage.people(6, "email")
    shared = await stage.people(1, first=9)
    await set_up(stage, frequency_cap={"count": 1, "within_s": 86400}, decision_sample=0)
    for terms in ({}, {"priority": 2}, {"budget": 0.0}, {"cost_max": 0.01}):
        await notify(stage, await make(stage, "email", **terms), [*people, *shared])
    rows = await stage.sql("SELECT id, state, reason FROM notification WHERE state <> 'open'")
    assert {row["reason"] for row in rows} == {"capped", "over_budget", "unreachable"}
    for row in rows:
        async with stage.database.transaction(read_only=True) as tx:
            replayed = await orchestration.replay(tx, NotificationId(row["id"]))
        assert replayed[0].same is True
        assert all(each.same in (True, None) for each in replayed)
        assert replayed[0].decision["reason"] == row["reason"]


async def test_an_address_that_somebody_else_has_is_part_of_what_was_read(stage: Stage) -> None:
    """Two people, one mailbox: the second is told nothing, and a replay knows why."""
    await stage.account("email")
    people = await stage.people(2, "email")
    await stage.sql("UPDATE address SET value = 'shared@example.org' WHERE channel = 'email'")
    source = await make(stage, "email")
    await notify(stage, source, people)
    said = await verdicts(stage, source)
    (dropped,) = [who for who, (state, *_) in said.items() if state == "dropped"]
    assert said[dropped][1] == "duplicate"
    (row,) = await stage.sql("SELECT id FROM notification WHERE profile_id = $1", dropped)
    async with stage.database.transaction(read_only=True) as tx:
        (replayed,) = await orchestration.replay(tx, NotificationId(row["id"]))
    assert replayed.same is True


async def test_of_what_was_sent_a_sample_is_kept(stage: Stage) -> None:
    await stage.account("email")
    people = await stage.people(200, "email")
    await set_up(stage, decision_sample=0.2)
    await notify(stage, await make(stage, "email"), people)
    (row,) = await stage.sql("SELECT count(*) AS n, sum(octet_length(inputs)) AS bytes FROM decision_input")
    assert 20 <= row["n"] <= 60
    assert row["bytes"] / row["n"] < 400


async def test_what_was_kept_is_let_go_of_in_time_and_with_the_person(stage: Stage, move) -> None:
    await stage.account("email")
    people = await stage.people(2, "email")
    await set_up(stage, decision_sample=1)
    await notify(stage, await make(stage, "email"), people)
    await stage.database.repeat(lambda tx: inputs.erase(tx, people[:1]))
    assert [row["profile_id"] for row in await stage.sql("SELECT profile_id FROM decision_input")] == people[1:]
    await move(timedelta(days=31))
    await profiles.keep_to_rules(stage.database)
    (left,) = await stage.sql(
        "SELECT (SELECT count(*) FROM decision_input) AS inputs, (SELECT count(*) FROM decision_policy) AS policies"
    )
    assert (left["inputs"], left["policies"]) == (0, 0)


async def test_a_rehearsal_says_what_a_launch_would_and_writes_nothing(stage: Stage) -> None:
    await stage.account("email", unit_cost=0.1)
    people = await stage.people(4, "email")
    silent = await stage.people(1, first=9)
    await set_up(stage, frequency_cap={"count": 1, "within_s": 86400})
    await notify(stage, await make(stage, "email"), people[:2])
    source = await make(stage, "email")
    counted = "SELECT (SELECT count(*) FROM notification) AS a, (SELECT count(*) FROM decision_input) AS b"
    before = await stage.sql(counted)
    async with stage.database.transaction(read_only=True) as tx:
        draft = replace((await orchestration.store.read_sources(tx, [source]))[source], id=SourceId(0))
        found = await orchestration.rehearse(tx, draft, [*people, *silent], [""] * 5)
    assert [(each.profile, each.verdict.act, each.verdict.reason) for each in found] == [
        *((person, "wait", "capped") for person in people[:2]),
        *((person, "send", None) for person in people[2:]),
        (silent[0], "drop", "unreachable"),
    ]
    assert await stage.sql(counted) == before
    await notify(stage, source, [*people, *silent])
    said = await verdicts(stage, source)
    assert [said[person][0] for person in [*people, *silent]] == ["waiting", "waiting", "open", "open", "dropped"]


async def test_what_one_provider_could_not_do_another_does(stage: Stage, worker: None) -> None:
    """A refusal that concerns the sender goes to the same address by another account, and never to another channel."""
    bad, good = await stage.account("email", "bad"), await stage.account("email", "good", rank=1)
    text = await stage.account("sms")
    bad.answer = lambda _outgoing: Refused("policy", "5.7.1", "your network is listed")
    people = await stage.people(4, "email", "phone")
    source = await make(stage, "email", "sms")
    await notify(stage, source, people)
    await stage.eventually(lambda: _is(len(good.left) == 4))
    assert sorted(good.to) == sorted(bad.to)
    assert not text.left
    assert {because for *_, because in (await verdicts(stage, source)).values()} == {
        "email failed; another provider is next"
    }


async def test_accounts_of_one_rank_share_by_weight(stage: Stage, worker: None) -> None:
    one, other = await stage.account("email", "one", weight=300), await stage.account("email", "other", weight=100)
    for desk in (one, other):
        desk.answer = lambda _outgoing: Accepted()
    people = await stage.people(400, "email")
    await notify(stage, await make(stage, "email"), people)
    await stage.eventually(lambda: _is(len(one.left) + len(other.left) == 400))
    assert 240 < len(one.left) < 345
