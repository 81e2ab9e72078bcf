"""Events that this installation makes itself: each from a state that changed once, so there is nothing to repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from antiphon.kernel import outlet
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Event, ProfileId
from antiphon.profiles import store
from antiphon.profiles.ingest import event_names

Happened = tuple[ProfileId, str, datetime, Mapping[str, Any]]
"""Who, the event's name, when, its properties."""


async def record_known(tx: Transaction, happened: Sequence[Happened]) -> None:
    """Take in events of profiles by number, without a message id: the caller's transaction makes each exactly once.

    Of who was erased nothing more is known: a late receipt of theirs is no event.
    """
    if not happened:
        return
    numbers = await store.ingest.present(tx, {profile for profile, *_ in happened})
    erased = await store.erasure.erased_among(tx, numbers.values())
    happened = [(numbers[p], name, at, properties) for p, name, at, properties in happened if numbers[p] not in erased]
    names = await event_names(tx, {name for _, name, _, _ in happened}, make=True)
    rows = [
        (profile, names[name], at, None, msgspec.json.encode(properties).decode() if properties else None)
        for profile, name, at, properties in happened
    ]
    await store.ingest.add_events(tx, rows)
    await outlet.publish(tx, [Event(profile, name, names[name], at) for profile, name, at, _ in happened])
