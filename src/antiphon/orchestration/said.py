"""What a source says."""

from __future__ import annotations

from antiphon import content
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import SourceId
from antiphon.orchestration import store


async def said_by(tx: Transaction, source: SourceId) -> content.Stored:
    """The message in the version that it was made with, whatever was published since, archived or not."""
    found = (await store.read_sources(tx, [source]))[source]
    key = (found.message, found.version)
    return content.Stored(found.message, found.name, found.version, (await content.versions(tx, [key]))[key])
