"""Facts to record, and a look into the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from antiphon import profiles
from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import Fact, Recorded, RecordedEvent, timeline

AT = datetime(2025, 12, 24, 18, tzinfo=UTC)
ANNA = Identifier("external_id", "42")
MAIL = Identifier("email", "anna@shop.example")
BROWSER = Identifier("anonymous_id", "b-1")


def fact(message_id: str, *who: Identifier, **more: Any) -> Fact:
    return Fact(source="test", message_id=message_id, at=more.pop("at", AT), who=who, **more)


async def record(database: Database, *facts: Fact, **more: Any) -> Recorded:
    return await database.repeat(lambda tx: profiles.record(tx, facts, **more))


async def events(tx: Transaction, profile: ProfileId) -> list[RecordedEvent]:
    """The latest first."""
    return await timeline.page(tx, profile, upto=FOREVER, skip=0, limit=1_000)


async def sql(database: Database, text: str, *parameters: Any) -> list[Any]:
    return [tuple(row) for row in await database.pool.fetch(text, *parameters)]
