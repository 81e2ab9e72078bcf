"""Sessions: who is signed in, for how long, and how it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from antiphon import access
from antiphon.access import sessions
from antiphon.access.records import Opened, StaffId
from antiphon.kernel.db import Database


async def somebody(database: Database, email: str = "ada@example.org", state: str = "active") -> StaffId:
    async with database.transaction() as tx:
        rows = await tx.rows(
            "INSERT INTO staff (email, email_key, name, role, state, created_at)"
            " VALUES ($1, lower($1), 'Ada', 'marketer', $2, $3) RETURNING id",
            email,
            state,
            tx.now,
        )
        return StaffId(rows[0]["id"])


async def signed_in(database: Database, staff: StaffId, *, waiting: bool = False) -> Opened:
    async with database.transaction() as tx:
        return await access.open_session(
            tx, staff, ["password"], client="Firefox on Linux", address="192.0.2.7", waiting=waiting
        )


async def age(database: Database, opened: Opened, **columns: timedelta) -> None:
    """Make these times of the session older."""
    async with database.transaction() as tx:
        for column, by in columns.items():
            await tx.rows(
                f"UPDATE staff_session SET {column} = {column} - $2::interval WHERE id = $1", opened.session.id, by
            )


async def test_the_token_finds_who_signed_in_and_its_hash_alone_is_kept(database: Database) -> None:
    opened = await signed_in(database, await somebody(database))
    found = await access.find_session(database, opened.token)
    assert found is not None
    colleague, session = found
    assert (colleague.email, colleague.role, session) == ("ada@example.org", "marketer", opened.session)
    async with database.transaction() as tx:
        kept = str([dict(row) for row in await tx.rows("SELECT * FROM staff_session")])
    assert opened.token not in kept


@pytest.mark.parametrize("token", ["", "x", "a" * 5000, "\x00", "\udcff"])
async def test_no_other_token_finds_anybody(database: Database, token: str) -> None:
    await signed_in(database, await somebody(database))
    assert await access.find_session(database, token) is None


async def test_a_waiting_session_is_nobodys_but_for_who_asks_for_the_code(database: Database) -> None:
    opened = await signed_in(database, await somebody(database), waiting=True)
    assert await access.find_session(database, opened.token) is None
    assert await access.find_session(database, opened.token, even_waiting=True) is not None
    await age(database, opened, ends_at=sessions.WAITING)
    assert await access.find_session(database, opened.token, even_waiting=True) is None


async def test_it_ends_when_nobody_asks_and_in_any_case_in_the_end(database: Database) -> None:
    staff = await somebody(database)
    idle, old, fine = [await signed_in(database, staff) for _ in range(3)]
    await age(database, idle, seen_at=sessions.IDLE)
    await age(database, old, ends_at=sessions.ABSOLUTE)
    await age(database, fine, seen_at=sessions.IDLE - timedelta(minutes=1))
    assert [await access.find_session(database, one.token) is not None for one in (idle, old, fine)] == [
        False,
        False,
        True,
    ]


async def test_product_time_ends_no_session(database: Database) -> None:
    opened = await signed_in(database, await somebody(database))
    await database.move_clock(lambda state: state.moved(state.now() + timedelta(days=400)))
    assert await access.find_session(database, opened.token) is not None


async def test_who_has_left_is_signed_in_nowhere(database: Database) -> None:
    staff = await somebody(database)
    opened = await signed_in(database, staff)
    async with database.transaction() as tx:
        await tx.rows("UPDATE staff SET state = 'left' WHERE id = $1", staff)
    assert await access.find_session(database, opened.token) is None


async def test_being_seen_is_written_once_a_minute(database: Database) -> None:
    opened = await signed_in(database, await somebody(database))

    async def seen() -> tuple[object, object]:
        await access.find_session(database, opened.token)
        async with database.transaction() as tx:
            rows = await tx.rows("SELECT s.seen_at, m.seen_at, s.xmin FROM staff_session s, staff m")
            return tuple(rows[0])

    first = await seen()
    assert await seen() == first
    await age(database, opened, seen_at=timedelta(seconds=61))
    later = await seen()
    assert later[0] > opened.session.seen_at
    assert later[0] == later[1]


async def test_ending_one_leaves_the_others_and_ending_all_spares_the_one_that_asks(database: Database) -> None:
    staff, other = await somebody(database), await somebody(database, "eve@example.org")
    first, second, third = [await signed_in(database, staff) for _ in range(3)]
    hers = await signed_in(database, other)
    async with database.transaction() as tx:
        await access.end(tx, first.session)
        assert {one.id for one in await access.list_sessions(tx, staff)} == {second.session.id, third.session.id}
        assert await access.end_all(tx, staff, except_=third.session) == 1
    here = [await access.find_session(database, one.token) is not None for one in (first, second, third, hers)]
    assert here == [False, False, True, True]


async def test_what_is_grave_wants_a_fresh_proof(database: Database) -> None:
    opened = await signed_in(database, await somebody(database))
    access.demand_proof(opened.session)
    await age(database, opened, proved_at=sessions.FRESH + timedelta(seconds=1))
    _, session = await access.find_session(database, opened.token) or pytest.fail("nobody")
    with pytest.raises(access.ProveAgain):
        access.demand_proof(session)
    async with database.transaction() as tx:
        await access.prove(tx, session, "totp")
    _, session = await access.find_session(database, opened.token) or pytest.fail("nobody")
    access.demand_proof(session)
    assert session.factors == ("password", "totp")


async def test_who_never_signs_out_keeps_the_latest(database: Database) -> None:
    staff = await somebody(database)
    opened = [await signed_in(database, staff) for _ in range(sessions.SESSIONS_MAX + 2)]
    assert await access.find_session(database, opened[0].token) is None
    assert await access.find_session(database, opened[2].token) is not None
    assert await access.find_session(database, opened[-1].token) is not None
