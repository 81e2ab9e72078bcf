"""What the page of a person says."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from antiphon.profiles import Belonging as AccountOf
from antiphon.profiles.consent_records import Needs, Reason, Scope, Why
from antiphon.profiles.traits_told import TraitView
from antiphon.segments.of_person import InSegment

Claim = Literal["verified", "claimed"]


class MergedNumber(Struct, frozen=True):
    """A number that was merged in: `unmerge` with it parts them again."""

    id: str
    at: datetime
    by: str


class IdentifierView(Struct, frozen=True):
    """`claim` is `verified` or `claimed`. `shared`: so many have it that it says nothing about who somebody is."""

    kind: str
    value: str
    source: str
    first_at: datetime
    seen_at: datetime
    claim: Claim
    verified_at: datetime | None
    shared: bool


class OptOut(Struct, frozen=True):
    scope: Scope
    how: str
    at: datetime


class AddressView(Struct, frozen=True):
    """`state`: unknown, active, soft or dead, as the world taught us. `succeeded_at` is to the day."""

    channel: str
    value: str
    state: str
    opt_out: OptOut | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    mobile_share: float | None


class DeviceView(Struct, frozen=True):
    """A browser or app, by the identifier that it has."""

    kind: str
    value: str
    first_at: datetime
    seen_at: datetime


class Mobile(Struct, frozen=True):
    """Of all opens and clicks that are known, those on a telephone or tablet; `share` is null where there are none."""

    share: float | None
    on_mobile: int
    on_other: int


class CellView(Struct, frozen=True, kw_only=True):
    """One topic on one channel.

    answer      yes, no, not_yet (a consent is missing), paused: what would happen to a message now
    blocked     no_address, dead, opted_out or opted_out_of_marketing: what stands in the way whatever was said
    why         what decides: stated, other_channel, topic, company
    said_by     who wrote it down: a form, a page, a key, `staff:12`
    """

    topic: str
    titles: dict[str, str]
    channel: str
    answer: str
    blocked: str | None
    allowed: bool
    reason: Reason | None
    why: Why
    needs: Needs
    said_at: datetime | None
    said_how: str | None
    said_by: str
    address: str | None
    basis: str
    expires_at: datetime | None
    paused_until: datetime | None
    limit_count: int | None
    limit_s: float | None


class StageView(Struct, frozen=True):
    """Where somebody stands on a ladder. `time_ends_at` as with segments."""

    ladder: str
    stage: str
    segment: str
    since: datetime
    why: str
    time_ends_at: datetime | None


class ChannelFigure(Struct, frozen=True):
    """How likely they answer on a channel: nine of ten people's own shares lie between `low` and `high`.

    `sent` messages of this kind it rests on, of which `answered`. `is_usable`: they can be reached there.
    """

    channel: str
    mean: float
    low: float
    high: float
    sent: int
    answered: int
    is_usable: bool


class BestChannel(Struct, frozen=True):
    """Of a kind of message: campaign, transactional, urgent, code. `best` of the usable channels; null without any.

    `is_known`: it rests on enough of their own answers. Where it is false it is what everybody does, not them.
    """

    kind: str
    best: str | None
    is_known: bool
    channels: list[ChannelFigure]


class EventCount(Struct, frozen=True):
    name: str
    count: int
    first_at: datetime
    last_at: datetime


class Lifecycle(Struct, frozen=True):
    """`events`: of the latest two thousand, the commonest first; `is_whole`: these are all. `last_seen`: to the day."""

    first_seen: datetime
    last_seen: datetime | None
    last_event_at: datetime | None
    events: list[EventCount]
    is_whole: bool


class QuietChannel(Struct, frozen=True):
    """`until`: campaigns wait until then, and why; null where it is not quiet."""

    channel: str
    until: datetime | None
    because: str


class Quiet(Struct, frozen=True):
    """`zones` in which they may live, the company's where nothing is known; `local_times` there now."""

    zones: list[str]
    is_known: bool
    local_times: list[str]
    own_hours: str | None
    channels: list[QuietChannel]


class PersonPage(Struct, frozen=True, kw_only=True):
    """Everything of the page's frame. `duplicates`: how many others may be the same person, 200 at most."""

    id: str
    name: str
    country: str
    created_at: datetime
    numbers: list[MergedNumber]
    identifiers: list[IdentifierView]
    addresses: list[AddressView]
    devices: list[DeviceView]
    mobile: Mobile
    grid: list[CellView]
    segments: list[InSegment]
    stages: list[StageView]
    traits: list[TraitView]
    accounts: list[AccountOf]
    best_channels: list[BestChannel]
    lifecycle: Lifecycle
    duplicates: int
    quiet: Quiet
