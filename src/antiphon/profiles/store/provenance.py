"""Where what is known of a person comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.profiles.store.base import queries


async def sources_of_traits(tx: Transaction, profile: ProfileId) -> dict[str, str]:
    rows = await queries.rows(tx, "sources_of_traits", bucket=bucket_of(profile), profile=profile)
    return {row["name"]: row["source"] for row in rows}


async def numbers(tx: Transaction, profile: ProfileId) -> list[tuple[ProfileId, datetime, dict[str, Any]]]:
    """The numbers that were merged into this person, when, and why."""
    rows = await queries.rows(tx, "becauses", profile=profile)
    return [(row["id"], row["merged_at"], row["because"]) for row in rows]
