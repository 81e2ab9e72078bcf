"""What customers do with a message: rates, tastes and latencies in, a plan of timed steps out."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon_world.addresses import canonical, person_of
from antiphon_world.draw import draw, exponential

Channel = Literal["email", "sms", "push"]
Do = Literal[
    "machine_open",
    "scan",
    "shown",
    "open",
    "click",
    "buy",
    "unsubscribe",
    "stop",
    "complain",
    "browse",
    "sign_in",
    "prefer",
    "reply",
    "away",
    "bounce",
]
Rate = float | dict[str, float]

# What a share of people likes: factors on the rates of each channel and on buying. Divided by their mean in the
# population (`_MEAN`), so that the rates of the script are what the whole population shows.
TASTES: dict[str, tuple[float, dict[str, float]]] = {
    "mail_lover": (0.30, {"email": 1.6, "sms": 0.5, "push": 0.6, "buy": 1.0}),
    "phone_lover": (0.35, {"email": 0.6, "sms": 1.5, "push": 1.5, "buy": 1.0}),
    "deal_hunter": (0.15, {"email": 1.2, "sms": 1.2, "push": 1.1, "buy": 1.6}),
    "silent": (0.20, {"email": 0.4, "sms": 0.4, "push": 0.4, "buy": 0.5}),
}
_MEAN = {what: sum(share * by[what] for share, by in TASTES.values()) for what in ("email", "sms", "push", "buy")}

RATES: dict[str, dict[str, float]] = {
    "open": {"email": 0.35},
    "click": {"email": 0.20, "sms": 0.14, "push": 0.10},
    "buy": {"email": 0.30, "sms": 0.30, "push": 0.30},
    "unsubscribe": {"email": 0.002},
    "stop": {"sms": 0.004},
    "complain": {"email": 0.0005},
    "prefer": {"email": 0.0},
    "browse": {},
    "shown": {"push": 0.97},
    "undelivered": {"sms": 0.0},
    "machine_open": {"email": 0.0},
    "scanner": {"email": 0.0},
    "reply": {},
    "away": {"email": 0.0},
    "dead": {"email": 0.0},
    "full": {"email": 0.0},
}
LATENCIES_S: dict[str, dict[str, float]] = {
    "open": {"email": 1800.0},
    "click": {"email": 40.0, "sms": 300.0, "push": 120.0},
    "buy": {"email": 420.0, "sms": 420.0, "push": 420.0},
    "unsubscribe": {"email": 2400.0},
    "stop": {"sms": 600.0},
    "complain": {"email": 3600.0},
    "prefer": {"email": 900.0},
    "browse": {"email": 60.0, "sms": 60.0, "push": 60.0},
    "shown": {"push": 2.0},
    "machine_open": {"email": 20.0},
    "scan": {"email": 5.0},
    "reply": {"email": 3600.0, "sms": 900.0},
    "away": {"email": 10.0},
    "bounce": {"email": 120.0},
}


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """What one person does, certain instead of drawn. Push: `silent` takes it and never shows it."""

    opens: bool | None = None
    clicks: bool | None = None
    buys: bool | None = None
    unsubscribes: bool | None = None
    stops: bool | None = None
    complains: bool | None = None
    prefers: bool | None = None
    browses: bool | None = None
    replies: bool | None = None
    away: bool | None = None
    email: Literal["unknown", "dead", "full"] | None = None
    sms: Literal["unknown", "undelivered", "silent"] | None = None
    push: Literal["gone", "silent", "shown"] | None = None


class Habits(Struct, frozen=True, forbid_unknown_fields=True):
    """Rates of all messages, but `click` by mail of those who opened and `buy` of those who clicked.

    `browse` is of those who clicked: they look around in a browser that nobody knows yet, and sign in to buy.
    `prefer` changes something in the preference centre. `shown` is of pushes; `scanner` and `undelivered` are shares
    of addresses. `reply` is of mails and SMS, `away` of mails; `dead` of mail addresses, `full` of mails: taken, and
    returned later. `latency_scale` multiplies every latency; `latency_s` replaces means (`{"open": {"email": 60}}`).
    `people` by number or by address.
    """

    open: Rate | None = None
    click: Rate | None = None
    buy: Rate | None = None
    unsubscribe: Rate | None = None
    stop: Rate | None = None
    complain: Rate | None = None
    prefer: Rate | None = None
    browse: Rate | None = None
    shown: Rate | None = None
    undelivered: Rate | None = None
    machine_open: Rate | None = None
    scanner: Rate | None = None
    reply: Rate | None = None
    away: Rate | None = None
    dead: Rate | None = None
    full: Rate | None = None
    latency_scale: float = 1.0
    latency_s: dict[str, Rate] = {}
    people: dict[str, Person] = {}

    def rate(self, what: str, channel: str) -> float:
        return _of(getattr(self, what), channel, RATES[what].get(channel, 0.0))

    def mean_s(self, what: str, channel: str) -> float:
        default = LATENCIES_S[what].get(channel, 60.0)
        return self.latency_scale * _of(self.latency_s.get(what), channel, default)

    def person(self, address: str) -> Person:
        if not self.people:
            return _ANYBODY
        for name in (address, canonical(address), person_of(address)):
            if name in self.people:
                return self.people[name]
        return _ANYBODY


class Step(Struct, frozen=True):
    """Something a customer does, so many seconds of product time after the message arrived."""

    do: Do
    after_s: float


_ANYBODY = Person()


def _of(given: Rate | None, channel: str, default: float) -> float:
    if isinstance(given, dict):
        return given.get(channel, default)
    return default if given is None else float(given)


def taste_of(seed: int, person: str) -> str:
    at = draw(seed, "taste", person)
    for name, (share, _) in TASTES.items():
        if at < share:
            return name
        at -= share
    return "silent"


class Reader:
    """One person with one message before them."""

    def __init__(self, seed: int, habits: Habits, channel: Channel, address: str, nth: int) -> None:
        self.habits = habits
        self.channel = channel
        self.sure = habits.person(address)
        self._about = (seed, canonical(address), nth)
        self._likes = TASTES[taste_of(seed, person_of(address))][1]

    def does(self, what: str, sure: bool | None, *, taste: str | None = None) -> bool:
        if sure is not None:
            return sure
        likes = self._likes[taste] / _MEAN[taste] if taste else 1.0
        return draw(*self._about, what) < self.habits.rate(what, self.channel) * likes

    def returns(self) -> bool:
        """No letter box, or no room in it: the mail comes back, and nobody reads it."""
        if self.sure.email is not None:
            return True
        return is_dead(self.habits, self._about[0], self._about[1]) or self.does("full", None)

    def wait_s(self, what: str) -> float:
        return exponential(self.habits.mean_s(what, self.channel), *self._about, what, "wait")


def is_dead(habits: Habits, seed: int, address: str) -> bool:
    """A trait of the address."""
    if (sure := habits.person(address).email) is not None:
        return sure == "dead"
    return draw(seed, canonical(address), "dead") < habits.rate("dead", "email")


def plans(seed: int, habits: Habits, channel: Channel, address: str, nth: int) -> list[list[Step]]:
    """What comes of the nth message to this address: chains of steps, each chain in the order of its steps."""
    reader = Reader(seed, habits, channel, address, nth)
    if channel == "email" and reader.returns():
        return [[Step("bounce", reader.wait_s("bounce"))]]
    chains = {"email": _mail, "sms": _sms, "push": _push}[channel](reader)
    if channel == "email" and draw(seed, canonical(address), "scanner") < habits.rate("scanner", channel):
        chains.append([Step("scan", reader.wait_s("scan"))])
    return [chain for chain in chains if chain]


def _mail(reader: Reader) -> list[list[Step]]:
    sure: dict[Do, bool | None] = {
        "machine_open": None,
        "unsubscribe": reader.sure.unsubscribes,
        "complain": reader.sure.complains,
        "prefer": reader.sure.prefers,
        "reply": reader.sure.replies,
        "away": reader.sure.away,
    }
    chains = [[Step(do, reader.wait_s(do))] for do in sure if reader.does(do, sure[do])]
    if reader.does("open", reader.sure.opens, taste="email"):
        opened = Step("open", reader.wait_s("open"))
        chains.append([opened, *_click(reader, opened.after_s, taste=None)])
    return chains


def _sms(reader: Reader) -> list[list[Step]]:
    if reader.sure.sms is not None:
        return []
    stops = [Step("stop", reader.wait_s("stop"))] if reader.does("stop", reader.sure.stops) else []
    replies = [Step("reply", reader.wait_s("reply"))] if reader.does("reply", reader.sure.replies) else []
    return [stops, replies, _click(reader, 0.0, taste="sms")]


def _push(reader: Reader) -> list[list[Step]]:
    sure = None if reader.sure.push is None else reader.sure.push == "shown"
    if not reader.does("shown", sure):
        return []
    shown = Step("shown", reader.wait_s("shown"))
    return [[shown, *_click(reader, shown.after_s, taste="push")]]


def _click(reader: Reader, since_s: float, *, taste: str | None) -> list[Step]:
    if not reader.does("click", reader.sure.clicks, taste=taste):
        return []
    steps = [Step("click", since_s + reader.wait_s("click"))]
    browses = reader.does("browse", reader.sure.browses)
    if browses:
        steps.append(Step("browse", steps[-1].after_s + reader.wait_s("browse")))
    if reader.does("buy", reader.sure.buys, taste="buy"):
        at = steps[-1].after_s + reader.wait_s("buy")
        steps += [Step("sign_in", at), Step("buy", at)] if browses else [Step("buy", at)]
    return steps
