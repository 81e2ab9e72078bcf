"""People, privacy proxies and gateways visit one campaign at once, over real HTTP and in real time, and the whole house
is killed among them: the raw numbers and the cleaned ones stand side by side, and segments know only people."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.smtp import SMTP

from flows.house import House, until
from flows.samples import user
from flows.storm import kill

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537"
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
APPLE = "Mozilla/5.0"
DEFENDER = "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; BOIE9;ENUS)"

READER, GMAIL_READER, HURRIED, APPLE_ALONE, APPLE_READER, SCANNED, SWEPT, SWEPT_READER, TOO_QUICK, NOBODY = range(1, 11)
OPENED = {READER, GMAIL_READER, HURRIED, APPLE_READER, SWEPT_READER}
CLICKED = {READER, HURRIED, APPLE_READER, SWEPT_READER}
MACHINE_OPENED = {APPLE_ALONE, APPLE_READER, SWEPT}
MACHINE_CLICKED = {SCANNED, SWEPT, SWEPT_READER, TOO_QUICK}

MESSAGE = {
    "name": "spring",
    "topic": "offers",
    "locales": {
        "en": {
            "email": {
                "subject": "Spring",
                "blocks": [
                    {"kind": "button", "label": f"Offer {n}", "url": f"https://shop.example/{n}"} for n in range(3)
                ],
            }
        }
    },
}


class Letter:
    def __init__(self, content: bytes) -> None:
        body = message_from_bytes(content, policy=policy.default).get_body(("html",))
        assert body is not None
        html: str = body.get_content()
        self.links = [unescape(url) for url in re.findall(r'href="([^"]*/c/[^"]*)"', html)]
        [self.pixel] = [unescape(url) for url in re.findall(r'src="([^"]*/o/[^"]*)"', html)]


class Post:
    """A mail provider in a thread. Whoever is too quick follows a link before the mail is let in."""

    def __init__(self) -> None:
        self.letters: dict[int, Letter] = {}
        self.taken_at = 0.0
        self.quick: list[threading.Thread] = []
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True), "127.0.0.1", 0)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        number = int(envelope.rcpt_tos[0].split("@")[0].removeprefix("p"))
        self.letters[number] = Letter(envelope.content)
        self.taken_at = time.monotonic()
        if number == TOO_QUICK:
            self.quick.append(threading.Thread(target=self._follow_at_once, args=(self.letters[number],)))
            self.quick[-1].start()
        return "250 taken"

    @staticmethod
    def _follow_at_once(letter: Letter) -> None:
        time.sleep(0.7)  # handed over by now, and on record
        fetch(CHROME, letter.links[0])

    def close(self) -> None:
        for thread in self.quick:
            thread.join()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        self._loop.close()


class Live(House):
    """Without the sandbox: time runs, and cannot be moved."""

    def open(self) -> None:
        self.serve()
        admin = self.command("keys", "create", "--name", "tests", "--scope", "admin")["key"]
        self.api.headers["Authorization"] = f"Bearer {admin}"
        self.write_key = self.command("keys", "create", "--name", "shop", "--scope", "write")["key"]
        self.segment.auth = (self.write_key, "")

    def serve(self) -> None:
        command = [sys.executable, "-m", "antiphon", "--data", str(self.data), "serve", "--port", str(self.port)]
        with (self.folder / "serve.log").open("ab") as log:
            self.platform = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment())
        self.wait_until_up()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """The database waits for the disk, as in production: it is to be killed."""
    home = Live(tmp_path / "house", durable=True)
    home.folder.mkdir()
    try:
        home.open()
        yield home
    finally:
        home.close()


@pytest.fixture
def post() -> Iterator[Post]:
    post = Post()
    yield post
    post.close()


def fetch(agent: str, *urls: str, method: str = "GET") -> None:
    """All at once; each is answered, and a link is answered at once."""

    async def all_of_them() -> None:
        async with httpx.AsyncClient(headers={"User-Agent": agent}, timeout=20) as client:
            begun = time.monotonic()
            answers = await asyncio.gather(*(client.request(method, url) for url in urls))
            assert time.monotonic() - begun < 2.5, "nobody is kept waiting"
        for answer in answers:
            assert answer.status_code == (302 if "/c/" in str(answer.url) else 200)

    asyncio.run(all_of_them())


def counts(home: House, campaign: str) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for count in home.get(f"/campaigns/{campaign}")["counts"]:
        if count["channel"] == "email":
            kinds[count["kind"]] += count["n"]
    return kinds


@pytest.mark.timeout(240)
def test_what_people_did_and_what_machines_did_stand_side_by_side(live: Live, post: Post) -> None:
    people = range(READER, NOBODY + 1)
    live.batch([{"type": "identify", "userId": user(n), "traits": {"email": f"p{n}@mail.example"}} for n in people])
    live.post("/segments", {"name": "all", "rule": {"trait": "email", "op": "exists"}})
    rules = {
        "openers": {"message": "opened", "channel": "email", "within": "21d"},
        "clickers": {"message": "clicked", "channel": "email", "within": "21d"},
        "scanned": {"message": "clicked", "channel": "email", "by": "machine"},
    }
    for name, rule in rules.items():
        live.post("/segments", {"name": name, "rule": rule})
    settings = {"host": "127.0.0.1", "port": post.port, "security": "none", "envelope_domain": "bounce.shop.example"}
    live.post("/providers", {"name": "mail", "adapter": "smtp", "settings": settings})
    live.post("/messages", MESSAGE)
    campaign = live.launch(name="spring", message="spring", segment="all", channels=["email"])
    until(lambda: post.letters.keys(), lambda got: got == set(people), within_s=30, what="everybody's mail")
    letters = post.letters

    time.sleep(max(0.0, post.taken_at + 5.5 - time.monotonic()))  # what comes sooner is taken for looking ahead
    fetch(THUNDERBIRD, letters[READER].pixel)
    fetch(GMAIL, letters[GMAIL_READER].pixel)
    fetch(APPLE, letters[APPLE_ALONE].pixel, letters[APPLE_READER].pixel)
    fetch(CHROME, letters[SWEPT].pixel)
    fetch(DEFENDER, *letters[SCANNED].links)
    fetch(CHROME, *letters[SWEPT_READER].links, method="HEAD")
    fetch(CHROME, *letters[SWEPT].links)
    fetch(CHROME, *letters[SWEPT_READER].links)
    fetch(CHROME, letters[READER].links[1])
    fetch(CHROME, letters[HURRIED].links[0])
    time.sleep(0.9)
    fetch(CHROME, letters[HURRIED].links[2])
    fetch(CHROME, letters[APPLE_READER].links[0])
    assert counts(live, campaign)["clicked"] >= len(CLICKED) - 1, "on the screen before it is judged"
    kill(live, "everything")
    until(lambda: counts(live, campaign), lambda n: n["machine_clicked"] == 4, within_s=30, what="sessions to end")
    fetch(CHROME, letters[SWEPT_READER].links[2])

    raw_and_cleaned = {
        "opened": len(OPENED), "clicked": len(CLICKED),
        "machine_opened": len(MACHINE_OPENED), "machine_clicked": len(MACHINE_CLICKED),
    }  # fmt: skip

    def told() -> dict[str, int]:
        found = counts(live, campaign)
        return {kind: found[kind] for kind in raw_and_cleaned}

    until(told, raw_and_cleaned.__eq__, within_s=30, what="the numbers")
    expected = {"openers": OPENED, "clickers": CLICKED, "scanned": MACHINE_CLICKED}

    def members() -> dict[str, set[str]]:
        return {name: live.members(name) for name in expected}

    are = {name: {user(n) for n in numbers} for name, numbers in expected.items()}
    until(members, are.__eq__, within_s=30, what="the segments")
    time.sleep(4)
    assert (told(), members()) == (raw_and_cleaned, are), "and so they stay"
