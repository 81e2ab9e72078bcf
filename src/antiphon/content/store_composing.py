"""What is read where messages are composed."""

from __future__ import annotations

from antiphon.content.store import queries
from antiphon.kernel.db import Row, Transaction

ACCOUNTS_MAX = 2_000
NAMES_MAX = 200


async def account_traits(tx: Transaction) -> list[Row]:
    """Names, JSON types and shares of the traits of some accounts, the most frequent first."""
    return await queries.rows(tx, "sample_account_traits", most=ACCOUNTS_MAX, names=NAMES_MAX)
