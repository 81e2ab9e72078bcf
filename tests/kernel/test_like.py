"""What people type is looked for as it stands."""

from __future__ import annotations

import pytest

from antiphon.kernel.db import Database
from antiphon.kernel.like import holding


@pytest.mark.parametrize("typed", ["50%", "a_b", "back\\slash", "%", "plain", " spaced "])
async def test_a_pattern_holds_what_was_typed_and_nothing_else(database: Database, typed: str) -> None:
    async with database.alone() as tx:
        (row,) = await tx.rows(
            "SELECT $1 ILIKE $2 AS same, 'x' ILIKE $2 AS other", f"before {typed.strip()} behind", holding(typed)
        )
    assert (row["same"], row["other"]) == (True, False)


def test_nothing_typed_asks_for_nothing() -> None:
    assert [holding(text) for text in ("", "  ", "\0")] == ["", "", ""]
