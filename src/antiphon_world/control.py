"""The world's own HTTP: what it is doing, new faults and habits, and customers who act on request."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from antiphon_world.addresses import canonical
from antiphon_world.customers import Customers
from antiphon_world.journal import rfc3339
from antiphon_world.letter import Letter
from antiphon_world.mailapi import MailApi, verification_key
from antiphon_world.visitor import Visitor
from antiphon_world.web import Answer, Request, as_json
from antiphon_world.webpush import subscription
from antiphon_world.world import Script, World

CHANNELS = {
    "stop": ("sms",),
    "reply": ("sms",),
    "open": ("email",),
    "unsubscribe": ("email",),
    "complain": ("email",),
    "bounce": ("email",),
    "away": ("email",),
    "prefer": ("email",),
    "browse": ("email", "sms", "push"),
    "sign_in": ("email", "sms", "push"),
    "shown": ("push",),
    "click": ("email", "sms", "push"),
    "buy": ("email", "sms", "push"),
}


class Act(Struct, frozen=True, forbid_unknown_fields=True):
    """`person` is a number; `channel` narrows, and makes mails of `stop` and `reply`, which have `text` and `to`."""

    do: Literal[
        "stop", "reply", "open", "unsubscribe", "complain", "prefer", "shown", "click", "browse", "sign_in", "buy",
        "gone", "back", "bounce", "away",
    ]  # fmt: skip
    person: str | int | None = None
    address: str | None = None
    channel: Literal["email", "sms", "push"] | None = None
    text: str | None = None
    to: str | None = None


class Lead(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a provider is to call: its path at the platform."""

    at: str
    url: str


class Control:
    """Routes under `/world/`. `describe` answers for the providers."""

    def __init__(self, world: World, *, people: int, visitor: Visitor) -> None:
        self._world = world
        self.visitor = visitor
        self._people = people
        self._customers: Customers = world.customers
        self.providers: list[Any] = []  # Any: the front doors of the three kinds of provider

    async def handle(self, request: Request) -> Answer:
        try:
            return await self._route(request)
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
            return as_json({"error": str(error)}, 400)

    async def _route(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/world/state":
                return as_json(self._state())
            case "GET", "/world/waiting":
                return as_json(await self._waiting())
            case "GET", "/world/log":
                lines, after = self._world.journal.since(int(request.query.get("since", "0")))
                return as_json({"lines": lines, "next": after})
            case "POST", "/world/faults":
                self._world.load(msgspec.json.decode(request.body, type=Script))
                return as_json(self._world.script)
            case "POST", "/world/webhooks":
                return self._lead(msgspec.json.decode(request.body, type=Lead))
            case "GET", "/world/webhook-key":
                return as_json({"key": verification_key(self._world.seed)})
            case "POST", "/world/act":
                return await self._act(msgspec.json.decode(request.body, type=Act))
        if request.method == "GET" and request.path.startswith("/world/subscription/"):
            return self._subscription(request)
        return as_json({"error": f"there is no {request.method} {request.path} here"}, 404)

    async def _waiting(self) -> dict[str, object]:
        """Asks the platform's clock first: a jump that was answered before this request is seen."""
        await self._world.clock.poll()
        receipts = sum(provider.outbox.kept for provider in self.providers if hasattr(provider, "outbox"))
        return {**self._customers.counts(), "receipts": receipts, "product": rfc3339(self._world.clock.now())}

    def _state(self) -> dict[str, object]:
        clock = self._world.clock
        return {
            "seed": self._world.seed,
            "people": self._people,
            "since": rfc3339(self._world.since),
            "clock": {
                "product": rfc3339(clock.now()),
                "held": clock.held,
                "source": "product" if clock.answered else "wall",
            },
            "providers": {provider.name: dict(provider.counts) for provider in self.providers},
            "counts": dict(self._world.journal.counts),
            "reactions": self._customers.counts(),
            "script": self._world.script,
        }

    def _lead(self, lead: Lead) -> Answer:
        api = next((each for each in self.providers if each.name == lead.at and isinstance(each, MailApi)), None)
        if api is None:
            return as_json({"error": f"there is no provider {lead.at} that calls anybody"}, 404)
        api.outbox.lead(self.visitor, lead.url)
        return as_json({"key": verification_key(self._world.seed)})

    def _subscription(self, request: Request) -> Answer:
        name = request.path.rpartition("/")[2]
        endpoint = f"http://{request.headers.get('host', '127.0.0.1')}/push/{name}"
        return as_json({"endpoint": endpoint, "keys": subscription(self._world.seed, name).keys})

    async def _act(self, act: Act) -> Answer:
        if act.person is None and act.address is None:
            return as_json({"error": "say who: person or address"}, 400)
        if act.do in ("gone", "back"):
            return self._push_goes(act)
        letter = self._letter(act)
        if letter is None:
            return as_json({"error": f"nothing reached them that they could {act.do}"}, 404)
        if act.to is not None:
            letter = msgspec.structs.replace(letter, sender=act.to)
        do = "stop" if act.do == "reply" else act.do
        done = await self._customers.act(letter, do, text=act.text or "STOP")
        return as_json({"done": done, "address": letter.address}, 200 if done else 502)

    def _letter(self, act: Act) -> Letter | None:
        """What they act on: the newest message. A phone can write to `to` without having received anything."""
        channels = CHANNELS[act.do] if act.channel is None else (act.channel,)
        person = None if act.person is None else str(act.person)
        found = [self._world.last(channel, address=act.address, person=person) for channel in channels]  # type: ignore[arg-type]  # str of the table above
        letters = [letter for letter in found if letter is not None]
        if letters:
            return max(letters, key=lambda letter: letter.at)
        if act.do in ("stop", "reply") and act.address and act.to:
            provider = next((p.name for p in self.providers if p.name.startswith("smpp")), "smpp:0")
            return Letter("sms", provider, canonical(act.address), 0, self._world.clock.now())
        return None

    def _push_goes(self, act: Act) -> Answer:
        """The device was replaced, or came back."""
        name = canonical(act.address) if act.address is not None else str(int(str(act.person)))
        if act.do == "gone":
            self._world.gone.add(name)
        else:
            self._world.gone.discard(name)
        self._world.log(f"push_{act.do}", "push", act.address or f"/push/{int(name):06d}")
        return as_json({"done": True, "address": name})
