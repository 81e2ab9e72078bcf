"""Colleagues who come in by the door and go out by it, each test watched for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from access.staffed import PASSWORD
from antiphon.access import passwords
from antiphon.access.records import StaffId
from web.bundle import ROOT
from web.looking import DESKTOP, PHONE, App, Watch

MODULE = pytest.mark.asyncio(loop_scope="module")
expect: Any = pytest.importorskip("playwright.async_api").expect
WORDS = ROOT / "src/antiphon/kernel/i18n"
NO_OFFER = """if (!localStorage.getItem('offers')) delete PublicKeyCredential.isConditionalMediationAvailable"""
LOOKS = [("light", DESKTOP), ("dark", PHONE)]


@contextmanager
def watched(app: App, *allowed: str, host: str = "") -> Iterator[App]:
    """What its pages say is judged for itself. `host`: another of this machine's names; passkeys want `localhost`."""
    url = app.url.replace("127.0.0.1", host) if host else app.url
    one = replace(app, url=url, watch=Watch(urlsplit(url).netloc, [f"status of {status}" for status in allowed]))
    yield one
    assert one.watch.findings == []


async def member(app: App, email: str, role: str = "marketer", password: str = PASSWORD) -> StaffId:
    """A colleague who signs in with a password, and has nothing else."""
    hash = await passwords.make_hash(password)
    async with app.stage.database.transaction() as tx:
        rows = await tx.rows(
            "INSERT INTO staff (email, email_key, name, role, state, password, created_at)"
            " VALUES ($1, $1, $2, $3, 'active', $4, $5) RETURNING id",
            email,
            email.partition("@")[0].title(),
            role,
            hash,
            tx.now,
        )
    return StaffId(rows[0]["id"])


async def came_in(app: App, email: str, path: str = "/", **look: Any) -> Any:
    """A page of theirs, by the door."""
    page = await app.open(f"/sign-in?next={quote(path)}", role=None, **look)
    await sign_in(page, email)
    await page.wait_for_url(f"**/app{path}")
    await app.settled(page)
    return page


async def sign_in(page: Any, email: str, password: str = PASSWORD) -> None:
    await page.get_by_role("textbox", name="E-mail address").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def sign_out(page: Any) -> None:
    await page.locator("button[popovertarget=account]").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/app/sign-in")


async def age_proofs(app: App) -> None:
    await app.stage.database.pool.execute("UPDATE staff_session SET proved_at = proved_at - interval '1 hour'")
