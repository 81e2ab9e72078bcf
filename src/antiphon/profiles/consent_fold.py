"""What holds now, from all that was said: pure.

A statement is about a topic, a channel and perhaps one address; `*` is every topic or channel. Three things stand side
by side for each of these keys: a wish (wanted or unwanted), a pause and a limit. Statements are taken in the order in
which they were said (`at`, then `id`), whatever the order in which we heard of them. For each:

- The last word about a key counts.
- A broad wish replaces the narrower ones that it covers, but saying yes takes no consent back: a `wanted` leaves
  narrower consents standing, and without a basis of its own it keeps the basis of the `wanted` before it.
- `unset` takes back the wish and the narrower ones.
- A pause replaces the one of its key, and the narrower ones that end sooner. `resumed` ends it and the narrower ones;
  under a broader pause it makes an exception.
- A limit replaces the one of its key: a broad and a narrow limit both hold. Without a count it lifts it and the
  narrower ones.
- `pending` (asked, not yet answered) changes nothing, nor does what belongs to an address itself (`scope`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

EVERY = "*"
RESUMED = datetime(1970, 1, 1, tzinfo=UTC)
"""`paused_until` of what goes on under a broader pause: an exception."""
Wish = Literal["wanted", "unwanted"]
ConsentState = Literal["wanted", "unwanted", "unset", "paused", "resumed", "limited", "pending"]
Key = tuple[str, str, str]
"""Topic, channel, address (empty: any)."""


class Said(Struct, frozen=True):
    """What the fold reads of a row of the ledger."""

    id: int
    at: datetime
    topic: str
    channel: str
    state: ConsentState
    address: str = ""
    until: datetime | None = None
    expires_at: datetime | None = None
    limit_count: int | None = None
    limit_s: float | None = None
    basis: str = ""
    confirmed: bool = False
    scope: str | None = None
    who: int = 0


class Standing(Struct, frozen=True):
    """What stands for one key. `expires_at`: a `wanted` counts until then. `consent_id` is the statement behind it."""

    topic: str
    channel: str
    state: Wish | None = None
    address: str = ""
    basis: str = ""
    confirmed: bool = False
    expires_at: datetime | None = None
    paused_until: datetime | None = None
    limit_count: int | None = None
    limit_s: float | None = None
    changed_at: datetime | None = None
    consent_id: int = 0

    @property
    def key(self) -> Key:
        return self.topic, self.channel, self.address

    @property
    def is_empty(self) -> bool:
        return self.state is None and self.paused_until is None and self.limit_count is None

    def is_over(self, at: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= at

    def covers(self, topic: str, channel: str, address: str) -> bool:
        return _covers(self.key, (topic, channel, address))


def fold(said: Iterable[Said], since: Iterable[Standing] = ()) -> list[Standing]:
    """What stands, sorted by key. `since` is what stood before these, which must all be later."""
    rows = {row.key: row for row in since}
    for statement in sorted(said, key=lambda each: (each.at, each.id)):
        if statement.scope is None:
            _STEPS[statement.state](rows, statement)
    return [rows[key] for key in sorted(rows) if not rows[key].is_empty]


Rows = dict[Key, Standing]


def _wish(rows: Rows, said: Said) -> None:
    for key in _narrower(rows, said):
        if said.state == "unwanted" or rows[key].state == "unwanted" or rows[key].basis != "consent":
            rows[key] = _without_wish(rows[key])
    before = _row(rows, said)
    row = replace(
        before,
        state="wanted" if said.state == "wanted" else "unwanted",
        basis=said.basis,
        confirmed=said.confirmed,
        expires_at=said.expires_at if said.state == "wanted" else None,
        changed_at=said.at,
        consent_id=said.id,
    )
    if said.state == "wanted" == before.state and not said.basis and before.basis and not before.is_over(said.at):
        row = replace(row, basis=before.basis, confirmed=before.confirmed, expires_at=before.expires_at)
    rows[row.key] = row


def _unset(rows: Rows, said: Said) -> None:
    for key in [*_narrower(rows, said), _key(said)]:
        if key in rows:
            rows[key] = _without_wish(rows[key])


def _pause(rows: Rows, said: Said) -> None:
    assert said.until is not None
    for key in _narrower(rows, said):
        until = rows[key].paused_until
        if until is not None and until <= said.until:
            rows[key] = replace(rows[key], paused_until=None)
    _keep(rows, replace(_row(rows, said), paused_until=said.until), said)


def _resume(rows: Rows, said: Said) -> None:
    for key in _narrower(rows, said):
        rows[key] = replace(rows[key], paused_until=None)
    key = _key(said)
    is_exception = any(_covers(other, key) and rows[other].paused_until is not None for other in rows if other != key)
    _keep(rows, replace(_row(rows, said), paused_until=RESUMED if is_exception else None), said)


def _limit(rows: Rows, said: Said) -> None:
    if said.limit_count is None:
        for key in _narrower(rows, said):
            rows[key] = replace(rows[key], limit_count=None, limit_s=None)
    _keep(rows, replace(_row(rows, said), limit_count=said.limit_count, limit_s=said.limit_s), said)


def _nothing(_rows: Rows, _said: Said) -> None:
    """Asked and not answered."""


_STEPS = {
    "wanted": _wish,
    "unwanted": _wish,
    "unset": _unset,
    "paused": _pause,
    "resumed": _resume,
    "limited": _limit,
    "pending": _nothing,
}


def _key(said: Said) -> Key:
    return said.topic, said.channel, said.address


def _covers(broad: Key, narrow: Key) -> bool:
    return (
        broad[0] in (EVERY, narrow[0])
        and broad[1] in (EVERY, narrow[1])
        and broad[2] in ("", narrow[2])
    )  # fmt: skip


def _narrower(rows: Rows, said: Said) -> list[Key]:
    key = _key(said)
    return [other for other in rows if other != key and _covers(key, other)]


def _row(rows: Rows, said: Said) -> Standing:
    return rows.get(_key(said)) or Standing(said.topic, said.channel, address=said.address)


def _keep(rows: Rows, row: Standing, said: Said) -> None:
    """A pause or a limit; the statement behind a wish stays the one that said it."""
    rows[row.key] = replace(row, changed_at=said.at, consent_id=row.consent_id if row.state else said.id)


def _without_wish(row: Standing) -> Standing:
    return replace(row, state=None, basis="", confirmed=False, expires_at=None)
