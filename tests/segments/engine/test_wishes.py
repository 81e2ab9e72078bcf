"""What was said about being written to, whether that lets us, and where people read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from antiphon.segments.language.rules import Consent, Mobile, NumberOp, Preference, Reachable, Wish
from conftest import START
from segments.engine.asking import Town

DAY = timedelta(days=1)


async def said(town: Town, name: str, topic: str, channel: str, state: str | None = None, **more: Any) -> None:
    if name not in town.people:
        await town.person(name)
    row = {"state": state, "changed_at": START, "consent_id": 1, **more}
    await town.about("preference", name, topic=topic, channel=channel, **row)


async def address(town: Town, name: str, channel: str, value: str, **more: Any) -> None:
    if name not in town.people:
        await town.person(name)
    await town.about("address", name, channel=channel, value=value, changed_at=START, **more)


async def test_a_preference_is_what_was_said_of_exactly_this(town: Town) -> None:
    await said(town, "yes", "news", "email", "wanted")
    await said(town, "for a while", "news", "email", "wanted", expires_at=START + DAY)
    await said(town, "no longer", "news", "email", "wanted", expires_at=START)
    await said(town, "no", "news", "email", "unwanted")
    await said(town, "pausing", "news", "email", paused_until=START + 2 * DAY)
    await said(town, "yes but pausing", "news", "email", "wanted", paused_until=START + 2 * DAY)
    await said(town, "paused", "news", "email", paused_until=START)
    await said(town, "limited", "news", "email", limit_count=1, limit_s=60)
    await said(town, "elsewhere", "news", "sms", "wanted")
    await said(town, "broadly", "*", "email", "wanted")
    await said(town, "for one", "news", "email", "wanted", address="a@shop.example", expires_at=START + 3 * DAY)
    await said(town, "for one", "news", "email", "unwanted", address="b@shop.example")
    await town.person("silent")

    async def of(state: Wish) -> tuple[set[str], dict[str, int]]:
        leaf = Preference("news", "email", state)
        return await town.holds(leaf), {name: turn.days for name, turn in (await town.turns(leaf)).items()}

    wanted = {"yes", "for a while", "yes but pausing", "for one"}
    assert await of("wanted") == (wanted, {"for a while": 1, "for one": 3})
    assert await of("unwanted") == ({"no", "for one"}, {})
    assert await of("paused") == ({"pausing", "yes but pausing"}, {"pausing": 2, "yes but pausing": 2})
    unset, turns = await of("unset")
    assert unset == {"no longer", "paused", "limited", "elsewhere", "broadly", "silent"}
    assert turns == {"for a while": 1, "pausing": 2, "yes but pausing": 2, "for one": 3}
    assert await town.holds(Preference("*", "email", "wanted")) == {"broadly"}


async def test_consent_is_in_force_unless_it_was_taken_back_more_narrowly(town: Town) -> None:
    consent: dict[str, Any] = {"state": "wanted", "basis": "consent"}
    await said(town, "plain", "news", "email", **consent)
    await said(town, "confirmed", "news", "email", **consent, confirmed=True)
    await said(town, "running", "news", "email", **consent, expires_at=START + DAY)
    await said(town, "run out", "news", "email", **consent, expires_at=START)
    await said(town, "no consent", "news", "email", "wanted", basis="legitimate_interest")
    await said(town, "broad", "*", "*", **consent)
    await said(town, "broad, yes", "*", "*", **consent)
    await said(town, "broad, yes", "news", "email", "wanted")
    await said(town, "taken back", "*", "*", **consent)
    await said(town, "taken back", "news", "*", "unwanted")
    await said(town, "given again", "*", "*", "unwanted")
    await said(town, "given again", "news", "*", **consent)
    await said(town, "paused", "news", "email", **consent, paused_until=START + DAY)
    await said(town, "for one", "news", "email", **consent, address="a@shop.example")
    await said(town, "but not for one", "*", "email", **consent)
    await said(town, "but not for one", "news", "email", "unwanted", address="a@shop.example")
    await said(town, "for all and for one", "news", "email", **consent)
    await said(town, "for all and for one", "*", "email", **consent, address="a@shop.example")
    await said(town, "no for all", "news", "email", "unwanted")
    await said(town, "no for all", "*", "*", **consent, address="a@shop.example")
    await said(town, "other channel", "news", "sms", **consent)
    await town.person("silent")
    holds = {
        "plain",
        "confirmed",
        "running",
        "broad",
        "broad, yes",
        "given again",
        "paused",
        "for one",
        "but not for one",
        "for all and for one",
    }
    assert await town.holds(Consent("news", "email")) == holds
    assert await town.turns(Consent("news", "email")) == {"running": DAY}
    assert await town.holds(Consent("news", "email", confirmed=True)) == {"confirmed"}


async def test_the_share_on_mobiles_is_of_all_addresses_and_of_who_ever_read(town: Town) -> None:
    await address(town, "third", "email", "a@shop.example", on_mobile=1, on_other=1)
    await address(town, "third", "email", "b@shop.example", on_mobile=0, on_other=1)
    await address(town, "both", "email", "c@shop.example", on_mobile=1, on_other=3)
    await address(town, "both", "sms", "+447911012345", on_mobile=4)
    await address(town, "unread", "email", "d@shop.example")
    await town.person("none")

    async def of(op: NumberOp, value: str, channel: str | None = None) -> set[str]:
        return await town.holds(Mobile(op, Decimal(value), channel))

    assert await of("gte", "0") == {"third", "both"}
    assert await of("ne", "1") == {"third", "both"}
    assert await of("eq", "0.625") == {"both"}
    assert await of("gt", "0.3333") == {"third", "both"}
    assert await of("gt", "0.3334") == {"both"}
    assert await of("lte", "0.25", "email") == {"both"}
    assert await of("eq", "1", "sms") == {"both"}
    assert await town.turns(Mobile("gte", Decimal("0.5"))) == {}


async def test_reachable_is_who_has_an_address_that_nothing_forbids(town: Town) -> None:
    await town.insert("topic", name="deals", needs="consent", changed_at=START)
    await town.insert("topic", name="news", needs="double_opt_in", changed_at=START)
    for name in ("plain", "refuses", "consents", "pauses", "until tomorrow", "took back"):
        await address(town, name, "email", f"{name.split()[0]}@shop.example")
    await address(town, "dead", "email", "dead@shop.example", state="dead")
    await address(town, "out", "email", "out@shop.example")
    await town.insert("opt_out", bucket=3, channel="email", value="out@shop.example", at=START, how="page")
    await address(town, "by phone", "sms", "+447911012345")
    await said(town, "refuses", "*", "*", "unwanted")
    await said(town, "consents", "deals", "email", "wanted", basis="consent")
    await said(town, "consents", "news", "email", "wanted", basis="consent")
    await said(town, "pauses", "news", "email", "wanted", basis="consent", confirmed=True)
    await said(town, "pauses", "deals", "email", "wanted", basis="consent", paused_until=START + DAY)
    await said(town, "until tomorrow", "deals", "*", "wanted", basis="consent", expires_at=START + DAY)
    await said(town, "took back", "*", "*", "wanted", basis="consent")
    await said(town, "took back", "deals", "email", "unwanted")
    assert await town.holds(Reachable("email", None)) == {
        "plain", "consents", "pauses", "until tomorrow", "took back"
    }  # fmt: skip
    assert await town.holds(Reachable("sms", None)) == {"by phone"}
    assert await town.holds(Reachable("email", "deals")) == {"consents", "until tomorrow"}
    assert await town.holds(Reachable("email", "news")) == {"pauses"}
    assert await town.turns(Reachable("email", "deals")) == {"pauses": DAY, "until tomorrow": DAY}
    assert await town.holds(Reachable("email", "deals"), START + DAY) == {"consents", "pauses"}
