"""What was refused or looked odd, for the debugger: the newest ten thousand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw
from antiphon.kernel.said import plain
from antiphon.profiles import store

KEPT = 10_000


class Refusal(Struct, frozen=True):
    """`excerpt` is the beginning of what was sent, `source` as in Fact."""

    source: str
    flaws: tuple[Flaw, ...]
    excerpt: str


class KeptRefusal(Struct, frozen=True):
    id: int
    at: datetime
    source: str
    flaws: tuple[Flaw, ...]
    excerpt: str


async def refuse(tx: Transaction, refusals: Sequence[Refusal]) -> None:
    """Keeps them for the debugger, and lets go of the oldest."""
    newest = refusals[-KEPT:]
    await store.base.queries.run(
        tx,
        "insert_refused",
        sources=[refusal.source for refusal in newest],
        flaws=[_storable(msgspec.json.encode(refusal.flaws, enc_hook=plain).decode()) for refusal in newest],
        excerpts=[_storable(refusal.excerpt) for refusal in newest],
    )
    await store.base.queries.run(tx, "trim_refused", kept=KEPT)


async def newest_refusals(tx: Transaction, *, limit: int) -> list[KeptRefusal]:
    return [
        KeptRefusal(
            row["id"], row["at"], row["source"], msgspec.convert(row["flaws"], tuple[Flaw, ...]), row["excerpt"]
        )
        for row in await store.base.queries.rows(tx, "newest_refused", limit=limit)
    ]


def _storable(text: str) -> str:
    """What is wrong with an event may be in its excerpt too: neither text nor jsonb takes NUL."""
    return text.replace("\0", "\ufffd").replace("\\u0000", "\\ufffd").encode("utf-8", "replace").decode()
