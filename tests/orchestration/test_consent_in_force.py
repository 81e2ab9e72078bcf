"""What people said holds at the decision and again at the mark, and they are told apart in the answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from antiphon import orchestration, profiles
from antiphon.kernel import settings
from antiphon.kernel.errors import Conflict
from antiphon.kernel.records import Identifier, ProfileId, Purpose
from antiphon.kernel.said import again
from antiphon.orchestration.calling import TooManyUrgent
from antiphon.orchestration.decide import work_people
from antiphon.profiles import Proof, Statement, Topic
from orchestration.stage import Stage
from orchestration.test_failover import MAIL, _is
from orchestration.test_merging import merge
from orchestration.test_stopping import claimed, clear, queued


async def say(stage: Stage, person: ProfileId, *statements: Statement) -> None:
    await stage.database.repeat(lambda tx: profiles.state(tx, person, statements, Proof("api")))


async def topic(stage: Stage, **about) -> None:
    await stage.database.repeat(lambda tx: profiles.write_topic(tx, Topic("coupons", **about)))


async def outcomes(stage: Stage) -> list[tuple[str, str | None, str]]:
    rows = await stage.sql("SELECT state, reason, decision -> 'because' AS because FROM notification ORDER BY id")
    return [(row["state"], row["reason"], again(row["because"])) for row in rows]


async def test_a_wish_said_while_the_decision_is_written_is_in_force_when_both_are_done(stage: Stage) -> None:
    """The decision did not see it; who says it waits for what it wrote, and takes it back."""
    await stage.account("email")
    (person,) = await stage.people(1, "email")
    message = await stage.message("email")
    async with stage.database.transaction() as tx:
        number = await orchestration.send(tx, orchestration.Call(message, MAIL, Purpose.TRANSACTIONAL, "k"))
        saying = asyncio.create_task(say(stage, person, Statement("coupons", "email", "unwanted")))
        await asyncio.sleep(0.3)
        assert not saying.done()
    await saying
    assert [each.state for each in (await stage.show(number)).deliveries] == ["cancelled"]
    while await work_people(stage.runtime):
        pass
    view = await stage.show(number)
    assert (view.state, view.reason) == ("dropped", "unwanted")
    assert view.decision["because"] == "the person does not want this on any of its channels"


OPT_OUT = "INSERT INTO opt_out SELECT 0, 'email', value, changed_at, 'api', '{}' FROM address"


@pytest.mark.parametrize(
    ("meanwhile", "state", "reason"),
    [
        ("UPDATE topic SET needs = 'double_opt_in'", "dropped", "no_consent"),
        ("UPDATE topic SET state = 'unwanted', needs = 'nothing'", None, None),
        ("UPDATE preference SET state = 'unwanted'", "dropped", "unwanted"),
        ("UPDATE preference SET expires_at = '2026-01-01T11:00Z'", "dropped", "no_consent"),
        ("UPDATE preference SET basis = ''", "dropped", "no_consent"),
        ("UPDATE preference SET paused_until = '2026-01-02T12:00Z'", "waiting", "unwanted"),
        (OPT_OUT.format("marketing"), "dropped", "opted_out"),
        (OPT_OUT.format("everything"), "dropped", "opted_out"),
        ("UPDATE address SET state = 'dead'", "dropped", "unreachable"),
        ("DELETE FROM address", "dropped", "unreachable"),
    ],
)  # fmt: skip
async def test_what_changed_after_the_decision_is_seen_by_the_mark_and_decided_anew(
    stage: Stage, meanwhile: str, state: str | None, reason: str | None
) -> None:
    """Behind everybody's back, so that nobody is told: the mark alone has to see it. Nothing is lost."""
    await stage.account("email")
    (person,) = await stage.people(1, "email")
    await topic(stage, needs="consent")
    await say(stage, person, Statement("coupons", "email", "wanted", basis="consent"))
    await queued(stage, 1, "email")
    marks = await claimed(stage)
    assert len(marks) == 1
    await stage.sql(meanwhile)
    cleared = await clear(stage, marks)
    if state is None:
        assert len(cleared) == 1
        return
    assert cleared == []
    while await work_people(stage.runtime):
        pass
    ((now, why, because),) = await outcomes(stage)
    assert (now, why) == (state, reason)
    assert because


async def test_who_goes_on_after_a_pause_gets_at_once_what_waited(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    (person,) = await stage.people(1, "email")
    until = stage.database.clock.now() + timedelta(days=30)
    await say(stage, person, Statement("*", "*", "paused", until=until))
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _has(stage, _paused("31")))
    assert mail.left == []
    await say(stage, person, Statement("*", "*", "resumed"))
    await stage.until(campaign, "done")
    ledger = "SELECT n.state, n.reason, n.decision, d.state, d.code, d.attempts FROM notification n"
    tried = await stage.database.pool.fetch(f"{ledger} LEFT JOIN delivery d ON d.notification_id = n.id")
    assert len(mail.left) == 1, [tuple(row) for row in tried]


