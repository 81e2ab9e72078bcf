"""What a message may say of the person that it goes to, and in which language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any


def variables_of(
    traits: Mapping[str, Any],
    accounts: Sequence[Mapping[str, Any]],
    given: Mapping[str, Any],
    *,
    at: datetime | None,
) -> dict[str, Any]:
    """`profile`, `accounts` (traits with their `key`), `account` (the one joined last), and what the caller gave, which
    goes before all of these. `at` is "now"."""
    account = accounts[0] if accounts else {}
    return {"profile": traits, "account": account, "accounts": accounts, "now": at, **given}


def locale_of(traits: Mapping[str, Any]) -> str:
    """The language that somebody told, else the one of their device; empty where neither is known."""
    return str(traits.get("language") or traits.get("device_language") or "")
