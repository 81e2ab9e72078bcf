"""Of whom a second factor is demanded, and what somebody who has only given a password must do next.

| they have | it is demanded of them | next |
|---|---|---|
| codes of an app | or not | a code, or a passkey |
| a passkey alone | yes | the passkey |
| a passkey alone | no | nothing |
| neither | yes | one is set up; the session may do nothing else |
| neither | no | nothing |

A passkey by itself is two factors. Single sign-on counts as a password or as two factors: `sso.is_strong` says which.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.access import sessions, store_second, store_staff
from antiphon.access.records import Colleague, Factor, Opened, Session, StaffId
from antiphon.access.roles import ADMINS, Role
from antiphon.access.store_second import Demanded
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, Unauthorised

Step = Literal["give", "enrol"]


class Lacking(Struct, frozen=True):
    """How many come in with a password and have neither codes nor a passkey."""

    admins: int
    everybody: int


class Needed(Conflict):
    """A second factor is demanded of you, and this is your last: set up another one first."""

    code = "second_factor_needed"


def is_demanded(demanded: Demanded, role: Role) -> bool:
    return demanded == "everybody" or (demanded == "admins" and role in ADMINS)


def step_after(who: Colleague, *, demanded: bool) -> Step | None:
    """What is next for who has given one factor."""
    if who.has_totp or (demanded and who.passkeys):
        return "give"
    return "enrol" if demanded else None


async def read(tx: Transaction) -> Demanded:
    return await store_second.read_rule(tx)


async def write(tx: Transaction, demanded: Demanded) -> None:
    """In force with each next sign-in: nobody is signed out."""
    await store_second.write_rule(tx, demanded)


async def lacking(tx: Transaction) -> Lacking:
    return Lacking(*await store_second.count_lacking(tx, ADMINS))


async def next_step(tx: Transaction, who: Colleague) -> Step | None:
    return step_after(who, demanded=is_demanded(await read(tx), who.role))


async def demands_of(tx: Transaction, who: Colleague) -> bool:
    return is_demanded(await read(tx), who.role)


async def demand_another(tx: Transaction, staff: StaffId, *, without: Literal["totp", "passkey"]) -> None:
    """Raises Needed where it is demanded of them and the password alone would be left. Their row stays locked."""
    known = await store_staff.lock(tx, staff)
    if known is None or not known.colleague.has_password or not await demands_of(tx, known.colleague):
        return
    codes = known.colleague.has_totp and without != "totp"
    passkeys = known.colleague.passkeys - (without == "passkey")
    if not codes and not passkeys:
        raise Needed


async def demand_first(tx: Transaction, who: Colleague, session: Session) -> None:
    """Who has only a password sets up the first and no other: somebody may have done so meanwhile, and it was theirs.

    Raises Unauthorised. Their row stays locked.
    """
    if not session.enrolling:
        return
    known = await store_staff.lock(tx, who.id)
    if known is None or known.colleague.has_totp or known.colleague.passkeys:
        raise Unauthorised("A second factor was set up elsewhere meanwhile. Sign in anew, and give it.")


async def enrolled(tx: Transaction, session: Session, factor: Factor) -> Opened | None:
    """A full session in place of the one that was for setting up alone; None where it was a full one."""
    if not session.enrolling:
        return None
    if not await sessions.end(tx, session):
        raise Unauthorised("This sign-in took too long. Begin anew.")
    await sessions.end_enrolling(tx, session.staff)
    return await sessions.open_session(
        tx, session.staff, [*session.factors, factor], client=session.client, address=session.address
    )
