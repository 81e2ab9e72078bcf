"""The records of this part."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from antiphon.kernel.records import Identifier, ProfileId

PreferenceState = Literal["wanted", "unwanted", "unset"]
Mode = Literal["upsert", "create", "update"]


class Subscription(Identifier, frozen=True):
    """A browser's push subscription (W3C Push API): `value` is the endpoint, the keys encrypt for it (RFC 8291)."""

    p256dh: str
    auth: str


class AccountFact(Struct, frozen=True):
    """What somebody belongs to, and what that is: `traits` are the account's own, None where nothing is said of it."""

    key: str
    traits: dict[str, Any] | None = None


class Fact(Struct, frozen=True):
    """What somebody told us: a track (`event` is set) or an identify, with who it is about.

    source      "api:<key id>", "import", "antiphon" …: message ids are unique per source
    at          event time, any date from year 1 to 9999
    who         whoever the strongest leads to; what is free of the others is attached, all are linked
    properties  the text of a JSON object
    traits      merged over the profile's; None removes
    device      what the device said of itself, such as its time zone: traits that count from the day on
    account     a company, a household, a club that they belong to
    """

    source: str
    message_id: str
    at: datetime
    who: tuple[Identifier, ...] = ()
    event: str | None = None
    properties: str | None = None
    traits: dict[str, Any] | None = None
    account: AccountFact | None = None
    device: dict[str, str] | None = None


class Recorded(Struct, frozen=True):
    """`profiles` has one entry per fact, in order.

    An entry is None only for an update of somebody unknown, or for a repeated message that names nobody we know.
    `skipped` facts did not fit the mode: their message ids stay unused. `conflicts` counts identifiers that stayed
    with another profile.
    """

    new: int
    repeated: int
    profiles: tuple[ProfileId | None, ...]
    skipped: int = 0
    conflicts: int = 0


class Address(Struct, frozen=True):
    """Where a profile can be reached. `state` is what the world taught us, `opted_out` what a person said.

    `succeeded_at` (to the day) and `failed_at` are the last; `on_mobile` and `on_other` count opens and clicks.
    """

    channel: str
    value: str
    state: Literal["unknown", "active", "soft", "dead"]
    opted_out: bool
    details: dict[str, Any] = {}
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    on_mobile: int = 0
    on_other: int = 0


class Preference(Struct, frozen=True, omit_defaults=True):
    """`*` is every topic or channel; `address` is set where it was said for that address alone."""

    topic: str
    channel: str
    state: Literal["wanted", "unwanted"]
    address: str | None = None


class Belonging(Struct, frozen=True):
    """An account that somebody belongs to, with what it is, since the earliest time we heard of."""

    key: str
    traits: dict[str, Any]
    since: datetime


class Profile(Struct, frozen=True):
    """`accounts`: the one joined last stands first."""

    id: ProfileId
    created_at: datetime
    traits: dict[str, Any]
    identifiers: list[Identifier]
    addresses: list[Address]
    preferences: list[Preference]
    accounts: list[Belonging] = []


class RecordedEvent(Struct, frozen=True):
    at: datetime
    name: str
    received_at: datetime
    properties: dict[str, Any] | None = None
