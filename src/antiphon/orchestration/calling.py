"""A program asks for one notification: at most one for each of its keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from antiphon import content, profiles
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Problem
from antiphon.kernel.records import Identifier, NotificationId, ProfileId, Purpose
from antiphon.orchestration import store
from antiphon.orchestration.conduct import CONDUCT, CRITICAL
from antiphon.orchestration.decide import decide
from antiphon.orchestration.message_terms import terms_of
from antiphon.orchestration.sources import make_source

URGENT_WITHIN = timedelta(hours=1)


class Call(Struct, frozen=True):
    message: str
    to: Identifier
    purpose: Purpose
    idempotency_key: str
    topic: str | None = None
    variables: dict[str, Any] | None = None
    expires_at: datetime | None = None


class TooManyUrgent(Problem):
    """This person has had as many urgent messages in the last hour as may pass their wishes."""

    status = 429
    code = "too_many_urgent"


async def send(tx: Transaction, call: Call) -> NotificationId:
    """The same key again answers with the same notification, also while the first call is still under way.

    Raises NotFound for the message, TooManyUrgent; then the key is free.
    """
    known = await store.read_idempotent(tx, call.idempotency_key)
    if known is not None:
        return known
    stored = await content.find(tx, call.message)
    profile = await profiles.find_or_make(tx, call.to)
    made = await store.new_notification_id(tx, profile)
    if not await store.take_key(tx, call.idempotency_key, made):  # a rival was faster, and has committed by now
        known = await store.read_idempotent(tx, call.idempotency_key)
        assert known is not None, "a key is never given back"
        return known
    topic = stored.message.topic if call.topic is None else call.topic
    await _guard(tx, profile, call.purpose, topic)
    channels = [channel.value for channel in sorted(content.channels_of(stored.message))]
    source = await make_source(
        tx,
        kind="api",
        name=stored.name,
        message=stored.id,
        version=stored.version,
        topic=topic,
        purpose=call.purpose,
        channels=channels,
        failover_on=CONDUCT[call.purpose].failover_on,
        terms=await terms_of(tx, stored.message, channels),
    )
    await store.insert_api_notification(tx, made, source, profile, expires_at=call.expires_at, variables=call.variables)
    await decide(tx, [profile])
    return made


async def _guard(tx: Transaction, profile: ProfileId, purpose: Purpose, topic: str) -> None:
    """What passes wishes must not become a way round them. Counted under the person's lock, so never one too many."""
    if purpose not in CRITICAL:
        return
    known = {each.name: each for each in await profiles.topics(tx)} if topic else {}
    if topic and not (topic in known and known[topic].critical):
        return
    person = (await store.lock_people(tx, [profile], make=True)).leads[profile]
    most = (await settings.read(tx)).critical_per_hour
    if await store.count_critical(tx, person, CRITICAL, since=tx.now - URGENT_WITHIN) >= most:
        raise TooManyUrgent(
            "This person has had {most} urgent messages in the last hour, which pass wishes and quiet hours. Send it as"
            " transactional, or later; the setting critical_per_hour says how many there may be.",
            most=most,
        )
