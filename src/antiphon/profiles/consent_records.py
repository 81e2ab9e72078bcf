"""The records of consent."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles.consent_fold import EVERY, ConsentState, Standing, Wish

Scope = Literal["marketing", "everything"]
"""What an opt-out stops: campaigns, or all but its own confirmation."""
Basis = Literal["consent", "contract", "legitimate_interest", "legal_obligation", "implied"]
Needs = Literal["nothing", "consent", "double_opt_in"]
Reason = Literal["unwanted", "no_consent"]
Why = Literal["stated", "other_channel", "topic", "company"]


class Topic(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of message that a person can want or not. One that nobody wrote down is `Topic(name)`.

    titles, texts   {"en": "Offers"}: for the preference centre
    state           while a person says nothing
    channels        while a person says nothing: these alone, the best first; empty: those of the message
    needs           what must have been said before anything of it is sent
    critical        codes and alerts on it pass wishes, quiet hours and caps
    """

    name: str
    titles: dict[str, str] = {}
    texts: dict[str, str] = {}
    state: Wish = "wanted"
    channels: tuple[str, ...] = ()
    basis: str = "legitimate_interest"
    needs: Needs = "nothing"
    critical: bool = False
    shown: bool = True


class Statement(Struct, frozen=True):
    """What a person said. `*` is every topic or channel; `address`: said for this address of the channel alone.

    until           paused: until then
    expires_at      wanted: counts until then
    limit_count     limited: at most so many in any `limit_s` seconds; None lifts the limit
    at              when it was said; None: now
    """

    topic: str = EVERY
    channel: str = EVERY
    state: ConsentState = "wanted"
    until: datetime | None = None
    expires_at: datetime | None = None
    limit_count: int | None = None
    limit_s: float | None = None
    address: str | None = None
    basis: str = ""
    at: datetime | None = None


class Proof(Struct, frozen=True):
    """How we know. `wording` is exactly what the person read; `who` is the identifier in whose name it was said."""

    method: str
    source: str = ""
    wording: str = ""
    wording_version: str = ""
    language: str = ""
    ip: str = ""
    user_agent: str = ""
    asked_at: datetime | None = None
    confirmed_at: datetime | None = None
    who: Identifier | None = None


class Consent(Struct, frozen=True):
    """A row of the ledger. `who` is the number of the identifier in whose name it was said; 0: the profile itself."""

    id: int
    at: datetime
    recorded_at: datetime
    topic: str
    channel: str
    state: ConsentState
    method: str
    address: str | None = None
    scope: Scope | None = None
    until: datetime | None = None
    expires_at: datetime | None = None
    limit_count: int | None = None
    limit_s: float | None = None
    basis: str = ""
    source: str = ""
    wording: str = ""
    wording_version: str = ""
    language: str = ""
    ip: str = ""
    user_agent: str = ""
    asked_at: datetime | None = None
    confirmed_at: datetime | None = None
    asked_id: int | None = None
    who: int = 0


class Confirmed(Struct, frozen=True):
    """What a double opt-in allows from now on."""

    profile: ProfileId
    topic: str
    channel: str
    address: str


class Asked(Struct, frozen=True):
    """A double opt-in that was asked: `wording` is what was read in `language`, `is_over` that its time has run out."""

    profile: ProfileId
    topic: str
    channel: str
    address: str
    wording: str
    language: str
    is_answered: bool
    is_over: bool


class Effective(Struct, frozen=True):
    """Whether a topic may be sent over a channel now, and why.

    reason          None: it may
    why             what decides: the person's word, the word about other channels of the topic, the topic's default,
                    or the company's (everything is wanted that nobody spoke about)
    by              what the person said, where that decides
    paused_until    not before then
    limits          all that hold here, each for its own key
    """

    reason: Reason | None
    why: Why
    by: Standing | None = None
    paused_until: datetime | None = None
    limits: tuple[Standing, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.reason is None

    @property
    def is_stated(self) -> bool:
        """The person asked for it."""
        return self.reason is None and self.why == "stated"


class Cell(Struct, frozen=True, kw_only=True):
    """One topic on one channel, as a page shows it. `said_at` and `method` are of the statement that decides."""

    topic: str
    channel: str
    state: Wish
    allowed: bool
    reason: Reason | None
    why: Why
    needs: Needs
    by_topic: str | None = None
    by_channel: str | None = None
    address: str | None = None
    said_at: datetime | None = None
    method: str | None = None
    basis: str = ""
    expires_at: datetime | None = None
    paused_until: datetime | None = None
    limit_count: int | None = None
    limit_s: float | None = None
