"""Keys of programs: who is let in, for how long, and what is kept of a key."""

from __future__ import annotations

import asyncio
import time

import pytest

from antiphon import access
from antiphon.access import keys, store
from antiphon.access.records import SCOPES
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Forbidden, Invalid, NotFound, Unauthorised


async def make(database: Database, scope: access.Scope, name: str = "shop") -> tuple[access.KeyId, str]:
    async with database.transaction() as tx:
        return await access.create_key(tx, name, scope)


async def test_a_new_key_opens_at_once_even_after_a_wrong_one_was_tried(database: Database) -> None:
    with pytest.raises(Unauthorised):
        await access.check(database, "ak_write_nothing", "write")
    id, clear = await make(database, "write")
    assert clear.startswith("ak_write_")
    assert len(clear) == len("ak_write_") + 43
    assert await access.check(database, clear, "write") == id


@pytest.mark.parametrize(
    ("scope", "may"),
    [("write", {"write"}), ("read", {"write", "read"}), ("admin", {"write", "read", "admin"})],
)
async def test_scopes_rise_and_a_key_in_a_web_page_reads_nothing(
    database: Database, scope: access.Scope, may: set[str]
) -> None:
    id, clear = await make(database, scope)
    for needs in SCOPES:
        if needs in may:
            assert await access.check(database, clear, needs) == id
        else:
            with pytest.raises(Forbidden):
                await access.check(database, clear, needs)


async def test_a_revoked_key_is_dead_within_five_seconds(database: Database) -> None:
    id, clear = await make(database, "admin")
    await access.check(database, clear, "admin")
    async with database.transaction() as tx:
        await access.revoke(tx, id)
    started = time.monotonic()
    while time.monotonic() - started < 5:
        try:
            await access.check(database, clear, "admin")
        except Unauthorised:
            break
        await asyncio.sleep(0.1)
    else:
        pytest.fail("still open after five seconds")


async def test_the_clear_key_is_nowhere_in_the_database(database: Database) -> None:
    _, clear = await make(database, "admin")
    kept = await database.pool.fetch("SELECT row_to_json(k)::text FROM api_key k")
    assert len(kept) == 1
    assert clear not in kept[0][0]
    assert clear.removeprefix("ak_admin_") not in kept[0][0]


@pytest.mark.parametrize("key", ["", "x" * 10_000, "ak_write_\ud800", "ak_write_\x00", "é" * 50])
async def test_nonsense_is_unauthorised_not_an_error(database: Database, key: str) -> None:
    with pytest.raises(Unauthorised):
        await access.check(database, key, "write")


async def test_guessing_does_not_load_the_database(database: Database) -> None:
    """A thousand wrong keys cost a handful of queries."""
    reads = 0
    read = store.valid_keys

    async def counted(tx: Transaction) -> object:
        nonlocal reads
        reads += 1
        return await read(tx)

    started = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "valid_keys", counted)
        wrong = [access.check(database, f"ak_write_{n}", "write") for n in range(1000)]
        refused = await asyncio.gather(*wrong, return_exceptions=True)
    assert {type(one) for one in refused} == {Unauthorised}
    assert reads <= 2 + (time.monotonic() - started) / keys.UNKNOWN_S


async def test_names_scopes_and_ids_are_checked(database: Database) -> None:
    with pytest.raises(Invalid):
        await make(database, "write", name="  ")
    with pytest.raises(Invalid):
        await make(database, "write", name="a\x00b")
    with pytest.raises(Invalid):
        await make(database, "owner")  # type: ignore[arg-type]  # what a caller without types could send
    with pytest.raises(NotFound):
        async with database.transaction() as tx:
            await access.revoke(tx, access.KeyId(999))


async def test_the_list_shows_who_holds_keys_and_which_are_revoked(database: Database) -> None:
    first, _ = await make(database, "write", name="shop")
    second, _ = await make(database, "read", name="report")
    async with database.transaction() as tx:
        await access.revoke(tx, first)
        await access.revoke(tx, first)
        listed = await access.list_keys(tx)
    assert [(key.id, key.name, key.scope, key.revoked_at is None) for key in listed] == [
        (second, "report", "read", True),
        (first, "shop", "write", False),
    ]
