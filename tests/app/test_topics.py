"""What the topics of the first screen, a campaign, providers, the debugger and the sandbox say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from access.gatehouse import asking, key
from antiphon import campaigns, channels, metrics, profiles
from antiphon.access import roles
from antiphon.app import sandbox_world
from antiphon.app.live import Client, Hub, Order
from antiphon.app.topics import FAILOVERS_MAX, Fetching, difference, topic_of
from antiphon.channels import store_routes
from antiphon.kernel.errors import Conflict, Flaw, NotFound
from antiphon.kernel.records import Count
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.said import speaking, worded
from antiphon.profiles import Refusal
from campaigns.planned import planned, walk
from orchestration.conftest import stage, worker
from orchestration.stage import GONE, Stage
from world.conftest import play, target
from world.stage import Play

__all__ = ["play", "stage", "target", "worker"]


async def read(stage: Stage, name: str, runtime: Runtime | None = None) -> dict[str, Any]:
    topic = topic_of(name, runtime)
    assert topic is not None, name
    if isinstance(topic, Fetching):
        await topic.fetch()
    async with stage.database.transaction(read_only=True) as tx:
        return await topic.read(tx)


async def test_the_overview_moves_with_the_counts(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(4, "email")
    made = await planned(stage)
    await walk(stage)
    before = await read(stage, "overview")
    assert before["going"][str(made.id)]["progress"]["share"] == 1.0
    assert (before["empty"], before["attention"], before["cost"]) == (False, [], 0.0)
    assert made.source is not None
    async with stage.database.transaction() as tx:
        await metrics.add(tx, [Count(made.source, "email", "", "sent", tx.now, 4, 0.4)])
    changed = difference(before, await read(stage, "overview"))
    assert changed.keys() == {"today", "cost", "going"}
    assert (changed["today"], changed["cost"]) == ({"email/sent": 4}, 0.4)
    assert changed["going"][str(made.id)]["progress"]["per_minute"] == 4.0


async def test_why_an_account_is_unwell_stands_in_the_overview_and_is_said_in_each_language(stage: Stage) -> None:
    await stage.account("email")
    async with stage.database.transaction() as tx:
        (account,) = await channels.providers(tx)
        why = worded(
            "Half of the deliveries take more than {n:.0f} s; usual are {usual:.0f} s at most.", n=9.0, usual=2.0
        )
        await store_routes.write_health(tx, {account.id: (0.4, why, None)})
    (notice,) = [one for one in (await read(stage, "overview"))["attention"] if one["kind"] == "provider_unwell"]
    assert notice["values"]["why"] == "Half of the deliveries take more than 9 s; usual are 2 s at most."
    async with asking(stage.database) as client:
        client.headers.update(await key(stage.database, "read"))
        with speaking("fr"):
            shown = (await client.get(f"/api/v1/providers/{account.id}")).json()["provider"]
    assert shown["health_why"] == "La moitié des distributions prennent plus de 9 s ; d’habitude 2 s au plus."


@pytest.mark.usefixtures("worker")
async def test_a_campaign_has_its_cost_its_progress_and_who_failed_over(stage: Stage) -> None:
    desk = await stage.account("email")
    await stage.account("sms", unit_cost=0.07)
    desk.answer = lambda _outgoing: GONE
    await stage.people(FAILOVERS_MAX + 5, "email", "phone")
    made = await stage.campaign("email", "sms")
    await stage.until(made, "done")
    shown = await read(stage, f"campaign:{made.id}")
    assert shown["cost"] == pytest.approx(0.07 * (FAILOVERS_MAX + 5))
    assert shown["progress"]["told"] == FAILOVERS_MAX + 5
    assert len(shown["failovers"]) == FAILOVERS_MAX
    newest = [int(one["id"]) for one in shown["failovers"]]
    assert newest == sorted(newest, reverse=True)
    assert {(one["failed"]["channel"], one["next"]["channel"]) for one in shown["failovers"]} == {("email", "sms")}


@pytest.mark.usefixtures("worker")
async def test_addresses_are_told_to_whoever_may_read_people(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await stage.account("email")
    await stage.account("sms")
    desk.answer = lambda _outgoing: GONE
    await stage.people(1, "email", "phone")
    made = await stage.campaign("email", "sms")
    await stage.until(made, "done")
    hub = Hub(stage.runtime)
    for may in ({"campaigns.read", "people.read"}, {"campaigns.read"}):
        monkeypatch.setitem(roles.SCOPES_OF_KEYS, "read", frozenset(may))
        sees = "people.read" in may
        async with asking(stage.database) as client:
            client.headers.update(await key(stage.database, "read"))
            (one,) = (await client.get(f"/api/v1/campaigns/{made.id}/failovers")).json()["failovers"]
            answer = (await client.get(f"/api/v1/campaigns/{made.id}/recipients")).json()
            looked = await client.get(f"/api/v1/campaigns/{made.id}/recipients", params={"who": "nobody"})
        hub.obey(listening := Client(frozenset(may)), Order(sub=[f"campaign:{made.id}"]))  # type: ignore[arg-type]
        (live,) = json.loads(await listening.outbox.get())["snapshot"]["failovers"]
        for shown in (one, live):
            assert [bool(shown[which]["address"]) for which in ("failed", "next")] == [sees, sees]
        assert bool(answer["recipients"][0]["address"]) == sees
        assert looked.status_code == (200 if sees else 403)
    await hub.close()


async def test_while_nothing_moves_nobody_is_looked_up_again(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(2, "email")
    made = await planned(stage)
    assert made.source is not None
    topic = topic_of(f"campaign:{made.id}")
    assert topic is not None
    async with stage.database.transaction() as tx:
        await metrics.add(tx, [Count(made.source, "email", "", "failed", tx.now, 1)])
    async with stage.database.transaction(read_only=True) as tx:
        first = await topic.read(tx)
    async with stage.database.transaction() as other:
        await other.rows("LOCK TABLE notification, delivery IN ACCESS EXCLUSIVE MODE")
        async with stage.database.transaction(read_only=True) as tx:
            await tx.rows("SELECT set_config('lock_timeout', '500ms', true)")
            assert await topic.read(tx) == first


async def test_a_provider_says_its_state_and_a_stranger_is_not_there(stage: Stage) -> None:
    await stage.account("sms", per_second=5.0)
    every = (await read(stage, "providers"))["providers"]
    number = str(stage.providers["sms"])
    one = await read(stage, f"provider:{number}")
    assert (one["state"], one["per_second"], one["receivers"]) == ("up", 5.0, {})
    assert every == {number: {name: value for name, value in one.items() if name != "receivers"}}
    with pytest.raises(NotFound):
        await read(stage, "provider:99")


async def test_the_debugger_has_the_newest_refusals_without_what_was_sent(stage: Stage) -> None:
    async with stage.database.transaction() as tx:
        refused = [Refusal("shop", (Flaw("email", f"flaw {n}"),), '{"email": "secret"}') for n in range(30)]
        await profiles.refuse(tx, refused)
    found = (await read(stage, "debugger"))["refused"]
    assert len(found) == 20
    assert found[0]["flaws"] == [{"at": "email", "message": "flaw 29"}]
    assert "secret" not in str(found)


async def test_each_topic_names_a_permission_and_the_sandbox_exists_in_one_only(stage: Stage) -> None:
    needs = {
        "overview": "campaigns.read", "company": "campaigns.read", "campaign:1": "campaigns.read",
        "segment:1": "segments.read", "providers": "providers.read", "provider:1": "providers.read",
        "debugger": "developer.read", "sandbox": "sandbox",
    }  # fmt: skip
    found = {name: topic_of(name, stage.runtime) for name in needs}
    assert {name: topic.permission for name, topic in found.items() if topic} == needs
    live = Runtime(stage.database, stage.runtime.secrets, "https://example.org")
    for name in ("sandbox", "provider:", "overview:1", "nothing"):
        assert topic_of(name, live) is None
    shown = await read(stage, "sandbox", stage.runtime)
    assert (shown["held"], shown["due"], shown["faults"]) == (True, 0, None)


async def test_the_sandbox_tells_which_faults_are_on(stage: Stage, play: Play) -> None:
    fault = {"at": "smtp:0", "kind": "outage"}
    async with play(faults=[fault]) as world:
        beside = Runtime(
            stage.database, stage.runtime.secrets, "http://127.0.0.1:1", sandbox=True, world_url=world.http
        )
        shown = await read(stage, "sandbox", beside)
        assert shown["faults"] == ["off:smtp:0"]
        assert isinstance(shown["counts"], dict)


async def test_while_the_world_thinks_no_transaction_is_open(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    of_others = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
    )
    seen: list[int] = []

    async def thinks(_runtime: Runtime) -> None:
        seen.append(await stage.database.pool.fetchval(of_others))
        raise Conflict

    monkeypatch.setattr(sandbox_world, "read_world", thinks)
    hub = Hub(Runtime(stage.database, stage.runtime.secrets, "http://127.0.0.1:1", sandbox=True, world_url="http://x"))
    hub.obey(listening := Client(frozenset({"sandbox"})), Order(sub=["sandbox"]))
    assert json.loads(await listening.outbox.get())["snapshot"]["counts"] is None
    await hub.close()
    assert seen == [0]


async def test_a_stopped_campaign_is_read_without_a_source_too(stage: Stage) -> None:
    draft = await planned(stage, launched=False)
    shown = await read(stage, f"campaign:{draft.id}")
    assert (shown["state"], shown["failovers"], shown["n"], shown["cost"]) == ("draft", [], {}, 0)
    assert isinstance(draft, campaigns.Campaign)
