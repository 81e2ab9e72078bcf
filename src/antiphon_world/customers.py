"""The customers: what they will do, in product time, and doing it over real HTTP and SMS."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import heapq
from collections.abc import Awaitable, Callable, Mapping
from itertools import takewhile
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from antiphon_world.addresses import canonical, person_of, user_id
from antiphon_world.agents import BROWSERS, MACHINE, MAIL_CLIENTS, SCANNER
from antiphon_world.clock import ProductClock
from antiphon_world.draw import draw, pick
from antiphon_world.form import read_form
from antiphon_world.habits import Step, taste_of
from antiphon_world.journal import LOGGED_AS, Journal, rfc3339
from antiphon_world.letter import Letter
from antiphon_world.returned import some_reply
from antiphon_world.visitor import Visitor

TRIES_MAX = 8
BACK_OFF_S = 0.25
BACK_OFF_MAX_S = 15.0
UNDER_WAY_MAX = 500
WAITING_MAX = 1_000_000

PRICES = (9.9, 14.5, 19.9, 24.0, 29.9, 39.0, 49.9, 59.0, 79.9, 99.0, 129.0, 189.0)

TextOut = Callable[[str, str, str | None, str], Awaitable[bool]]
"""Sends an SMS: provider, the customer's number, to whom, text. True once the platform took it."""
MailBack = Callable[[Letter, str, str], Awaitable[bool]]
"""Writes about a mail: what (`bounce complain away reply`), with which words. True once it was taken."""


class _Visit(Struct):
    letter: Letter
    steps: list[Step]
    tries: int = 0


