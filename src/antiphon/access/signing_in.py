"""Ways in: password, then a code where one is set up; a link; and what is asked for once more before a grave act.

Whether an account exists shows nowhere: not in the words, not in the time, not in the throttle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from antiphon.access import links, passwords, second_factor, sessions, store_staff, throttle, totp
from antiphon.access.records import Colleague, Factor, Opened, Session, StaffId
from antiphon.access.store_second import LinkKind
from antiphon.access.store_staff import Known
from antiphon.kernel import settings
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid, Unauthorised, invalid

NO_COMPANY = settings.Settings().brand_name


class Refused(Unauthorised):
    """The e-mail address or the password is wrong, or nobody with it works here."""

    code = "wrong_sign_in"


class WrongCode(Unauthorised):
    """This code is wrong, or it was used before. Wait for the next one, or take a recovery code."""

    code = "wrong_code"


class Browser(Struct, frozen=True):
    """From where somebody signs in. `client` is such as `Firefox on Linux`."""

    client: str
    address: str


async def sign_in(database: Database, email: str, password: str, *, browser: Browser) -> Opened:
    """A session; `waiting` where a second factor is still to come. Raises Refused, TooOften."""
    about = f"account {store_staff.email_key(email)}"
    guess = await throttle.take_guess(database, about=about, address=browser.address)
    async with database.transaction(read_only=True) as tx:
        known = await store_staff.find_by_email(tx, email)
    hash = known.ways.password if known is not None and known.colleague.state == "active" else None
    if not await passwords.is_right(hash, password) or known is None or hash is None:
        raise Refused
    fresh = await passwords.make_hash(password) if passwords.is_outdated(hash) else None

    async def enter(tx: Transaction) -> Opened:
        await _demand_unchanged(tx, known)
        await throttle.was_right(tx, guess)
        if fresh is not None:
            await store_staff.rehash_password(tx, known.colleague.id, fresh, before=hash)
        return await _open(tx, known.colleague, ["password"], browser)

    return await database.repeat(enter)


async def give_code(database: Database, who: Colleague, session: Session, code: str, *, browser: Browser) -> Opened:
    """The second step: a new session takes the place of the one that waited. Raises WrongCode, TooOften."""
    guess = await throttle.take_guess(database, about=f"code {who.id}", address=browser.address)

    async def enter(tx: Transaction) -> Opened:
        factor = await totp.accept(tx, who.id, code)
        if factor is None:
            raise WrongCode
        await throttle.was_right(tx, guess)
        if not await sessions.end(tx, session):
            raise Unauthorised("This sign-in was finished elsewhere, or took too long. Begin anew.")
        factors: list[Factor] = [*session.factors, factor]
        return await sessions.open_session(tx, who.id, factors, client=browser.client, address=browser.address)

    return await database.repeat(enter)


async def prove(
    database: Database, who: Colleague, session: Session, *, password: str | None, code: str | None
) -> Factor:
    """Before what is grave. The password where there is one, else a code. Raises Invalid, TooOften.

    Counted by session: nobody else can use up these guesses.
    """
    if who.has_password and password is None:
        raise invalid("password", "Your password is needed.")
    if not who.has_password and (code is None or not who.has_totp):
        raise Invalid("You have no password here: sign in anew, or use your passkey.")
    guess = await throttle.take_guess(database, about=f"proof {session.id}", address=None)
    factor = await (
        _proved_by_password(database, who, password or "")
        if who.has_password
        else _proved_by_code(database, who, code or "")
    )
    async with database.transaction() as tx:
        await throttle.was_right(tx, guess)
        await sessions.prove(tx, session, factor)
    return factor


async def _proved_by_password(database: Database, who: Colleague, password: str) -> Factor:
    async with database.transaction(read_only=True) as tx:
        known = await store_staff.find(tx, who.id)
    if not await passwords.is_right(known.ways.password if known else None, password):
        raise invalid("password", "This is not your password.")
    return "password"


async def _proved_by_code(database: Database, who: Colleague, code: str) -> Factor:
    async with database.transaction() as tx:
        factor = await totp.accept(tx, who.id, code)
    if factor is None:
        raise invalid("code", "This code is wrong, or it was used before.")
    return factor


async def follow_link(
    database: Database, token: str, kind: LinkKind, *, password: str, name: str | None, browser: Browser
) -> Opened:
    """Sets the password that was chosen; whoever was signed in as them is no more. Raises BadLink, Invalid."""
    guess = await throttle.take_guess(database, about=None, address=browser.address)
    async with database.transaction() as tx:
        link = await links.find(tx, token)
        if link.kind != kind:
            raise links.BadLink
        await throttle.was_right(tx, guess)
        about = [link.email, name or link.name, await company(tx)]
    await passwords.check(password, about=about)
    hash = await passwords.make_hash(password)

    async def enter(tx: Transaction) -> Opened:
        staff = await links.take(tx, token, kind)
        known = await store_staff.lock(tx, staff)
        if known is None or known.colleague.state == "left":
            raise links.BadLink
        await set_password(tx, staff, hash)
        if name is not None:
            who = known.colleague
            await store_staff.write_person(tx, staff, name=name, email=who.email, wishes=who.wishes)
        return await _open(tx, known.colleague, ["password"], browser)

    return await database.repeat(enter)


async def set_password(tx: Transaction, staff: StaffId, hash: str, *, stays: Session | None = None) -> None:
    """Every other session ends, and every link."""
    await store_staff.write_password(tx, staff, hash)
    await links.end_all(tx, staff)
    await sessions.end_all(tx, staff, except_=stays)


async def company(tx: Transaction) -> str:
    """The name that was set, or nothing."""
    name = (await settings.read(tx)).brand_name
    return "" if name == NO_COMPANY else name


async def _open(tx: Transaction, who: Colleague, factors: Sequence[Factor], browser: Browser) -> Opened:
    await links.sweep(tx)
    await throttle.sweep(tx)
    return await open_after(tx, who, factors, browser)


async def open_after(
    tx: Transaction,
    who: Colleague,
    factors: Sequence[Factor],
    browser: Browser,
    *,
    strong: bool = False,
    proved_at: datetime | None = None,
) -> Opened:
    """A session of who has given these. `strong`: they count as two factors, so that nothing else is asked for."""
    step = None if strong else await second_factor.next_step(tx, who)
    return await sessions.open_session(
        tx,
        who.id,
        factors,
        client=browser.client,
        address=browser.address,
        waiting=step == "give",
        enrolling=step == "enrol",
        proved_at=proved_at,
    )


async def _demand_unchanged(tx: Transaction, known: Known) -> None:
    """Between reading and opening they may have left, or changed the password."""
    now = await store_staff.lock(tx, known.colleague.id)
    if now is None or now.colleague.state != "active" or now.ways.password != known.ways.password:
        raise Refused