async def test_a_pause_ends_by_itself(stage: Stage, worker: None, move) -> None:
    mail = await stage.account("email")
    (person,) = await stage.people(1, "email")
    until = stage.database.clock.now() + timedelta(days=7)
    await say(stage, person, Statement("*", "*", "paused", until=until))
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _has(stage, _paused("08")))
    await move(timedelta(days=7))
    await stage.until(campaign, "done")
    assert len(mail.left) == 1


def _paused(day: str) -> tuple[str, str, str]:
    return "waiting", "unwanted", f"paused by the person until 2026-01-{day} 12:00 UTC"


async def _has(stage: Stage, outcome: tuple[str, str | None, str]) -> bool:
    return outcome in await outcomes(stage)


async def test_a_persons_limit_holds_over_campaigns_and_numbers(stage: Stage, worker: None, move) -> None:
    """At most one in two days; what the other number got counts as well."""
    mail = await stage.account("email")
    one, other = await stage.people(2, "email")
    await stage.until(await stage.campaign("email"), "done")
    assert len(mail.left) == 2
    await merge(stage, other, one)
    await say(stage, one, Statement("*", "*", "limited", limit_count=1, limit_s=2 * 86400.0))
    second = await stage.campaign("email")
    await stage.eventually(lambda: _has(stage, ("waiting", "capped", "the person wants at most 1 in 2 days")))
    await move(timedelta(days=1))
    await asyncio.sleep(0.3)
    assert len(mail.left) == 2
    await move(timedelta(days=1, seconds=1))
    await stage.until(second, "done")
    assert len(mail.left) == 3


async def test_out_of_marketing_still_gets_what_was_asked_for(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    await stage.people(1, "email")
    await stage.database.repeat(
        lambda tx: profiles.opt_out(tx, "email", [MAIL.value], how="page", scope="marketing")
    )  # fmt: skip
    view = await stage.until(await stage.campaign("email"), "done")
    assert view.reasons == {"opted_out": 1}
    await stage.send(await stage.message("email"), MAIL, purpose=Purpose.TRANSACTIONAL)
    await stage.eventually(lambda: _is(len(mail.left) == 1))


async def test_urgent_messages_pass_wishes_so_many_times_an_hour(stage: Stage, move) -> None:
    """Also over two numbers of a person, and when they are asked for all at once."""
    await stage.account("email")
    one, other = await stage.people(2, "email")
    await merge(stage, other, one)
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"critical_per_hour": 5})
    await say(stage, one, Statement("*", "*", "unwanted"))
    message = await stage.message("email")
    second = Identifier("email", "p1@example.org")
    calls = [
        stage.send(message, MAIL if n % 2 else second, purpose=Purpose.CODE, key=f"k{n}", topic="") for n in range(12)
    ]  # fmt: skip
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refused = [n for n, answer in enumerate(answers) if isinstance(answer, TooManyUrgent)]
    assert len(refused) == 7
    assert {type(answer) for answer in answers} == {int, TooManyUrgent}
    rows = await stage.sql("SELECT count(*) AS n FROM delivery")
    assert rows[0]["n"] == 5
    with pytest.raises(TooManyUrgent, match="critical_per_hour"):
        await stage.send(message, MAIL, purpose=Purpose.ALERT, key="more", topic="")
    number = await stage.send(
        message, MAIL, purpose=Purpose.TRANSACTIONAL, key="more", topic=""
    )  # and the key was free
    assert (await stage.show(number)).reason == "unwanted"
    await move(timedelta(hours=1, seconds=1))
    assert await stage.send(message, MAIL, purpose=Purpose.CODE, key=f"k{refused[0]}", topic="")


async def test_an_alert_that_heeds_wishes_is_not_counted(stage: Stage) -> None:
    """Its topic is not critical: so it passes nothing, and needs no guard."""
    await stage.account("email")
    await stage.people(1, "email")
    async with stage.database.transaction() as tx:
        await settings.write(tx, {"critical_per_hour": 0})
    await stage.send(await stage.message("email"), MAIL, purpose=Purpose.ALERT)
    await topic(stage, critical=True)
    with pytest.raises(TooManyUrgent):
        await stage.send(await stage.message("email"), MAIL, purpose=Purpose.ALERT)


@pytest.mark.parametrize("purpose", ["code", "alert", "system"])
async def test_what_passes_wishes_is_never_sent_to_many(stage: Stage, purpose: str) -> None:
    await stage.account("email")
    await stage.people(1, "email")
    message = await stage.message("email", purpose=purpose)
    with pytest.raises(Conflict, match="never sent to many"):
        await stage.campaign("email", message=message)
