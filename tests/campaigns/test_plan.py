"""What may be asked of a campaign, in words that name the field; drafts that change, copies, terms."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon import campaigns, content, orchestration, segments
from antiphon.kernel.errors import Conflict, Invalid
from campaigns.planned import advance, change, notified, planned, walk
from orchestration.stage import Stage

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("launch_at", {"launch_at": "2025-12-31T00:00:00Z"}),
    ("launch_at", {"launch_at": "2026-12-31T00:00:00"}),
    ("launch_at", {"launch_at": "2036-12-31T00:00:00Z"}),
    ("send_at", {"send_at": {}}),
    ("send_at", {"send_at": {"local": "2026-02-01T09:00", "best_hour": True}}),
    ("send_at.local", {"send_at": {"local": "2026-02-01T09:00Z"}}),
    ("send_at.local", {"send_at": {"local": "tomorrow"}}),
    ("send_at.local", {"send_at": {"local": "2025-12-31T23:59"}}),
    ("send_at.local", {"send_at": {"local": "9999-12-31T09:00"}}),
    ("send_at.local", {"send_at": {"local": "2026-02-01T09:00"}, "launch_at": "2026-02-01T09:00:00Z"}),
    ("send_at.within", {"send_at": {"best_hour": True, "within": "5m"}}),
    ("send_at.within", {"send_at": {"best_hour": True, "within": "soon"}}),
    ("throttle.per_minute", {"throttle": {"per_minute": 0}}),
    ("exclude[1]", {"exclude": ["few", "nowhere"]}),
    ("exclude[0]", {"exclude": ["all"]}),
    ("exclude", {"exclude": ["few"] * 21}),
    ("priority", {"priority": 11}),
    ("budget", {"budget": -0.01}),
    ("cost_max", {"cost_max": 1e300}),
    ("follow.campaign", {"follow": {"campaign": "nowhere"}}),
    ("follow.campaign", {"follow": {"campaign": "of m1"}}),
    ("stop_above.bounces", {"stop_above": {"bounces": 0}}),
    ("stop_above.least", {"stop_above": {"least": 0}}),
    ("recall_s", {"recall_s": 86_401}),
    ("expires_in", {"expires_in": "never"}),
]


@pytest.mark.parametrize(("place", "wishes"), WRONG, ids=lambda part: part if isinstance(part, str) else "")
async def test_what_cannot_be_is_refused_and_named(stage: Stage, place: str, wishes: dict[str, Any]) -> None:
    draft = await stage.campaign("email", launched=False)
    await segments.create(stage.database, "few", {"version": 1, "rule": {"trait": "n", "op": "lt", "value": 3}})
    with pytest.raises(Invalid) as told:
        await change(stage, draft, **wishes)
    assert [flaw.at for flaw in told.value.flaws] == [place]
    assert await stage.view(draft) == await stage.view(draft)
    async with stage.database.transaction(read_only=True) as tx:
        assert await campaigns.find(tx, str(draft.id)) == draft


EVERYTHING: dict[str, Any] = {
    "channels": ["sms", "email"],
    "topic": "news",
    "pilot": {"share": 0.1},
    "failover_on": "silence",
    "launch_at": "2026-03-01T09:00:00Z",
    "send_at": {"best_hour": True, "within": "48h"},
    "throttle": {"per_minute": 600},
    "exclude": ["few"],
    "priority": -3,
    "budget": 12.5,
    "cost_max": 0.08,
    "follow": {"campaign": "of m1", "unless": "clicked"},
    "stop_above": {"bounces": 0.1, "complaints": None, "least": 50},
    "recall_s": 60,
    "expires_in": "36h",
}


async def all_said(stage: Stage) -> tuple[campaigns.Campaign, campaigns.Campaign]:
    """A campaign, and one that follows it and asks for everything."""
    first = await stage.campaign("email", launched=False)
    await segments.create(stage.database, "few", {"version": 1, "rule": {"trait": "n", "op": "lt", "value": 3}})
    return first, await planned(stage, "email", "sms", launched=False, **EVERYTHING)


async def test_what_a_draft_says_is_shown_as_it_was_said(stage: Stage) -> None:
    _, campaign = await all_said(stage)
    shown = await stage.view(campaign)
    assert shown.channels == ["sms", "email"]
    assert (shown.topic, shown.failover_on, shown.priority, shown.exclude) == ("news", "silence", -3, ["few"])
    assert (shown.throttle.per_minute, shown.cost_max, shown.recall_s) == (600, 0.08, 60)
    assert (shown.follow.campaign, shown.follow.unless) == ("of m1", "clicked")
    assert (shown.send_at.best_hour, shown.send_at.within, shown.expires_in) == (True, "172800s", "129600s")
    assert (shown.limits.bounces, shown.limits.complaints, shown.limits.opt_outs, shown.limits.least) == (
        0.1, None, 0.1, 50
    )  # fmt: skip
    assert (shown.budget.amount, shown.budget.left) == (12.5, 12.5)


async def test_what_is_not_named_in_a_change_stays(stage: Stage) -> None:
    _, campaign = await all_said(stage)
    changed = await change(stage, campaign, budget=None, send_at=None)
    before, after = await stage.view(campaign), await stage.view(changed)
    assert (after.budget, after.send_at) == (None, None)
    same = {name for name in before.__struct_fields__ if getattr(before, name) == getattr(after, name)}
    assert {"channels", "topic", "pilot", "throttle", "exclude", "priority", "follow", "stop_above"} <= same


async def test_a_copy_says_the_same_and_nothing_that_is_over(stage: Stage) -> None:
    _, campaign = await all_said(stage)
    one = await stage.steer(campaigns.copy, campaign)
    two = await stage.steer(campaigns.copy, campaign)
    assert (one.name, two.name) == (f"{campaign.name} (copy)", f"{campaign.name} (copy 2)")
    assert (one.plan, one.channels, one.pilot_share, one.state) == (campaign.plan, campaign.channels, 0.1, "draft")
    await advance(stage, days=100)
    assert (await stage.steer(campaigns.copy, campaign)).plan.launch_at is None
    with pytest.raises(Conflict, match="already"):
        await stage.steer(campaigns.copy, campaign, name=one.name)


async def test_a_draft_takes_another_message_with_its_topic(stage: Stage) -> None:
    campaign = await stage.campaign("email", launched=False)
    other = await stage.message("email", topic="news")
    changed = await change(stage, campaign, message=other)
    assert (changed.message_name, changed.topic) == (other, "news")
    with pytest.raises(Conflict, match="already"):
        await change(stage, changed, name=(await stage.campaign("email", launched=False)).name)


async def test_of_a_launched_one_only_what_nobody_was_told_changes(stage: Stage) -> None:
    await stage.account("email")
    campaign = await planned(stage, budget=1)
    with pytest.raises(Conflict, match="name, priority can no longer be changed"):
        await change(stage, campaign, priority=2, name="another")
    changed = await change(stage, campaign, budget=5, stop_above={"bounces": 0.2})
    assert (changed.plan.budget, changed.plan.stop_above) == (5, {"bounces": 0.2})
    await stage.steer(campaigns.cancel, campaign)
    with pytest.raises(Conflict, match="cancelled"):
        await change(stage, campaign, budget=6)


async def test_what_it_follows_must_have_been_launched(stage: Stage) -> None:
    await stage.account("email")
    first = await stage.campaign("email", launched=False)
    second = await planned(stage, launched=False, follow={"campaign": first.name})
    with pytest.raises(Conflict, match=f"follows {first.name}"):
        await stage.steer(campaigns.launch, second)
    await stage.steer(campaigns.launch, first)
    assert (await stage.steer(campaigns.launch, second)).state == "running"


async def test_members_of_an_excluded_segment_are_not_told_and_know_why(stage: Stage) -> None:
    await stage.account("email")
    people = await stage.people(6, "email")
    await segments.create(stage.database, "few", {"version": 1, "rule": {"trait": "n", "op": "lt", "value": 2}})
    campaign = await planned(stage, exclude=["few"])
    await walk(stage)
    shown = await stage.view(campaign)
    assert shown.reasons == {"not_eligible": 2}
    async with stage.database.transaction(read_only=True) as tx:
        told = [(await orchestration.why(tx, person))[0] for person in people]
    assert [one.state for one in told] == ["dropped"] * 2 + ["open"] * 4
    assert told[0].decision["because"] == "it is not for members of few"


async def test_a_message_says_whom_it_is_for(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(6, "email")
    await segments.create(stage.database, "few", {"version": 1, "rule": {"trait": "n", "op": "lt", "value": 2}})
    message = await stage.message("email", eligible={"in": ["few"], "better_than": {"trait": "n", "value": 1}})
    campaign = await stage.campaign("email", message=message)
    await walk(stage)
    assert await notified(stage) == 6
    assert (await stage.view(campaign)).reasons == {"not_eligible": 5}


async def test_a_message_for_a_segment_that_is_not_there_is_not_launched(stage: Stage) -> None:
    await stage.account("email")
    message = await stage.message("email", eligible={"not_in": ["nowhere"]})
    campaign = await stage.campaign("email", message=message, launched=False)
    with pytest.raises(Conflict, match="nowhere"):
        await stage.steer(campaigns.launch, campaign)


async def test_names_of_a_list_cost_one_statement(stage: Stage) -> None:
    """Whatever their number: the names stand with the campaigns."""
    for _ in range(3):
        await stage.campaign("email", launched=False)
    async with stage.database.transaction(read_only=True) as tx:
        listed = await campaigns.list_all(tx)
        tx.connection = None  # anything more that is asked fails
        shown = [await campaigns.view(tx, campaign, counted=False) for campaign in listed]
    assert [one.message for one in shown] == ["m3", "m2", "m1"]
    assert {one.segment for one in shown} == {"all"}


def test_what_eligible_names_is_what_content_reads() -> None:
    message = content.parse(
        {
            "name": "m",
            "topic": "t",
            "locales": {"en": {"sms": {"text": "x"}}},
            "eligible": {"in": ["a"], "not_in": ["b"], "better_than": {"trait": "discount", "value": 10}},
        }
    )
    assert (message.eligible.in_, message.eligible.not_in) == (("a",), ("b",))
    assert (message.eligible.better_than.trait, message.eligible.better_than.value) == ("discount", 10.0)
