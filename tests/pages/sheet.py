"""The preference centre as a browser reads it, and what the ledger then holds."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx

from antiphon import profiles
from antiphon.profiles import Cell, Consent
from pages.company import Company

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def cells(company: Company) -> dict[str, Cell]:
    async with company.stage.database.transaction(read_only=True) as tx:
        return {f"{cell.channel}:{cell.topic}": cell for cell in await profiles.grid(tx, company.anna)}


async def allowed(company: Company) -> set[str]:
    return {name for name, cell in (await cells(company)).items() if cell.allowed and cell.topic != "hidden"} & REACH


REACH = {f"{channel}:{topic}" for channel in ("email", "sms", "push") for topic in ("offers", "orders", "recipes")}
ON = {name for name in REACH if not name.endswith("recipes")}


async def ledger(company: Company) -> list[Consent]:
    """The newest first, without the question of the double opt-in."""
    async with company.stage.database.transaction(read_only=True) as tx:
        return [row for row in await profiles.ledger(tx, company.anna) if row.state != "pending"]


class Sheet:
    """The page as a browser without script would send it: every field as it stands."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.form = html.partition('name="act" value="save"')[2].partition("</form>")[0]

    @property
    def on(self) -> set[str]:
        return set(self._inputs("checkbox", "on", checked=True))

    @property
    def boxes(self) -> set[str]:
        return set(self._inputs("checkbox", "on"))

    def chosen(self, name: str) -> list[str]:
        if name == "break":
            return re.findall(r'<option value="([^"]*)" selected', self.form)
        return self._inputs("radio", name, checked=True)

    def fields(self, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "act": "save",
            "topic": re.findall(r'name="topic" value="([^"]*)"', self.form),
            "break": self.chosen("break"),
            "on": sorted(self.on),
            "often": self.chosen("often"),
            "pause": self.chosen("pause"),
            "day": "",
        }
        return given | changes

    @property
    def told(self) -> str:
        found = re.search(r'<div class="note[^>]*>(.*?)</div>', self.html, re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""

    def _inputs(self, kind: str, name: str, *, checked: bool = False) -> list[str]:
        found = re.findall(rf'<input type="{kind}" name="{name}" value="([^"]*)"( checked)?>', self.form)
        return [unescape(value) for value, mark in found if mark or not checked]


async def sheet(client: httpx.AsyncClient, url: str, **headers: str) -> Sheet:
    answer = await client.get(url, headers=headers)
    assert answer.status_code == 200
    return Sheet(answer.text)


async def send(client: httpx.AsyncClient, url: str, fields: dict[str, Any], *, status: int = 200) -> Sheet:
    answer = await client.post(url, data=fields)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    return Sheet(answer.text)
