"""The records that cross borders between parts: the product on one screen.

Times are aware datetimes in UTC. Product time, unless the name says `wall`.
"""

from __future__ import annotations

import zlib
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Literal, NewType

from msgspec import Struct

ProfileId = NewType("ProfileId", int)
NotificationId = NewType("NotificationId", int)
DeliveryId = NewType("DeliveryId", int)
SourceId = NewType("SourceId", int)
SegmentId = NewType("SegmentId", int)
MessageId = NewType("MessageId", int)
ProviderId = NewType("ProviderId", int)

BUCKETS = 256


def bucket_of(id: int) -> int:
    """The shard number (0..255): the low eight bits of a profile, notification or delivery id."""
    return id & (BUCKETS - 1)


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    VOICE = "voice"
    CHAT = "chat"


class Purpose(StrEnum):
    CODE = "code"
    ALERT = "alert"
    REPLY = "reply"
    TRANSACTIONAL = "transactional"
    CAMPAIGN = "campaign"
    SYSTEM = "system"
    TEST = "test"


class Lane(IntEnum):
    """Urgency of a delivery; the lowest number is served first."""

    CODE = 0
    ALERT = 1
    REPLY = 2
    TRANSACTIONAL = 3
    CAMPAIGN = 4


FailoverOn = Literal["definite", "silence"]
FailureClass = Literal["address", "message", "optout", "temporary", "policy"]


class Identifier(Struct, frozen=True, order=True):
    """A typed name of a profile. `kind` may be scoped: `email`, `external_id@crm`, `psid@<page>`."""

    kind: str
    value: str


class Event(Struct, frozen=True):
    """This happened to this profile at this time. `profile` is resolved; `counted` is False after `now`."""

    profile: ProfileId
    name: str
    name_id: int
    at: datetime


class ProfileChange(Struct, frozen=True):
    """What changed of a profile.

    `created`, `traits`, `address`, `preference`, `opt_out`, `account`; `merged`: it is whole again after a merge or an
    un-merge, so whatever is known of it is looked at anew. `names` says which traits, channels, topics or accounts.
    """

    profile: ProfileId
    what: Literal["created", "traits", "address", "preference", "opt_out", "account", "merged"]
    names: tuple[str, ...] = ()


class AccountChange(Struct, frozen=True):
    """What an account is has changed: whoever belongs to it is looked at anew, in due work. `names` are its traits.

    One record whatever the number of its people; who comes or goes is a ProfileChange of their own.
    """

    account: str
    names: tuple[str, ...] = ()


class TopicChange(Struct, frozen=True):
    """What holds for a topic while nothing is said has changed: everybody is looked at anew, in due work."""

    topic: str


class Merged(Struct, frozen=True):
    """`alias` turned out to be `profile`: from now on its number leads there. Its events follow in due work; until a
    ProfileChange `merged` says that they have, nothing is decided for the person."""

    alias: ProfileId
    profile: ProfileId


class Unmerged(Struct, frozen=True):
    """`restored` is a person of its own again: it was an alias of `profile`, or was cut out of it and is new."""

    restored: ProfileId
    profile: ProfileId


class Erased(Struct, frozen=True):
    """A person is to be forgotten: every number and every address that they had.

    `keep_counts`: what was sent to them stays as numbers that name nobody.
    """

    profiles: tuple[ProfileId, ...]
    addresses: tuple[tuple[str, str], ...]
    identifiers: tuple[Identifier, ...]
    keep_counts: bool


class SegmentChange(Struct, frozen=True):
    """A profile entered or left a segment at a product time.

    `cause`: happened (something did), time (it passed), rule (a new version), list (by hand); `leaf`: the part of the
    rule that decided, such as `rule.all[0]`.
    """

    segment: SegmentId
    profile: ProfileId
    at: datetime
    entered: bool
    cause: str = ""
    leaf: str = ""


class EmailBody(Struct, frozen=True):
    """`html` and `text` are rendered, with links already tracked. `unsubscribe_url` makes RFC 8058 headers."""

    sender: str
    sender_name: str
    subject: str
    html: str
    text: str
    reply_to: str = ""
    unsubscribe_url: str = ""
    feedback_id: str = ""
    automatic: bool = False
    """It answers what somebody did, without a person's doing: marked so that no machine answers it (RFC 3834)."""


class SmsBody(Struct, frozen=True):
    text: str
    sender: str = ""


