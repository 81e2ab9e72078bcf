"""Taking back a stop: what the person had said before is said again, from their own ledger.

The page that confirms a stop holds the numbers of the statements that stood; no number of another person's ledger
does anything. What nobody had said is unsaid again.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from antiphon import profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.records import ProfileId
from antiphon.pages.sheet import EVERY
from antiphon.profiles import Proof, Standing, Statement

WAS_MAX = 300
LEDGER_ROWS = 1_000


def was(standing: Sequence[Standing], *, topic: str = EVERY, channel: str = EVERY) -> list[str]:
    """The numbers of the statements behind the wishes that a stop of this topic and channel covers."""
    covered = [
        row
        for row in standing
        if row.state is not None and topic in (EVERY, row.topic) and channel in (EVERY, row.channel)
    ]
    return [str(row.consent_id) for row in covered][:WAS_MAX]


async def restore(
    tx: Transaction, profile: ProfileId, given: Sequence[str], proof: Proof, *, topic: str = EVERY, channel: str = EVERY
) -> None:
    """As it stood before this topic and channel were stopped."""
    await profiles.state(tx, profile, [Statement(topic, channel, "unset")], proof)
    wanted = {number for each in given[:WAS_MAX] if (number := number_in(each)) is not None}
    if not wanted:
        return
    for row in reversed(await profiles.ledger(tx, profile, limit=LEDGER_ROWS)):
        if row.id in wanted and row.scope is None and row.state in ("wanted", "unwanted"):
            said = Statement(
                row.topic,
                row.channel,
                row.state,
                expires_at=row.expires_at if row.expires_at and row.expires_at > tx.now else None,
                address=row.address,
                basis=row.basis,
            )
            again = replace(proof, asked_at=row.asked_at, confirmed_at=row.confirmed_at)
            await profiles.state(tx, profile, [said], again)
