"""Every page of the app, light and dark, at a desk and on a phone: quiet, accessible, never sideways."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from antiphon import campaigns, content, segments
from pages.stage import MESSAGE
from web.bundle import ROOT
from web.looking import DESKTOP, PHONE, App, axe, sideways

ONE_LOOP = pytest.mark.asyncio(loop_scope="module")
pytestmark = pytest.mark.timeout(300)

ROUTER = (ROOT / "web/src/router.tsx").read_text()
SCREENS = re.findall(r'\bscreen\(\s*"(/[^"]*)"', ROUTER)
DOORS = re.findall(r'\bdoor\(\s*"(/[^"]*)"', ROUTER)
SHOTS = os.environ.get("ANTIPHON_SHOTS")
"""A folder for pictures of all pages, to be looked at by people; none are made without it."""
LOOKS = {
    "light-desktop": ("light", DESKTOP),
    "dark-desktop": ("dark", DESKTOP),
    "light-phone": ("light", PHONE),
    "dark-phone": ("dark", PHONE),
}
EVERYBODY = {"version": 1, "rule": {"trait": "first_name", "op": "exists"}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def looked_at(shared_app: App) -> dict[str, str]:
    """A company with one of everything: what stands for `$segment` and its like in an address."""
    stage = shared_app.stage
    await stage.providers()
    anna = await stage.person("anna")
    await stage.person("ben")
    await segments.create(stage.database, "everybody", EVERYBODY)
    async with stage.database.transaction() as tx:
        await content.create(tx, content.parse(MESSAGE))
        asked = campaigns.NewCampaign("Spring sale", "coupon", "everybody", ["email", "sms"])
        made = await campaigns.make(tx, asked)
        message = await content.find(tx, "coupon")
        segment = await segments.get(tx, "everybody")
    return {
        "$who": str(anna),
        "$segment": str(segment.id),
        "$message": str(message.id),
        "$campaign": str(made.id),
        "$page": "brand",
        "$item": "new",
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_pages(shared_app: App) -> dict[tuple[str, str | None], Any]:
    """One page a look, over all routes: what they have in common is loaded once."""
    return {
        (name, role): await shared_app.open(role=role, scheme=scheme, size=size)
        for name, (scheme, size) in LOOKS.items()
        for role in ("owner", None)
    }


async def look(app: App, page: Any, look: str, path: str) -> None:
    before = len(app.watch.findings)
    await app.go(page, path)
    if SHOTS is not None:
        name = re.sub(r"\W+", "-", path).strip("-") or "home"
        await page.screenshot(path=Path(SHOTS) / f"{name}-{look}.png", full_page=True)
    assert await axe(page) == []
    assert await sideways(page) == 0
    assert app.watch.findings[before:] == []
    assert await page.evaluate("document.title.length") > 0


def test_there_are_pages_to_look_at() -> None:
    assert len(SCREENS) >= 15
    assert len(DOORS) >= 4


@ONE_LOOP
@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("path", SCREENS)
async def test_a_screen(
    path: str,
    name: str,
    shared_app: App,
    looked_at: dict[str, str],
    open_pages: dict[tuple[str, str | None], Any],
) -> None:
    real = re.sub(r"\$\w+", lambda found: looked_at[found[0]], path)
    await look(shared_app, open_pages[name, "owner"], name, real)


@ONE_LOOP
@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("path", [path for path in DOORS if path != "/welcome"])
async def test_a_door(
    path: str,
    name: str,
    shared_app: App,
    looked_at: dict[str, str],
    open_pages: dict[tuple[str, str | None], Any],
) -> None:
    await look(shared_app, open_pages[name, None], name, path)
