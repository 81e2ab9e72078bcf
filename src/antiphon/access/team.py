"""Colleagues: invited, given a role, sent away, invited back. Owners alone touch owners; one always stays.

`giver` is who does it; None is the command line, whose user has the database anyway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from antiphon.access import links, sessions, store_staff, totp
from antiphon.access.links import Made
from antiphon.access.records import Colleague, Session, StaffId, Wishes
from antiphon.access.roles import ROLES, Role, may_give
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, Forbidden, NotFound, invalid

NAME_CHARS_MAX = 100
EMAIL_CHARS_MAX = 254
STAFF_MAX = 500
_EMAIL = re.compile(r"[^@\s<>()\",;:\\\[\]]{1,64}@[^@\s.<>()\",;:\\\[\]]+(\.[^@\s.<>()\",;:\\\[\]]+)*")


class Giver(Struct, frozen=True):
    """Who changes the team, in which session."""

    colleague: Colleague
    session: Session


class Invited(Struct, frozen=True):
    colleague: Colleague
    link: Made


async def get(tx: Transaction, staff: StaffId) -> Colleague:
    known = await store_staff.find(tx, staff)
    if known is None:
        raise NotFound("There is no colleague {staff}.", staff=staff)
    return known.colleague


async def get_by_email(tx: Transaction, email: str) -> Colleague:
    known = await store_staff.find_by_email(tx, email)
    if known is None:
        raise NotFound("Nobody here has the e-mail address {email}.", email=email)
    return known.colleague


async def list_staff(tx: Transaction, *, after: StaffId, limit: int) -> Sequence[Colleague]:
    return await store_staff.list_all(tx, after=after, limit=limit)


async def list_everybody(tx: Transaction) -> Sequence[Colleague]:
    """The first `STAFF_MAX`."""
    return await store_staff.list_all(tx, after=StaffId(0), limit=STAFF_MAX)


async def invite(tx: Transaction, *, email: str, name: str, role: str, giver: Giver | None, base_url: str) -> Invited:
    """A new colleague and their link. Raises Invalid where somebody has this address, Forbidden, ProveAgain."""
    email, known_role = checked_email(email), checked_role(role)
    name = checked_name(name or email.partition("@")[0])
    _demand_may_give(giver, before=None, after=known_role)
    at = wall_datetime()
    staff = await store_staff.insert(tx, email=email, name=name, role=known_role, state="invited", at=at)
    if staff is None:
        raise invalid("email", "Somebody has this address already; make a new link for them instead.")
    colleague = await get(tx, staff)
    by = giver.colleague.id if giver else None
    return Invited(colleague, await links.make(tx, colleague, by=by, base_url=base_url))


async def change(
    tx: Transaction, staff: StaffId, *, role: str | None, state: str | None, giver: Giver | None
) -> Colleague:
    """`state`: `left`, or `invited` to let somebody back in. Raises Conflict where no owner would stay."""
    await store_staff.lock_owners(tx)
    who = await _lock(tx, staff)
    after = checked_role(role) if role is not None else who.role
    _demand_may_give(giver, before=who.role, after=after)
    if state is not None and state not in ("left", "invited"):
        raise invalid("state", "A colleague is sent away with `left` and let back in with `invited`.")
    if after != who.role:
        await store_staff.write_role(tx, staff, after)
    if state == "left" and who.state != "left":
        await store_staff.write_left(tx, staff)
        await links.end_all(tx, staff)
        await sessions.end_all(tx, staff)
    if state == "invited":
        if who.state == "active":
            raise invalid("state", "{name} is here already.", name=who.name)
        await store_staff.write_invited(tx, staff)
    if who.role == "owner" and who.state == "active" and not await store_staff.lock_owners(tx):
        raise Conflict("Somebody must stay an owner: make another colleague one first.")
    return await get(tx, staff)


async def renew_link(tx: Transaction, staff: StaffId, *, giver: Giver | None, base_url: str) -> Made:
    """Whoever has it sets their password: so only who may give their role makes it, after a fresh proof."""
    who = await _lock(tx, staff)
    _demand_may_give(giver, before=who.role, after=who.role)
    if giver is not None:
        sessions.demand_proof(giver.session)
    return await links.make(tx, who, by=giver.colleague.id if giver else None, base_url=base_url)


async def end_sessions(tx: Transaction, staff: StaffId, *, giver: Giver | None) -> int:
    who = await _lock(tx, staff)
    _demand_may_give(giver, before=who.role, after=who.role)
    return await sessions.end_all(tx, staff)


async def drop_second_factor(tx: Transaction, staff: StaffId, *, giver: Giver | None) -> None:
    """For who has lost them: no codes, no passkeys. They are signed out everywhere; the password stays."""
    who = await _lock(tx, staff)
    _demand_may_give(giver, before=who.role, after=who.role)
    if giver is not None:
        sessions.demand_proof(giver.session)
    await totp.turn_off(tx, staff)
    await store_staff.delete_passkeys(tx, staff)
    await sessions.end_all(tx, staff)


async def change_me(
    tx: Transaction, who: Colleague, *, name: str | None, email: str | None, wishes: Wishes | None
) -> Colleague:
    new_email = checked_email(email) if email is not None else who.email
    if store_staff.email_key(new_email) != store_staff.email_key(who.email):
        await store_staff.lock_first(tx)  # nobody takes the address between this look and the write
        if await store_staff.find_by_email(tx, new_email) is not None:
            raise invalid("email", "A colleague has this address already.")
    await store_staff.write_person(
        tx, who.id, name=checked_name(name) if name is not None else who.name, email=new_email,
        wishes=wishes if wishes is not None else who.wishes,
    )  # fmt: skip
    return await get(tx, who.id)


def checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise invalid("name", "A name has 1 to {most} printable characters.", most=NAME_CHARS_MAX)
    return name


def checked_email(email: str) -> str:
    email = email.strip()
    if len(email) > EMAIL_CHARS_MAX or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise invalid("email", "This is no e-mail address; it looks like jo@shop.example.")
    return email


def checked_role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise invalid("role", "A role is one of {known}.", known=", ".join(ROLES))


async def _lock(tx: Transaction, staff: StaffId) -> Colleague:
    known = await store_staff.lock(tx, staff)
    if known is None:
        raise NotFound("There is no colleague {staff}.", staff=staff)
    return known.colleague


def _demand_may_give(giver: Giver | None, *, before: Role | None, after: Role) -> None:
    if giver is None:
        return
    if not may_give(giver.colleague.role, before=before, after=after):
        raise Forbidden("Nobody may give or take a role that may more than their own.")
    if after == "owner" and before != "owner":
        sessions.demand_proof(giver.session)
