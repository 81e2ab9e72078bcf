"""Who is signed in, and where: a random token in a cookie, and its hash in a row that can be ended at any time.

| ends | after |
|---|---|
| whatever happens | `ABSOLUTE` |
| when nobody asks anything | `IDLE` |
| the step between password and code | `WAITING` |
| the same where a second factor must be set up first | `ENROLLING` |

All by wall time. What is grave wants that the password, a code or a passkey was asked for within `FRESH`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from antiphon.access import store_sessions as store
from antiphon.access.records import Colleague, Factor, Opened, Session, SessionId, StaffId
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Forbidden, NotFound

ABSOLUTE = timedelta(days=14)
IDLE = timedelta(days=3)
"""Over a weekend, not over a holiday."""
WAITING = timedelta(minutes=10)
FRESH = timedelta(minutes=15)
ENROLLING = FRESH
"""Not longer: a proof that is as old would be asked for again, and this session could not give it."""
SEEN_EVERY = timedelta(minutes=1)
SESSIONS_MAX = 50
TOKEN_CHARS_MAX = 100
CLIENT_CHARS_MAX = 200


class ProveAgain(Forbidden):
    """This needs your password, a code or a passkey once more: ask for it, then try again."""

    code = "prove_again"


async def open_session(
    tx: Transaction,
    staff: StaffId,
    factors: Sequence[Factor],
    *,
    client: str,
    address: str,
    waiting: bool = False,
    enrolling: bool = False,
    proved_at: datetime | None = None,
) -> Opened:
    """A new session. `waiting`: the password was right and the second factor is still to come; it may do nothing, but
    to set one up where it is `enrolling`. `proved_at`: when a provider asked, if it says so and that was earlier."""
    at = wall_datetime()
    await store.sweep(tx, at=at, idle_since=at - IDLE)
    token = secrets.token_urlsafe(32)
    session = Session(
        id=SessionId(0),
        staff=staff,
        factors=tuple(factors),
        waiting=waiting or enrolling,
        enrolling=enrolling,
        client=client[:CLIENT_CHARS_MAX],
        address=address,
        created_at=at,
        seen_at=at,
        ends_at=at + (ENROLLING if enrolling else WAITING if waiting else ABSOLUTE),
        proved_at=min(proved_at or at, at),
    )
    id = await store.insert(tx, session, hash=_hash(token))
    await store.end_oldest(tx, staff, keep=SESSIONS_MAX)
    return Opened(msgspec.structs.replace(session, id=id), token)


async def find_session(
    database: Database, token: str, *, even_waiting: bool = False, counts: bool = True
) -> tuple[Colleague, Session] | None:
    """Who is signed in with this token; None when nobody is. One row is read; at most one a minute is written.

    `counts` is false for what asks by itself, again and again: an open page alone keeps nobody signed in.
    A waiting session is found only by who asks for it by name: it may do nothing but give the code, or set one up.
    """
    if not token or len(token) > TOKEN_CHARS_MAX:
        return None
    at = wall_datetime()
    async with database.alone() as tx:
        found = await store.find(tx, hash=_hash(token), at=at, idle_since=at - IDLE)
    if found is None or (found[1].waiting and not even_waiting):
        return None
    if counts:
        await _see(database, found[1], at=at)
    return found


async def _see(database: Database, session: Session, *, at: datetime) -> None:
    before = at - SEEN_EVERY
    if session.seen_at < before:
        async with database.alone() as tx:
            await store.see(tx, session.id, at=at, before=before)


async def prove(tx: Transaction, session: Session, factor: Factor) -> None:
    """It was asked for once more and was right: what is grave may be done for `FRESH`."""
    await store.prove(tx, session.id, factor, at=wall_datetime())


def demand_proof(session: Session) -> None:
    """Raises ProveAgain unless a password, code or passkey was given within `FRESH`."""
    if session.proved_at < wall_datetime() - FRESH:
        raise ProveAgain


async def list_sessions(tx: Transaction, staff: StaffId) -> Sequence[Session]:
    """Where they are signed in, the latest seen first."""
    at = wall_datetime()
    return await store.list_of(tx, staff, at=at, idle_since=at - IDLE, limit=SESSIONS_MAX)


async def end(tx: Transaction, session: Session) -> bool:
    """Signed out there; a second time changes nothing and is False."""
    return await store.end(tx, session.id, session.staff)


async def end_one(tx: Transaction, staff: StaffId, session: SessionId) -> None:
    """Raises NotFound for what is not theirs."""
    if not await store.end(tx, session, staff):
        raise NotFound("You have no session {session}.", session=session)


async def end_all(tx: Transaction, staff: StaffId, except_: Session | None = None) -> int:
    """How many have ended, waiting ones too."""
    return await store.end_all(tx, staff, except_=except_.id if except_ is not None else None)


async def end_enrolling(tx: Transaction, staff: StaffId) -> None:
    """Those that wait for a second factor to be set up."""
    await store.end_enrolling(tx, staff)


def _hash(token: str) -> bytes:
    # 256 random bits: one round of SHA-256 is enough, there is no dictionary to try.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
