"""The world in one piece: what arrives is counted, logged, and handed to the customer whose address it bears."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict

from msgspec import Struct

from antiphon_world.addresses import canonical, person_of, user_id
from antiphon_world.clock import ProductClock
from antiphon_world.customers import Customers
from antiphon_world.draw import draw
from antiphon_world.faults import Fault, Faults
from antiphon_world.habits import Channel, Habits, plans
from antiphon_world.journal import Journal
from antiphon_world.letter import Letter
from antiphon_world.returned import Original

LAST_MAX = 50_000
TEXT_MAX = 160


class Seen(Struct, frozen=True):
    """What a provider read of a message: the parts of a `Letter` that come from the message."""

    delivery: str | None = None
    links: tuple[str, ...] = ()
    pixel: str | None = None
    unsubscribe: str | None = None
    shown: str | None = None
    sender: str | None = None
    preferences: str | None = None
    original: Original | None = None


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """The fault file: rules for providers and habits of customers."""

    faults: tuple[Fault, ...] = ()
    habits: Habits = Habits()


class World:
    def __init__(
        self, seed: int, *, journal: Journal, clock: ProductClock, customers: Customers, user_form: str
    ) -> None:
        self.seed = seed
        self.journal = journal
        self.clock = clock
        self.customers = customers
        self.script = Script()
        self.faults = Faults(seed)
        self.gone: set[str] = set()
        self.since = time.time()
        self._user_form = user_form
        self._received: Counter[str] = Counter()
        self._tries: Counter[str] = Counter()
        self._last: OrderedDict[tuple[str, str], Letter] = OrderedDict()

    @property
    def habits(self) -> Habits:
        return self.script.habits

    def load(self, script: Script) -> None:
        """Replaces rules and habits; counters of messages stay."""
        self.script = script
        self.faults.load(script.faults)

    def tried(self, address: str) -> int:
        """Counts attempts on an address while there are faults to draw, the refused ones too: from 1."""
        if not self.faults.rules:
            return 0
        name = canonical(address)
        self._tries[name] += 1
        return self._tries[name]

    def received(self, channel: Channel, provider: str, address: str, seen: Seen, **logged: object) -> Letter:
        """Log it, then let the customer plan. Once this returns the provider may say "accepted"."""
        name = canonical(address)
        self._received[name] += 1
        letter = Letter(
            channel, provider, address, self._received[name], self.clock.now(), seen.delivery, seen.links, seen.pixel,
            seen.unsubscribe, seen.shown, seen.sender, seen.preferences, seen.original,
        )  # fmt: skip
        kind = {"email": "mail_received", "sms": "sms_received", "push": "push_received"}[channel]
        self.log(kind, provider, address, channel=channel, delivery=seen.delivery, nth=letter.nth, **logged)
        self._last[channel, name] = letter
        self._last.move_to_end((channel, name))
        if len(self._last) > LAST_MAX:
            self._last.popitem(last=False)
        self.customers.expect(letter, plans(self.seed, self.habits, channel, address, letter.nth))
        return letter

    def log(self, kind: str, provider: str, address: str, **fields: object) -> None:
        person = user_id(person_of(address), self._user_form)
        self.journal.write(kind, provider=provider, address=address, person=person, **fields)

    def last(self, channel: Channel, *, address: str | None = None, person: str | None = None) -> Letter | None:
        """The newest message on this channel to an address, or to any address of a person (a walk over all)."""
        if address is not None:
            return self._last.get((channel, canonical(address)))
        for (of, _), letter in reversed(self._last.items()):
            if of == channel and person_of(letter.address) == person:
                return letter
        return None

    def is_undelivered(self, address: str) -> bool:
        """Operators take the message and report that it could not be delivered: a trait of the address."""
        sure = self.habits.person(address).sms
        if sure is not None:
            return sure == "undelivered"
        return draw(self.seed, canonical(address), "undelivered") < self.habits.rate("undelivered", "sms")
