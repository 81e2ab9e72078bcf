"""A cell is a channel and a kind of message: what people do with a code tells little of what they do with a campaign.

The numbers are in the database: they may be added to, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from antiphon.kernel.records import Purpose

KINDS = ("campaign", "transactional", "urgent", "code")
"""A code is typed in, not tapped. Counted with alerts, it would make the phone look as if nobody looked at it."""

_CHANNELS = ("email", "sms", "push", "voice", "chat")
_KIND_OF = {
    Purpose.CAMPAIGN: "campaign",
    Purpose.REPLY: "transactional",
    Purpose.TRANSACTIONAL: "transactional",
    Purpose.TEST: "transactional",
    Purpose.ALERT: "urgent",
    Purpose.SYSTEM: "urgent",
    Purpose.CODE: "code",
}
KEYS: tuple[str, ...] = tuple(f"{channel}:{kind}" for channel, kind in product(_CHANNELS, KINDS))
"""By the number of the cell: `email:campaign` is 0."""

_NUMBERS = {key: number for number, key in enumerate(KEYS)}
_BY_PURPOSE: Mapping[Purpose, Mapping[str, str]] = {
    purpose: {channel: f"{channel}:{kind}" for channel in _CHANNELS} for purpose, kind in _KIND_OF.items()
}
_SIBLINGS = {
    key: tuple(other for other in KEYS if other != key and other.split(":")[0] == key.split(":")[0]) for key in KEYS
}

_FOR_MANY = {"email": 0.06, "sms": 0.045, "push": 0.05, "voice": 0.01, "chat": 0.05}
_FOR_ONE = {"email": 0.30, "sms": 0.25, "push": 0.20, "voice": 0.05, "chat": 0.20}
_AT_ONCE = {"email": 0.20, "sms": 0.45, "push": 0.50, "voice": 0.10, "chat": 0.30}
_A_CODE = _AT_ONCE | {"sms": 0.60}
DEFAULTS: Mapping[str, float] = {
    f"{channel}:{kind}": share
    for kind, shares in zip(KINDS, (_FOR_MANY, _FOR_ONE, _AT_ONCE, _A_CODE), strict=True)
    for channel, share in shares.items()
}
"""The share of answers that is assumed before anybody has answered: statements by e-mail, alerts on the phone. Only
their order and their distance matter; they are a starting point, not a measurement."""


def kind_of(purpose: Purpose) -> str:
    return _KIND_OF[purpose]


def key_of(channel: str, purpose: Purpose) -> str:
    """`sms:urgent`. Raises KeyError for a channel that there is not."""
    return _BY_PURPOSE[purpose][channel]


def cell_of(channel: str, purpose: Purpose) -> int:
    return _NUMBERS[_BY_PURPOSE[purpose][channel]]


def siblings_of(key: str) -> tuple[str, ...]:
    """The other kinds on the same channel."""
    return _SIBLINGS[key]
