"""Nobody takes away the last way in, also where two are taken away at once."""

from __future__ import annotations

import asyncio

import pytest
from webauthn.helpers import bytes_to_base64url

from antiphon.access import passkeys, store_passkeys, store_staff
from antiphon.access.records import StaffId
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Conflict

LAPTOP, PHONE = b"the laptop's", b"the phone's"


async def test_of_two_passkeys_removed_at_once_one_stays(database: Database) -> None:
    async with database.transaction() as tx:
        at = wall_datetime()
        made = await store_staff.insert(tx, email="ada@example.org", name="Ada", role="analyst", state="active", at=at)
        assert made is not None
        ada = StaffId(made)
        for id in (LAPTOP, PHONE):
            await store_passkeys.insert(tx, ada, id=id, name="It", public_key=b"k", sign_count=0, at=at)
    async with database.transaction() as tx:
        await passkeys.remove(tx, ada, bytes_to_base64url(LAPTOP))
        other = asyncio.create_task(database.repeat(lambda tx: passkeys.remove(tx, ada, bytes_to_base64url(PHONE))))
        await asyncio.sleep(0.2)
        assert not other.done(), "it waits for the first"
    with pytest.raises(Conflict):
        await other
    async with database.transaction(read_only=True) as tx:
        assert [row["id"] for row in await store_passkeys.list_of(tx, ada)] == [PHONE]
