"""Who would be in a segment, before it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from antiphon.kernel.db import Transaction
from antiphon.segments import resolve
from antiphon.segments.ask import asked_at
from antiphon.segments.language.parse import parse
from antiphon.segments.records import Preview
from antiphon.segments.store import previewing

SAMPLE = 10


async def preview(tx: Transaction, rule: dict[str, Any], as_of: datetime | None = None) -> Preview:
    asked, moment = await asked_at(tx, parse(rule), as_of)
    return await previewing.preview(tx, asked, await resolve.words(tx, [asked]), moment, sample=SAMPLE)
