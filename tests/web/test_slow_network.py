"""What a slow line has to carry for each main screen: how much, how often, and how often one after the other.

Nothing is timed here: bench/browser.py says how long it takes. With 1.6 Mbit/s and 150 ms a trip, a screen that is
there within 1.5 s may cost four trips one after the other, and 130 kB in 40 requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from antiphon import campaigns, content, segments
from pages.stage import MESSAGE
from web.looking import App

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
EVERYBODY = {"version": 1, "rule": {"trait": "first_name", "op": "exists"}}
DELAY_MS = 150
TRIPS_MAX, BYTES_MAX, REQUESTS_MAX, ASKED_MAX = 4, 130_000, 40, 6
SCREENS = {
    "home": "/",
    "people": "/people",
    "person": "/people/{who}",
    "segments": "/segments",
    "builder": "/segments/new",
    "messages": "/messages",
    "composer": "/messages/{message}",
    "campaigns": "/campaigns",
    "plan": "/campaigns/{draft}/plan",
    "live": "/campaigns/{live}",
    "settings": "/settings/brand",
    "providers": "/settings/providers",
    "team": "/settings/team",
    "account": "/me",
    "world": "/world",
}


@dataclass
class Line:
    """What went over it, by the browser's own record (CDP): address, start and end in s, bytes as compressed."""

    begun: dict[str, tuple[str, float]] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    carried: list[tuple[str, float, float, int]] = field(default_factory=list)

    async def follow(self, page: Any) -> None:
        cdp = await page.context.new_cdp_session(page)
        cdp.on("Network.requestWillBeSent", self._begin)
        cdp.on("Network.requestServedFromCache", lambda said: self.cached.add(said["requestId"]))
        cdp.on("Network.responseReceived", self._respond)
        cdp.on("Network.loadingFinished", self._end)
        await cdp.send("Network.enable")
        slow = {"offline": False, "latency": DELAY_MS, "downloadThroughput": -1, "uploadThroughput": -1}
        await cdp.send("Network.emulateNetworkConditions", slow)

    def _begin(self, said: dict[str, Any]) -> None:
        if said["request"]["url"].startswith("http"):
            self.begun[said["requestId"]] = said["request"]["url"], said["timestamp"]

    def _respond(self, said: dict[str, Any]) -> None:
        if said["response"].get("fromDiskCache"):
            self.cached.add(said["requestId"])

    def _end(self, said: dict[str, Any]) -> None:
        if said["requestId"] in self.begun and said["requestId"] not in self.cached:
            url, start = self.begun[said["requestId"]]
            self.carried.append((url, start, said["timestamp"], int(said["encodedDataLength"])))

    def trips(self) -> list[str]:
        """The longest chain in which each began after the one before had ended: documents and answers of the API."""
        chains: list[tuple[float, list[str]]] = []
        for url, start, end, _ in sorted(self.carried, key=lambda one: one[1]):
            if "/assets/" not in url:
                before = max((chain for ended, chain in chains if ended <= start), key=len, default=[])
                chains.append((end, [*before, url]))
        return max((chain for _, chain in chains), key=len)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ids(shared_app: App) -> dict[str, str]:
    stage = shared_app.stage
    await stage.providers()
    who = await stage.person("anna")
    await segments.create(stage.database, "everybody", EVERYBODY)
    async with stage.database.transaction() as tx:
        message = await content.create(tx, content.parse(MESSAGE))
        made = {}
        for name in ("draft", "live"):
            asked = campaigns.NewCampaign(name, "coupon", "everybody", ["email", "sms"], recall_s=0)
            made[name] = str((await campaigns.make(tx, asked)).id)
        await campaigns.launch(tx, await campaigns.find(tx, "live"))
    return {"who": str(who), "message": str(message.id), **made}


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_screen_asks_for_little_and_seldom(shared_app: App, ids: dict[str, str], screen: str) -> None:
    """The shell was loaded before, as it is for whoever comes every day; the screen itself was not."""
    page = await shared_app.open()
    await page.goto("/app/sign-in?next=/nowhere")
    await page.get_by_role("heading", name="There is nothing here").wait_for()
    line = Line()
    await line.follow(page)
    await shared_app.go(page, SCREENS[screen].format(**ids))
    asked = [url for url, *_ in line.carried if "/api/" in url]
    trips = line.trips()
    print(f"\n{screen}: {sum(n for *_, n in line.carried):,} bytes, {len(line.carried)} requests, {len(asked)} asked")
    print("\n".join(f"  {url.split('/', 3)[3][:90]}" for url in trips))
    assert len(trips) <= TRIPS_MAX, trips
    assert len(asked) <= ASKED_MAX, asked
    assert len(line.carried) <= REQUESTS_MAX
    assert sum(n for *_, n in line.carried) <= BYTES_MAX, sorted(line.carried, key=lambda one: -one[3])[:5]