class Customers:
    """Bounded: a million visits wait, 500 are under way; beyond, a reaction is logged as `lost`."""

    def __init__(
        self, seed: int, *, journal: Journal, clock: ProductClock, visitor: Visitor, key: str, user_form: str
    ) -> None:
        self._seed = seed
        self._journal = journal
        self._clock = clock
        self._visitor = visitor
        self._auth = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
        self._user_form = user_form
        self._waiting: list[tuple[float, int, _Visit]] = []
        self._number = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._new = clock.moved
        self.text_out: TextOut | None = None
        self.mail_back: MailBack | None = None

    def expect(self, letter: Letter, chains: list[list[Step]]) -> None:
        for chain in chains:
            if steps := list(takewhile(lambda step: _is_possible(letter, step.do), chain)):
                self._push(_Visit(letter, steps))

    def counts(self) -> dict[str, int | str | None]:
        """`due` counts what is due by product time and not finished; a test polls until it is 0."""
        now = self._clock.now()
        due = sum(1 for at, _, _ in self._waiting if at <= now) + len(self._under_way)
        next_at = rfc3339(self._waiting[0][0]) if self._waiting else None
        return {"pending": len(self._waiting) + len(self._under_way), "due": due, "next_at": next_at}

    async def run(self) -> None:
        while True:
            self._new.clear()
            now = self._clock.now()
            while self._waiting and self._waiting[0][0] <= now and len(self._under_way) < UNDER_WAY_MAX:
                self._start(heapq.heappop(self._waiting)[2])
            await self._sleep()

    async def _sleep(self) -> None:
        """Until something new, a moved clock, room, or the next due time."""
        timeout_s = 3600.0
        if self._waiting and len(self._under_way) < UNDER_WAY_MAX and not self._clock.held:
            timeout_s = min(timeout_s, max(0.001, self._waiting[0][0] - self._clock.now()))
        try:
            async with asyncio.timeout(timeout_s):
                await self._new.wait()
        except TimeoutError:
            return

    def _push(self, visit: _Visit) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self._log("lost", visit.letter, do=visit.steps[0].do, reason="too many reactions wait")
            return
        due = visit.letter.at + visit.steps[0].after_s
        self._number += 1
        heapq.heappush(self._waiting, (due, self._number, visit))
        if self._waiting[0][1] == self._number:
            self._new.set()

    def _start(self, visit: _Visit) -> None:
        task = asyncio.get_running_loop().create_task(self._do(visit))
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._new.set()
        if not task.cancelled() and (error := task.exception()):
            self._journal.write("error", reason=f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _do(self, visit: _Visit) -> None:
        do = visit.steps[0].do
        while not await self.act(visit.letter, do):
            visit.tries += 1
            if visit.tries >= TRIES_MAX:
                self._log("lost", visit.letter, do=do, reason=f"no answer after {TRIES_MAX} tries")
                return
            await asyncio.sleep(min(BACK_OFF_S * 2**visit.tries, BACK_OFF_MAX_S))
        if rest := visit.steps[1:]:
            self._push(_Visit(visit.letter, rest))

    async def act(self, letter: Letter, do: str, *, text: str = "STOP") -> bool:
        """Do it once, now. False when the platform did not take it and it is worth another try."""
        match do:
            case "complain" | "bounce" | "away":
                return await self._write_back(letter, do)
            case "stop":
                return await self._say(letter, text)
            case "reply":
                return await self._say(letter, some_reply(self._seed, canonical(letter.address), letter.nth))
            case "buy":
                return await self._buy(letter)
            case "browse" | "sign_in":
                return await self._visit(letter, do)
            case "prefer":
                return await self._prefer(letter)
            case "unsubscribe":
                return await self._fetch(
                    do, letter, letter.unsubscribe, MAIL_CLIENTS["desk"], body=b"List-Unsubscribe=One-Click"
                )
            case "scan":
                taken = [await self._fetch(do, letter, url, SCANNER) for url in letter.links]
                return all(taken)
        return await self._fetch(do, letter, self._url(letter, do), self._agent(letter, do))

    def _url(self, letter: Letter, do: str) -> str | None:
        if do == "click":
            return (
                pick(letter.links, self._seed, canonical(letter.address), letter.nth, "link") if letter.links else None
            )
        return letter.shown if do == "shown" else letter.pixel

    def _agent(self, letter: Letter, do: str) -> str:
        if do == "machine_open":
            return MACHINE
        person = person_of(letter.address)
        mobile = letter.channel != "email" or taste_of(self._seed, person) == "phone_lover"
        mobile = mobile or draw(self._seed, person, "phone") < 0.4
        return (MAIL_CLIENTS if do == "open" else BROWSERS)["phone" if mobile else "desk"]

    async def _fetch(self, do: str, letter: Letter, url: str | None, agent: str, *, body: bytes = b"") -> bool:
        if url is None:  # nothing to fetch: an open without a pixel happens all the same, and nobody learns of it
            if do in ("open", "shown"):
                self._log(LOGGED_AS[do], letter, url=None)
            return True
        headers = {"User-Agent": agent, "Accept": "*/*"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        status = await self._ask("POST" if body else "GET", url, headers, body)
        if status is None:
            return False
        self._log(LOGGED_AS[do], letter, url=_path(url), status=status)
        return True

    async def _visit(self, letter: Letter, do: str) -> bool:
        """In a browser that the shop has not seen before; signing in says whose it is."""
        who = {"anonymousId": "b" + _digest(self._seed, canonical(letter.address), letter.nth)[:16]}
        if do == "sign_in":
            who |= self._user(letter)
        kind = "identify" if do == "sign_in" else "page"
        said = {"type": kind, "messageId": f"{kind}-{who['anonymousId']}", **who}
        status = await self._tell(f"/v1/{kind}", said | ({"name": "Roasts"} if kind == "page" else {}))
        if status is None:
            return False
        self._log(LOGGED_AS[do], letter, status=status)
        return True

    async def _prefer(self, letter: Letter) -> bool:
        """Turns one box of the preference centre over."""
        agent = {"User-Agent": self._agent(letter, "click"), "Accept": "*/*"}
        url = letter.preferences or ""
        try:
            _, page = await self._visitor.ask("GET", url, agent)
        except (OSError, TimeoutError, ValueError):
            return False
        form = read_form(page.decode("utf-8", "replace"), "save")
        if form is None or not form[1]:
            return True
        box = pick(form[1], self._seed, canonical(letter.address), letter.nth, "box")
        fields = [field for field in form[0] if field != box] + ([] if box in form[0] else [box])
        return await self._fetch("prefer", letter, url, agent["User-Agent"], body=urlencode(fields).encode())

    def _user(self, letter: Letter) -> dict[str, str]:
        person = person_of(letter.address)
        return {"userId": user_id(person, self._user_form)} if person.isdigit() else {}

    async def _tell(self, path: str, said: Mapping[str, object]) -> int | None:
        body = msgspec.json.encode({"timestamp": rfc3339(self._clock.now()), **said})
        headers = {"Authorization": self._auth, "Content-Type": "application/json"}
        return await self._ask("POST", path, headers, body)

    async def _buy(self, letter: Letter) -> bool:
        about = (self._seed, canonical(letter.address), letter.nth, "buy")
        message_id = "w" + _digest(*about)
        person = person_of(letter.address)
        amount = round(pick(PRICES, *about) * pick((1, 1, 1, 2, 3), *about, "n"), 2)
        known = self._user(letter) or {"anonymousId": f"world-{person}"[:200]}
        properties = {
            "order_id": message_id[:13],
            "amount": amount,
            "revenue": amount,
            "total": amount,
            "currency": "EUR",
        }
        track = {"type": "track", "event": "Order Completed", "messageId": message_id, **known}
        status = await self._tell("/v1/track", {**track, "properties": properties})
        if status is None:
            return False
        self._log("bought", letter, amount=amount, message_id=message_id, status=status)
        return True

    async def _write_back(self, letter: Letter, do: str) -> bool:
        """Whoever complains has done so, also where nobody is told of it."""
        done = self.mail_back is None or await self.mail_back(letter, do, "")
        if done and do == "complain":
            self._log("complained", letter)
        return done

    async def _say(self, letter: Letter, text: str) -> bool:
        if letter.channel == "email":
            return self.mail_back is None or await self.mail_back(letter, "reply", text)
        if self.text_out is None or letter.channel != "sms":
            return True
        if not await self.text_out(letter.provider, canonical(letter.address), letter.sender, text):
            return False
        self._log("sms_sent", letter, to=letter.sender, text=text[:160])
        return True

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> int | None:
        """The status, or None when another try is worth it: no answer, or an answer that says "later"."""
        try:
            status, _ = await self._visitor.ask(method, url, headers, body)
        except (OSError, TimeoutError, ValueError):
            return None
        return None if status >= 500 or status == 429 else status

    def _log(self, kind: str, letter: Letter, **more: object) -> None:
        self._journal.write(
            kind,
            channel=letter.channel,
            provider=letter.provider,
            address=letter.address,
            person=user_id(person_of(letter.address), self._user_form),
            nth=letter.nth,
            delivery=letter.delivery,
            **more,
        )


def _is_possible(letter: Letter, do: str) -> bool:
    """Nobody clicks where there is no link, and who did not click does not buy."""
    if do in ("click", "scan"):
        return bool(letter.links)
    needed = {"unsubscribe": letter.unsubscribe, "prefer": letter.preferences, "machine_open": letter.pixel}
    return needed.get(do, "") is not None


def _digest(*about: object) -> str:
    return hashlib.blake2b("|".join(map(str, about)).encode(), digest_size=12).hexdigest()


def _path(url: str) -> str:
    return urlsplit(url).path
