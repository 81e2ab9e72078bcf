"""The first owner of a new installation, and the sample colleagues of the sandbox."""

from __future__ import annotations

from antiphon.access import passwords, sessions, store_staff, team
from antiphon.access.records import Opened
from antiphon.access.roles import Role
from antiphon.access.signing_in import Browser, set_password
from antiphon.kernel import settings
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Conflict

SAMPLES: dict[Role, str] = {
    "owner": "Olive Larkin",
    "manager": "Milo Barrow",
    "marketer": "Ines Calder",
    "agent": "Theo Finch",
    "analyst": "Noor Selby",
    "developer": "Sasha Quill",
}
"""Made up, as the company is."""


async def needs_setup(tx: Transaction) -> bool:
    """Whether nobody can sign in yet."""
    return not await store_staff.has_active(tx)


async def set_up(
    database: Database, *, name: str, email: str, password: str, company: str | None, browser: Browser
) -> Opened:
    """The first owner, signed in. Raises Conflict once there is somebody, Invalid."""
    name, email = team.checked_name(name), team.checked_email(email)
    await passwords.check(password, about=[name, email, company or ""])
    async with database.transaction(read_only=True) as tx:
        await _demand_nobody(tx)
    hash = await passwords.make_hash(password)
    async with database.transaction() as tx:
        await store_staff.lock_first(tx)
        await _demand_nobody(tx)
        staff = await store_staff.write_first(tx, email=email, name=name, password=hash, at=wall_datetime())
        await set_password(tx, staff, hash)
        if company is not None and company.strip():
            await settings.write(tx, {"brand_name": company.strip()})
        return await sessions.open_session(tx, staff, ["password"], client=browser.client, address=browser.address)


async def enter_as(tx: Transaction, role: Role, *, browser: Browser) -> Opened:
    """Signed in as the sample colleague of this role, made on the spot. For the sandbox alone."""
    email = f"{role}@larkspur.example"
    staff = await store_staff.write_sample(tx, email=email, name=SAMPLES[role], role=role, at=wall_datetime())
    return await sessions.open_session(tx, staff, [], client=browser.client, address=browser.address)


async def _demand_nobody(tx: Transaction) -> None:
    if not await needs_setup(tx):
        raise Conflict("There are colleagues already: sign in, or ask an owner for an invitation.")
