"""A week in the life of a shop: who its customers are, what they and the staff do day by day, and what was said of it.

Everything goes in by public doors. `Week` keeps a record of each call that a second installation can be told again,
and of the wall time by which each was acknowledged; it reads no table to decide anything.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from antiphon_world.webpush import subscription
from flows.cast import FIRST, PLACES, SAID, START, Aim, Customer, Fact, Word, instant, marked
from flows.house import House, answered, until
from flows.samples import SEED
from flows.witness import Witness


@dataclass
class Week:
    home: House
    people: int
    seed: int = 1
    now: datetime = START
    facts: list[Fact] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    aims: dict[str, Aim] = field(default_factory=dict)
    erased: list[tuple[float, float, Customer]] = field(default_factory=list)
    """Wall time of the acknowledgement, wall time of coming back (infinity: never), who."""
    refused_urgent: int = 0
    did: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        self.cast = [self._customer(FIRST + n) for n in range(self.people)]
        self.witness = Witness(self.home)
        self.merged: list[tuple[Customer, Customer]] = []
        self._links: dict[int, str] = {}

    def _customer(self, number: int) -> Customer:
        prefix, place = PLACES[number % len(PLACES)]
        has = {kind for kind, share in (("mail", 0.9), ("phone", 0.85), ("push", 0.3), ("crm", 0.3)) if self._by(share)}
        return Customer(number, prefix, place, frozenset(has or {"mail"}))

    def _by(self, share: float) -> bool:
        return self.draw.random() < share

    def count(self, what: str) -> None:
        self.did[what] = self.did.get(what, 0) + 1

    # time

    def go(self, to: datetime) -> None:
        self.now, self._in_second = to, 0
        self.home.post("/sandbox/clock", {"set": to.isoformat()})

    def tick(self) -> None:
        """A second later: whoever speaks again speaks after what they said."""
        self.go(self.now + timedelta(seconds=1))

    def rest(self) -> None:
        self.home.settle()
        self.witness.look(self.now)

    # facts

    def tell(self, type: str, owners: Sequence[Customer], *, at: datetime | None = None, **call: Any) -> None:
        at = at or self.now - timedelta(seconds=len(self.facts) % 50, milliseconds=len(self.facts) % 997)
        whole = {"type": type, "messageId": f"week-{len(self.facts)}", "timestamp": at.isoformat(), **call}
        self.facts.append(Fact(whole, frozenset(each.number for each in owners)))
        self._batch.append(whole)

    _batch: list[dict[str, Any]] = field(default_factory=list)
    _in_second: int = 0
    _taken: set[str] = field(default_factory=set)

    def flush(self) -> None:
        batch, self._batch = self._batch, []
        self.draw.shuffle(batch)
        self.home.batch(batch)

    def traits_of(self, each: Customer) -> dict[str, Any]:
        traits: dict[str, Any] = {"circle": "week", "tier": self.draw.choice(("gold", "silver", "free")), **each.place}
        if "mail" in each.has:
            traits["email"] = each.mail
        if "phone" in each.has:
            traits["phone"] = each.phone
        if "push" in each.has:
            name = f"{each.number:06d}"
            traits["webpush"] = {
                "endpoint": f"{self.home.world_url}/push/{name}",
                "keys": subscription(SEED, name).keys,
            }
        return traits

    def register(self, each: Customer) -> None:
        context = {"externalIds": [{"type": "crm", "id": f"k{each.number}"}]} if "crm" in each.has else {}
        self.tell("identify", [each], userId=each.user, traits=self.traits_of(each), context=context)

    def browse(self, each: Customer) -> None:
        """Anonymous for a while, known in the end: by app, web or not at all."""
        n = self.draw.randrange(1_000_000)
        anonymous, device, known = f"web-{each.number}-{n}", f"phone-{each.number}", self._by(0.7)
        for product in range(self.draw.randrange(1, 3)):
            looked: dict[str, Any] = {
                "anonymousId": anonymous,
                "event": "Product Viewed",
                "properties": {"product": product},
            }
            self.tell("track", [each] if known else [], **looked)
        if known:
            self.tell("identify", [each], userId=each.user, anonymousId=anonymous, traits={"last_seen": n})
        if self._by(0.4):
            context = {"device": {"id": device}, "timezone": each.place.get("timezone", "")}
            self.tell("track", [each], userId=each.user, event="App Opened", context=context)

    def buy(self, each: Customer) -> None:
        total = self.draw.randrange(5, 60)
        self.tell("track", [each], userId=each.user, event="Order Completed", properties={"total": total})

    def kiosk(self, visitors: Sequence[Customer]) -> None:
        """A tablet in the shop: everybody's."""
        for each in visitors:
            each.loner = False
            self.tell("track", [each], userId=each.user, event="Kiosk", context={"device": {"id": "kiosk-1"}})

    def family(self, one: Customer, other: Customer, kind: str) -> None:
        one.loner = other.loner = False
        value = one.mail if kind == "email" else one.phone
        self.tell("identify", [one, other], userId=other.user, traits={kind: value})

    def recycle(self, old: Customer, new: Customer) -> None:
        """The operator gave the number away: half a year of silence lies between."""
        old.loner = new.loner = False
        number = f"+44740{7_000_000 + old.number}"
        long_ago = START - timedelta(days=300)
        self.tell("identify", [old], at=long_ago, userId=old.user, traits={"phone": number})
        self.tell("identify", [new], userId=new.user, traits={"phone": number})

    def same_mail_in_crm(self, one: Customer) -> None:
        """The customer-care system knows the address, too: a merge by rule."""
        one.loner = False
        other = f"care-{one.number}"
        context = {"externalIds": [{"type": "care", "id": other}]}
        self.tell("track", [one], anonymousId=f"call-{one.number}", event="Called", context=context)
        later = {**context, "traits": {"email": one.mail}}
        self.tell("track", [one], anonymousId=f"call-{one.number}", event="Called", context=later)

    # words

    def says(self, each: Customer, **body: Any) -> None:
        """In the ledger, with its proof; the first in a second through the shorter door. No two at one instant."""
        who, said_at = f"external_id:{each.user}", self.now - timedelta(milliseconds=self._in_second)
        if self._in_second == 0 and not body.keys() & {"basis", "confirmed_at", "address"}:
            self.home.put(f"/profiles/{who}/preferences", body)
        else:
            self.home.post(f"/profiles/{who}/consents", {"at": said_at.isoformat(), **body})
        self._in_second += 1
        self.words.append(Word("consent", said_at, who, body, frozenset({each.number})))
        self.witness.acknowledged()
        self.count(body["state"])

    def note(self, each: Customer, *methods: str) -> None:
        """What came of a text or a page, as the person's ledger shows it: for whoever tells it again."""
        who, since = f"external_id:{each.user}", instant(self.now - timedelta(seconds=3))  # a worker follows the clock
        for row in reversed(self.home.get(f"/profiles/{who}/consents", limit=20)["consents"]):
            if row["method"] not in methods or row["id"] in self._taken or row["recorded_at"] < since:
                continue
            self._taken.add(row["id"])
            owners, at = frozenset({each.number}), datetime.fromisoformat(row["at"].replace("Z", "+00:00"))
            if "scope" not in row:
                self.words.append(Word("consent", at, who, {n: row[n] for n in SAID if n in row}, owners))
            elif row["channel"] == "sms":
                text = "STOP" if row["state"] == "unwanted" else "START"
                body = {"address": row["address"], "do": "stop", "text": text, "to": "Antiphon"}
                self.words.append(Word("sms", at, who, body, owners))

    def some_word(self, each: Customer) -> None:
        topic = self.draw.choice(("offers", "offers", "newsletter", "statements", "*", "tips", "quiet topic"))
        channel = self.draw.choice(("email", "sms", "*", "*", "push"))
        match self.draw.randrange(10):
            case 0 | 1:
                self.says(each, topic=topic, channel=channel, state="wanted")
            case 2:
                self.says(each, topic=topic, channel=channel, state="unwanted")
            case 3:
                self.says(each, topic=topic, channel=channel, state="unset")
            case 4:
                hours = self.draw.choice((6, 30, 80))
                until = (self.now + timedelta(hours=hours)).isoformat()
                self.says(each, topic=topic, channel=channel, state="paused", until=until)
            case 5:
                self.says(each, topic=topic, channel=channel, state="resumed")
            case 6:
                limit = {"count": self.draw.choice((1, 2)), "within": self.draw.choice(("1d", "2d"))}
                self.says(each, topic=topic, channel=channel, state="limited", limit=limit)
            case 7:
                ends = (self.now + timedelta(hours=self.draw.choice((20, 50)))).isoformat()
                given = {"basis": "consent", "expires_at": ends}
                self.says(each, topic="newsletter", channel="*", state="wanted", **given)
            case _:
                self.says(each, topic="newsletter", channel="*", state="wanted", basis="consent")

    def texts(self, each: Customer, text: str) -> None:
        if "phone" not in each.has or each.gone:
            return
        body = {"address": each.phone, "do": "stop", "text": text, "to": "Antiphon"}
        until(  # while the operator's window is full of receipts, a text waits
            lambda: self.home.outside.post("/world/act", json=body).status_code,
            {200}.__contains__,
            within_s=10,
            what="the text to be taken",
        )
        self.witness.acknowledged()
        self.note(each, "stop_keyword")
        self.count("texted")

    def acts(self, each: Customer, do: str) -> None:
        """On the newest message, if there is any."""
        done = self.home.outside.post("/world/act", json={"address": each.mail, "do": do})
        self.witness.acknowledged()
        if done.status_code == 200:
            self.count(do)

    def visits_centre(self, each: Customer, act: str) -> None:
        url = self.home.post(f"/profiles/external_id:{each.user}/preferences-link")["url"]
        form = {"act": act, "topic": "offers", "break": "none", "often": "week", "pause": "none", "on": "email:offers"}
        answer = httpx.post(url, data=form, timeout=20)
        assert answer.status_code == 200, answer.text
        self.witness.acknowledged()
        self.note(each, "page")
        self.count(f"centre {act}")

    def asks_tips(self, each: Customer, *, confirms: bool) -> None:
        """A sign-up for what needs a double opt-in."""
        if "mail" not in each.has or each.gone:
            return
        body = {"topic": "tips", "channel": "email", **({"message": "question"} if each.loner else {})}
        path = f"/profiles/email:{each.mail}/double-opt-in"
        asked = self.home.post(path, body)
        if confirms:
            answer = httpx.post(asked["confirm_url"], timeout=20)
            assert answer.status_code == 200, answer.text
            told = {"topic": "tips", "channel": "email", "state": "wanted", "basis": "consent", "address": each.mail}
            proof = {**told, "confirmed_at": self.now.isoformat()}
            self.words.append(Word("consent", self.now, f"email:{each.mail}", proof, frozenset({each.number})))
        self.witness.acknowledged()
        self.count("double opt-in")

    # staff

    def merge(self, one: Customer, other: Customer) -> None:
        one.loner = other.loner = False
        who, body = f"external_id:{one.user}", {"with": f"external_id:{other.user}"}
        self.home.post(f"/profiles/{who}/merge", body)
        self.words.append(
            Word("merge", self.now, who, body, frozenset({one.number, other.number}), known=len(self.facts))
        )
        self.merged.append((one, other))
        self.count("merged")

    def unmerge(self, one: Customer, other: Customer) -> None:
        who, body = f"external_id:{one.user}", {"identifiers": [f"external_id:{other.user}"]}
        self.home.post(f"/profiles/{who}/unmerge", body)
        self.words.append(
            Word("unmerge", self.now, who, body, frozenset({one.number, other.number}), known=len(self.facts))
        )
        self.count("unmerged")

    def erase(self, each: Customer, *, keep_counts: bool) -> None:
        params = {"keep_counts": str(keep_counts).lower()}
        answered(self.home.api.delete(f"/profiles/external_id:{each.user}", params=params))
        each.gone = True
        self.erased.append((time.time(), float("inf"), each))
        for fact in self.facts:
            fact.forgotten = fact.forgotten or each.number in fact.owners
        for word in self.words:
            word.forgotten = word.forgotten or each.number in word.owners
        self.count("erased")

    def comes_back(self, each: Customer) -> None:
        wall, _, _ = next(entry for entry in self.erased if entry[2] is each)
        self.erased[[entry[2] for entry in self.erased].index(each)] = (wall, time.time(), each)
        each.gone = False
        self.register(each)
        self.flush()
        self.count("came back")

    # messages

    def campaign(self, name: str, topic: str, segment: str, channels: Sequence[str], *, pilot: float = 0) -> str:
        mark = f"Mark{len(self.aims):04d}"
        self.home.post("/messages", marked(f"message {mark}", topic, mark))
        body: dict[str, Any] = {"pilot": {"share": pilot}} if pilot else {}
        number = self.home.launch(
            name=name, message=f"message {mark}", segment=segment, channels=list(channels), topic=topic, **body
        )
        self.aims[mark] = Aim(mark, "campaign", topic, name, tuple(channels))
        return number

    def send(self, each: Customer, purpose: str, topic: str) -> None:
        if each.gone:
            return
        mark = f"Mark{len(self.aims):04d}"
        to = {"kind": "external_id", "value": each.user}
        call = {"message": "by api", "to": to, "purpose": purpose, "topic": topic, "idempotency_key": mark}
        answer = self.home.api.post("/send", json={**call, "variables": {"mark": mark}})
        if answer.status_code == 429:
            self.refused_urgent += 1
            return
        assert answer.status_code == 202, answer.text
        self.aims[mark] = Aim(mark, purpose, topic, mark, ("email", "sms", "push"), each.number)
