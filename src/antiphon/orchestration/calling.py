"""A program asks for one notification: at most one for each of its keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon import content, profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import FailoverOn, Identifier, NotificationId, Purpose
from antiphon.orchestration import store
from antiphon.orchestration.decide import decide
from antiphon.orchestration.sources import make_source

SILENT: Mapping[Purpose, FailoverOn] = {Purpose.CODE: "silence", Purpose.ALERT: "silence"}
"""Where silence is worse than a double, a channel that is not heard of in time is followed by the next."""


class Call(Struct, frozen=True):
    message: str
    to: Identifier
    purpose: Purpose
    idempotency_key: str
    topic: str | None = None
    variables: dict[str, Any] | None = None
    expires_at: datetime | None = None


async def send(tx: Transaction, call: Call) -> NotificationId:
    """The same key again answers with the same notification, also while the first call is still under way.

    Raises NotFound for the message.
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
    source = await make_source(
        tx,
        kind="api",
        name=stored.name,
        message=stored.id,
        version=stored.version,
        topic=stored.message.topic if call.topic is None else call.topic,
        purpose=call.purpose,
        channels=[channel.value for channel in sorted(content.channels_of(stored.message))],
        failover_on=SILENT.get(call.purpose, "definite"),
    )
    await store.insert_api_notification(tx, made, source, profile, expires_at=call.expires_at, variables=call.variables)
    await decide(tx, [profile])
    return made
