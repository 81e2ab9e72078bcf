"""The web process with colleagues in it who have passwords, and what their browsers say."""

from __future__ import annotations

from typing import Any

import httpx
import pyotp

from access.serving import House
from antiphon import access
from antiphon.access import passwords, totp
from antiphon.access.records import StaffId
from antiphon.kernel import clock

PASSWORD = "tumbler-oak-93-fig"
ANOTHER = "lantern-pear-58-moss"


async def join(
    house: House, email: str = "ada@example.org", *, role: str = "marketer", state: str = "active"
) -> StaffId:
    """A colleague with PASSWORD."""
    staff = await house.colleague(email, role=role, state=state)
    hash = await passwords.make_hash(PASSWORD) if state != "invited" else None
    await house.rows("UPDATE staff SET password = $2 WHERE id = $1", staff, hash)
    return staff


async def came_in(house: House, email: str = "ada@example.org", *, role: str = "marketer") -> httpx.AsyncClient:
    """A new colleague's browser, signed in."""
    await join(house, email, role=role)
    browser = house.client()
    await sign_in(browser, email)
    return browser


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
    answer = await client.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def sign_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD, *, status: int = 200) -> Any:
    return await ask(client, "POST", "/session", {"email": email, "password": password}, status=status)


async def with_codes(client: httpx.AsyncClient) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an app that makes codes; its codes and the recovery codes. The step of now has been used."""
    begun = await ask(client, "POST", "/me/totp")
    app = pyotp.TOTP(begun["secret"])
    done = await ask(client, "PUT", "/me/totp", {"pending": begun["pending"], "code": app.now()})
    return app, done["codes"]


def next_code(app: pyotp.TOTP) -> str:
    """Of the step after this one, which counts already."""
    return app.generate_otp(int(clock.wall()) // totp.STEP_S + 1)


def token(house: House, client: httpx.AsyncClient) -> str:
    return client.cookies.get(access.cookie_name(house.runtime)) or ""
