"""What was read once is kept, and never taken for another."""

from __future__ import annotations

import pytest

from antiphon import content
from antiphon.content import store
from antiphon.kernel.db import Database


def _saying(text: str) -> content.Message:
    return content.parse({"name": "m", "topic": "t", "locales": {"en": {"sms": {"text": text}}}})


async def _made(database: Database, text: str) -> tuple[int, int]:
    stored = await database.repeat(lambda tx: content.create(tx, _saying(text)))
    return stored.id, stored.version


async def _read(database: Database, *wanted: tuple[int, int]) -> dict[tuple[int, int], content.Message]:
    async with database.transaction(read_only=True) as tx:
        return await content.versions(tx, wanted)


async def test_in_a_database_restored_below_us_a_number_means_what_it_means_there(database: Database) -> None:
    """A message that was made after the backup was sent; then another one got its number."""
    lost = await _made(database, "Fifty percent!")
    assert await _read(database, lost) == {lost: _saying("Fifty percent!")}
    await database.pool.execute("TRUNCATE message, message_version RESTART IDENTITY CASCADE")
    assert await _read(database, lost) == {}
    assert await _made(database, "Five percent.") == lost
    assert await _read(database, lost) == {lost: _saying("Five percent.")}


async def test_a_version_is_decoded_once(database: Database) -> None:
    key = await _made(database, "Hello")
    first, second = await _read(database, key), await _read(database, key)
    assert first[key] is second[key]


async def test_more_at_once_than_are_kept_are_all_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_KEPT_MAX", 1)
    async with database.transaction() as tx:
        for n in range(3):
            document = {"name": f"m{n}", "topic": "t", "locales": {"en": {"sms": {"text": f"{n}"}}}}
            await content.create(tx, content.parse(document))
    keys = [(1, 1), (2, 1), (3, 1)]
    for wanted in (keys, keys[::-1]):
        read = await _read(database, *wanted)
        assert {key: message.name for key, message in read.items()} == {key: f"m{key[0] - 1}" for key in keys}
