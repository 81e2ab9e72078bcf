"""Accounts for tests, and looks into the database."""

from __future__ import annotations

from typing import Any

from antiphon import channels
from antiphon.channels.records import Provider
from antiphon.kernel.db import Database
from antiphon.kernel.keys import new_vapid_key
from antiphon.kernel.records import ProviderId
from antiphon.kernel.secrets import read_secrets

SETTINGS: dict[str, dict[str, Any]] = {
    "smtp": {"host": "127.0.0.1", "port": 25, "security": "none", "envelope_domain": "b.example"},
    "smpp": {"host": "127.0.0.1", "port": 2775, "system_id": "s", "password": "p"},
    "webpush": {"subject": "mailto:a@shop.example"},
}


async def make(database: Database, name: str, *, adapter: str = "smtp", **options) -> ProviderId:
    secrets = await read_secrets(database)
    own = {"private_key": new_vapid_key()} if adapter == "webpush" else {}
    settings = {**SETTINGS[adapter], **own, **options.pop("settings", {})}
    async with database.transaction() as tx:
        return await channels.create_provider(tx, secrets, name=name, adapter=adapter, settings=settings, **options)


async def run(database: Database, text: str, *parameters) -> None:
    async with database.transaction() as tx:
        await tx.rows(text, *parameters)


async def word_of(database: Database, text: str, *parameters) -> Any:
    """The one value."""
    async with database.transaction() as tx:
        ((value,),) = await tx.rows(text, *parameters)
        return value


async def standing(database: Database, provider: ProviderId) -> Provider:
    async with database.transaction() as tx:
        return next(each for each in await channels.providers(tx) if each.id == provider)
