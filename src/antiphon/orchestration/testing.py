"""A test of an account: one message of the purpose `test`, by this account and to this address, tried once.

It takes the way that every message takes (person, notification, decision, mark, hand-over), so what it tells is what
would happen. Wishes and opt-outs hold. A refusal for now is tried again for two minutes; nothing else stands in for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from antiphon import channels, content, profiles
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.records import Identifier, NotificationId, ProfileId, Purpose
from antiphon.kernel.said import again, worded
from antiphon.orchestration import store
from antiphon.orchestration.alone import decide_alone
from antiphon.orchestration.policy import read_policy
from antiphon.orchestration.sources import make_source
from antiphon.orchestration.terms import Terms

MESSAGES = {
    "email": {"subject": "Test", "blocks": [{"kind": "text", "text": "{{ text }}"}]},
    "sms": {"text": "{{ text }}"},
    "push": {"title": "Test", "body": "{{ text }}"},
}
"""By channel, the form of the message that carries the text."""
KINDS = {"email": "email", "sms": "phone"}
"""By channel, what its addresses are as identifiers; elsewhere it goes to an address of the person."""
TEXT = "This is a test. Whoever sees it knows that messages arrive."
TEXT_CHARS_MAX = 1_000
WITHIN = timedelta(minutes=2)
UNDER_WAY = ("queued", "sending")


class TestStep(Struct, frozen=True):
    """`says`: the provider's own words where it said any, without addresses."""

    __test__ = False  # its name is no promise to pytest

    name: Literal["decided", "handed_over", "answered", "delivered"]
    state: Literal["ok", "failed", "waiting"]
    says: str
    at: datetime | None = None


class TestView(Struct, frozen=True):
    """`done`: nothing more is to be expected but what the provider reports later. `ok`: it was taken."""

    __test__ = False

    notification: str
    provider: str
    channel: str
    state: str
    delivery_state: str | None
    ok: bool
    done: bool
    steps: list[TestStep]


async def send_test(
    tx: Transaction, provider: channels.Provider, to: Identifier, *, text: str = TEXT
) -> NotificationId:
    """Raises Conflict for an account that cannot be tested: it sends nothing, is switched off or rests."""
    if not channels.sends(provider.adapter):
        raise Conflict("{name} sends nothing: it brings something in.", name=provider.name)
    profile = await profiles.find_or_make(tx, to)
    stored = await _message(tx, provider.channel)
    number = await store.new_notification_id(tx, profile)
    source = await make_source(
        tx,
        kind="api",
        name=f"Test of {provider.name}",
        message=stored.id,
        version=stored.version,
        topic="",
        purpose=Purpose.TEST,
        channels=[provider.channel],
        failover_on="definite",
        terms=Terms(once=True),
    )
    await store.insert_api_notification(
        tx, number, source, profile, expires_at=tx.now + WITHIN, variables={"text": text}
    )
    await _decide(tx, profile, number, provider, to)
    return number


async def _decide(
    tx: Transaction, profile: ProfileId, number: NotificationId, provider: channels.Provider, to: Identifier
) -> None:
    """Of all accounts only that one, and nobody waits for a test."""
    policy = await read_policy(tx)
    own = tuple(each for each in policy.providers.get(provider.channel, ()) if each.id == provider.id and each.up)
    if not own:
        raise Conflict(
            "{name} cannot be used now: {reason}.",
            name=provider.name,
            reason=provider.reason or worded("it is switched off"),
        )
    only = to.value if KINDS.get(provider.channel) == to.kind else None
    await decide_alone(
        tx,
        profile,
        number,
        replace(policy, providers={provider.channel: own}),
        through=lambda each: each.channel == provider.channel and only in (None, each.value),
        may_wait=False,
    )


async def _message(tx: Transaction, channel: str) -> content.Stored:
    """Made when it is first needed."""
    if channel not in MESSAGES:
        raise Conflict("Messages of the channel {channel} cannot be tested so yet.", channel=channel)
    name = f"Test of accounts ({channel})"
    try:
        return await content.find(tx, name)
    except NotFound:
        document = {"name": name, "topic": "system", "locales": {"en": {channel: MESSAGES[channel]}}}
    try:
        return await content.create(tx, content.parse(document))
    except Conflict:
        return await content.find(tx, name)


async def read_test(tx: Transaction, provider: channels.Provider, number: NotificationId) -> TestView:
    """Raises NotFound for what is no test of this account."""
    rows = await store.read_notifications(tx, [number])
    name = f"Test of {provider.name}"
    if not rows or rows[0]["source_name"] != name:
        raise NotFound("There is no test {number} of {name}.", number=number, name=provider.name)
    attempts = await store.read_deliveries_of(tx, [number])
    return view_of(rows[0], attempts, provider)


def view_of(notification: Row, attempts: Sequence[Row], provider: channels.Provider) -> TestView:
    attempt = attempts[-1] if attempts else None
    steps = list(_steps(notification, attempt))
    state = attempt["state"] if attempt is not None else None
    return TestView(
        notification=str(notification["id"]),
        provider=provider.name,
        channel=provider.channel,
        state=notification["state"],
        delivery_state=state,
        ok=all(step.state != "failed" for step in steps) and state not in (None, *UNDER_WAY),
        done=state not in UNDER_WAY,
        steps=steps,
    )


def _steps(notification: Row, attempt: Row | None) -> list[TestStep]:
    decision = notification["decision"] or {}
    if attempt is None:
        return [TestStep("decided", "failed", _decided(notification), notification["created_at"])]
    steps = [TestStep("decided", "ok", again(decision.get("because", "")), notification["created_at"])]
    state, said = attempt["state"], without_addresses(attempt["code"] or "", attempt["address"])
    if state in UNDER_WAY:
        says = worded("It is tried again: {said}", said=said) if said else worded("It waits for a worker.")
        return [*steps, TestStep("handed_over", "waiting", says)]
    if attempt["handed_at"] is None:
        return [*steps, TestStep("handed_over", "failed", said or _decided(notification))]
    steps.append(TestStep("handed_over", "ok", "", attempt["handed_at"]))
    if state == "failed":
        return [*steps, TestStep("answered", "failed", said)]
    if state == "in_doubt":
        return [*steps, TestStep("answered", "waiting", said or worded("No answer came; it may have arrived."))]
    steps.append(TestStep("answered", "ok", said or worded("The provider took it.")))
    if state in ("delivered", "read"):
        return [*steps, TestStep("delivered", "ok", worded("The provider says that it arrived."))]
    says = worded("Nothing more was reported yet; not every provider does.")
    return [*steps, TestStep("delivered", "waiting", says)]


def _decided(notification: Row) -> str:
    because = (notification["decision"] or {}).get("because", "")
    return again(because) if because else str(notification["reason"] or notification["state"])


_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+|\+?\d{8,}")


def without_addresses(text: str, own: str) -> str:
    """As logs have it: never an address."""
    return _ADDRESS.sub("…", text.replace(own, "…") if own else text)