class PushBody(Struct, frozen=True):
    """`shown_url` is called by our service worker when the notification is on the screen."""

    title: str
    body: str
    url: str = ""
    shown_url: str = ""


Body = EmailBody | SmsBody | PushBody


class Outgoing(Struct, frozen=True):
    """One rendered message for one address: what an adapter sends. In memory only.

    `token` is our own attempt token (URL-safe, at most 40 characters): it goes wherever the protocol lets a
    late answer find its delivery (Message-ID, ENVID, VERP). `details` belong to the address (push keys).
    `deadline_wall` (seconds since the epoch): not handed over by then, it must not be handed over at all.
    """

    delivery: DeliveryId
    token: str
    to: str
    body: Body
    deadline_wall: float
    details: dict[str, Any] = {}
    expires_at: datetime | None = None


class Accepted(Struct, frozen=True):
    """The provider took it. `provider_message_id` where it gave one that receipts will name; `queue_id` where it gave
    one for whoever reads its log, and nothing else."""

    provider_message_id: str | None = None
    queue_id: str | None = None


class Refused(Struct, frozen=True):
    """The provider said no, for certain. `temporary` may be tried again after `retry_after_s`."""

    failure: FailureClass
    code: str
    detail: str
    retry_after_s: float | None = None


class InDoubt(Struct, frozen=True):
    """Bytes left us and no answer came: it may have been sent."""

    detail: str


class NotSent(Struct, frozen=True):
    """Nothing left us: it may be queued again at once. `late`: its turn did not come in time, as there was too much at
    once or too little of this machine; where others are answered, that says nothing of the provider."""

    detail: str
    late: bool = False


Result = Accepted | Refused | InDoubt | NotSent

ReceiptKind = Literal["accepted", "sent", "delivered", "read", "opened", "clicked", "failed", "expired", "opted_out"]


class Receipt(Struct, frozen=True):
    """What the world said about a delivery, in any order and any number of times.

    Named by `delivery` (our token came back) or by `provider` and `provider_message_id`.
    `at` is product time. `machine` marks opens and clicks that no person made. `device` is where a person opened or
    clicked (`kernel.devices`: mobile, tablet, desktop …); empty where it is not known.
    """

    kind: ReceiptKind
    at: datetime
    delivery: DeliveryId | None = None
    provider: ProviderId | None = None
    provider_message_id: str | None = None
    failure: FailureClass | None = None
    code: str = ""
    machine: bool = False
    link: int | None = None
    device: str = ""


class Inbound(Struct, frozen=True):
    """Somebody wrote to us on a channel. `sender` is an address in the channel's own form (E.164, e-mail).

    What channels read in it: `reading` (opt_out, opt_in, help; None: something else), the only `topic` it is about, the
    `language` where the word has only one, and whether that `changed` anything.
    """

    provider: ProviderId
    channel: Channel
    sender: str
    recipient: str
    text: str
    at: datetime
    reading: Literal["opt_out", "opt_in", "help"] | None = None
    topic: str = ""
    language: str = ""
    changed: bool = False
    subject: str = ""
    message_id: str = ""
    """The channel's own name of it; the same one twice is one message. Empty where it has none."""
    delivery: DeliveryId | None = None
    """What it answers, as far as it says so itself."""
    automatic: bool = False
    """No person wrote it: an absence note, a machine. It is kept and answered by nobody."""


class Cleared(Struct, frozen=True):
    """A delivery that may leave now: made only by `orchestration.clear`, accepted only by `channels.send_many`."""

    delivery: DeliveryId
    lease: int
    provider: ProviderId
    cleared_wall: float


class Count(Struct, frozen=True):
    """`n` of `kind` in the product minute of `at`; `amount` is money where the kind has any."""

    source: SourceId
    channel: str
    variant: str
    kind: str
    at: datetime
    n: int
    amount: float = 0.0


class Halted(Struct, frozen=True):
    """Nothing more of this source is decided until somebody acts: `reason` is a word of the contract."""

    source: SourceId
    reason: str
    because: str


class Reopened(Struct, frozen=True):
    """Something that this source had handed over did not arrive after all: its next channel is being decided."""

    source: SourceId


def directory_bucket(*key: str) -> int:
    """The bucket of a directory row (identifier, opt-out, provider message id …): a hash of its own key."""
    return zlib.crc32("\0".join(key).encode()) & (BUCKETS - 1)
