"""Who the customers of the week are, what the shop has, and the records of what was said and sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

START = datetime(2026, 5, 4, 6, tzinfo=UTC)
"""A Monday; the Friday is a public holiday in France."""

FIRST = 5_001
PLACES: Sequence[tuple[str, dict[str, str]]] = (
    ("+13052", {"country": "US", "state": "FL"}), ("+12122", {"country": "US", "timezone": "America/New_York"}),
    ("+33613", {"country": "FR"}), ("+33612", {"timezone": "Europe/Paris", "country": "FR"}),
    ("+34612", {"country": "ES"}), ("+447402", {}), ("+919812", {"country": "IN"}), ("+34612", {}),
    ("+14012", {"country": "US", "state": "RI"}), ("+13122", {}),
)  # fmt: skip
"""Beginning of a phone number, and what the customer says of where they live. The rest of the number is theirs."""

TOPICS: Sequence[dict[str, Any]] = (
    {"name": "offers", "basis": "consent", "titles": {"en": "Offers", "es": "Ofertas"}},
    {"name": "newsletter", "needs": "consent", "basis": "consent", "titles": {"en": "News"}},
    {"name": "tips", "needs": "double_opt_in", "basis": "consent", "channels": ["email"]},
    {"name": "statements", "basis": "contract", "channels": ["email"]},
    {"name": "fraud", "critical": True, "basis": "contract", "shown": False},
    {"name": "quiet topic", "state": "unwanted"},
)
SEGMENTS: Sequence[tuple[str, dict[str, Any]]] = (
    ("everybody", {"trait": "circle", "op": "eq", "value": "week"}),
    ("buyers", {"event": "Order Completed", "count": {"op": "gte", "value": 2}}),
    ("gold", {"all": [{"trait": "tier", "op": "eq", "value": "gold"}, {"event": "Product Viewed"}]}),
    ("spenders", {"event": "Order Completed", "sum": {"property": "total", "op": "gte", "value": 60}}),
)
STOPS = ("STOP", "Stop please", "BAJA", "ARRET", "ABMELDEN", "please take me off your list", "СТОП", "STOP offers")
STARTS = ("START", "ALTA", "START offers")
CAP = {"count": 4, "within_s": 3 * 86_400}
QUIET = {"start": "21:00", "end": "08:00"}
CRITICAL_PER_HOUR = 3


SAID = ("topic", "channel", "state", "address", "until", "expires_at", "limit", "basis", "confirmed_at")
"""What a statement is told by."""


@dataclass
class Customer:
    number: int
    prefix: str
    place: dict[str, str]
    has: frozenset[str]
    loner: bool = True
    """Shares nothing with anybody and is in no verdict: may be erased."""
    gone: bool = False

    @property
    def user(self) -> str:
        return f"w{self.number}"

    @property
    def mail(self) -> str:
        return f"week.{self.number:06d}@mail.example"

    @property
    def phone(self) -> str:
        return f"{self.prefix}{self.number:06d}"


@dataclass
class Fact:
    """A call to the event API, `owners` are the customers whom it is about."""

    call: dict[str, Any]
    owners: frozenset[int]
    forgotten: bool = False


@dataclass
class Word:
    """What staff or a person said, as a second installation can be told it."""

    kind: str  # consent, merge, unmerge, sms
    at: datetime
    who: str
    body: dict[str, Any]
    owners: frozenset[int]
    forgotten: bool = False
    known: int = 0
    """How many facts had been told by then."""


@dataclass
class Aim:
    """A message that the shop sends: by its mark, which stands in every text of it."""

    mark: str
    purpose: str
    topic: str
    source: str
    channels: tuple[str, ...]
    to: int | None = None


def marked(name: str, topic: str, mark: str) -> dict[str, Any]:
    """Every form of it names the mark, so that what arrives tells by itself what it is."""
    button = {"kind": "button", "label": "Shop", "url": "https://shop.example/"}
    forms = {
        "email": {"subject": f"{mark} for you", "blocks": [{"kind": "text", "text": mark}, button]},
        "sms": {"text": f"{mark} for you"},
        "push": {"title": f"{mark} for you", "body": mark, "url": "https://shop.example/"},
    }
    return {"name": name, "topic": topic, "locales": {"en": forms}}


def instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
