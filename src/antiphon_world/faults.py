"""The fault script: which provider misbehaves, how, when and for what share.

`from_s` and `for_s` are wall seconds since the script was loaded. Chance is a hash: of the connection for an outage,
of the address for `gone` and `reject_addresses`, else of (address, nth try), so a retry has luck of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from antiphon_world.addresses import canonical, person_of
from antiphon_world.draw import draw

Kind = Literal[
    "outage",
    "throttle",
    "refuse",
    "reject_addresses",
    "gone",
    "slow",
    "drop_after_data",
    "late_receipts",
    "duplicate_receipts",
    "lost_receipts",
    "reordered_receipts",
    "greylist",
    "swallow",
]
OF_ADDRESSES = ("gone", "reject_addresses", "greylist")


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule. `at` is `smtp:0`, `smpp:1`, `mail:0`, `push`, a kind of provider (`smtp`) or `*`.

    `per_s`: a throttle lets this many a second through (without it, `share` is throttled). `delay_s`: of slow answers
    and late receipts, and of greylisting, in product time. `times`: how often a duplicate receipt is sent. `code`: the
    SMTP, SMPP or HTTP status instead of the usual one. `addresses`, `people` and `domains` (`*`: each one for itself)
    narrow the rule; `by_receipt` makes an operator take a message for an unknown address and say so later; `taken`
    false makes `drop_after_data` lose what it was given.
    """

    at: str
    kind: Kind
    share: float = 1.0
    from_s: float = 0.0
    for_s: float | None = None
    per_s: float | None = None
    delay_s: float = 1.0
    times: int = 2
    code: int | None = None
    addresses: tuple[str, ...] = ()
    people: tuple[str | int, ...] = ()
    domains: tuple[str, ...] = ()
    by_receipt: bool = False
    taken: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError("share is 0 to 1")
        if not 1 <= self.times <= 100 or not 0 <= self.delay_s <= 86_400:
            raise ValueError("times is 1 to 100, delay_s 0 to 86400")

    def concerns(self, provider: str) -> bool:
        return self.at in (provider, provider.partition(":")[0], "*")

    def names(self, address: str) -> bool:
        if self.domains and not {"*", domain_of(address)} & set(self.domains):
            return False
        if not self.addresses and not self.people:
            return True
        return canonical(address) in map(canonical, self.addresses) or person_of(address) in map(str, self.people)


class Faults:
    def __init__(self, seed: int, rules: tuple[Fault, ...] = ()) -> None:
        self._seed = seed
        self.changed = asyncio.Event()
        self.load(rules)

    def load(self, rules: tuple[Fault, ...]) -> None:
        self.rules = rules
        self.changed.set()
        self._loaded = time.monotonic()
        self._passed: Counter[tuple[int, str, int]] = Counter()
        self._connections = 0

    def outage(self, provider: str) -> bool:
        """Drawn for each connection."""
        self._connections += 1
        return any(
            draw(self._seed, "outage", self._connections) < rule.share for _, rule in self._now(provider, "outage")
        )

    def down(self, provider: str) -> bool:
        """A whole outage: connections that stand are cut, too."""
        return any(rule.share == 1 for _, rule in self._now(provider, "outage"))

    def strikes(self, provider: str, kind: Kind, *, address: str, nth: int = 0) -> Fault | None:
        """The first rule of this kind that hits this address at its nth try."""
        if not self.rules:
            return None
        about = (canonical(address),) if kind in OF_ADDRESSES else (canonical(address), nth)
        for number, rule in self._now(provider, kind):
            if not rule.names(address) or (rule.per_s is not None and self._has_room(number, rule, address)):
                continue
            if draw(self._seed, kind, number, *about) < rule.share:
                return rule
        return None

    def _now(self, provider: str, kind: Kind) -> Iterator[tuple[int, Fault]]:
        age = time.monotonic() - self._loaded
        for number, rule in enumerate(self.rules):
            ends = float("inf") if rule.for_s is None else rule.from_s + rule.for_s
            if rule.kind == kind and rule.concerns(provider) and rule.from_s <= age < ends:
                yield number, rule

    def _has_room(self, number: int, rule: Fault, address: str) -> bool:
        second, where = int(time.monotonic()), domain_of(address) if rule.domains else ""
        if (number, where, second) not in self._passed:
            self._passed = Counter({key: n for key, n in self._passed.items() if key[2] == second})
        self._passed[number, where, second] += 1
        return self._passed[number, where, second] <= (rule.per_s or 0)


def domain_of(address: str) -> str:
    """Of a mail address, in lower case; else empty."""
    return address.rpartition("@")[2].lower() if "@" in address else ""
