"""One-time links: an invitation, a new password. Shown to whoever makes them, so that no mail has to be set up first.

The token stands behind `#`: browsers send that to nobody, so it is in no log and no Referer.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from msgspec import Struct

from antiphon.access import store_second as store
from antiphon.access.records import Colleague, StaffId
from antiphon.access.store_second import LinkFor, LinkKind
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, NotFound

LASTS: dict[LinkKind, timedelta] = {"invitation": timedelta(days=7), "password": timedelta(hours=1)}
TOKEN_CHARS_MAX = 100


class BadLink(NotFound):
    """This link is not valid any more: it was used, or it is too old. Ask who gave it to you for a new one."""

    code = "bad_link"


class Made(Struct, frozen=True):
    """A link, to be seen this once."""

    url: str
    kind: LinkKind
    ends_at: datetime


async def make(tx: Transaction, who: Colleague, *, by: StaffId | None, base_url: str) -> Made:
    """An invitation for who has not come yet, else to set a new password; those made before end. `by` None: made on
    the command line. Raises Conflict for who has left."""
    if who.state == "left":
        raise Conflict("{name} has left. Invite them back first.", name=who.name)
    kind: LinkKind = "invitation" if who.state == "invited" else "password"
    at = wall_datetime()
    token = secrets.token_urlsafe(32)
    await store.delete_links(tx, who.id)
    made = Made(f"{base_url}/app/{kind}#{token}", kind, at + LASTS[kind])
    await store.insert_link(tx, who.id, kind, hash=_hash(token), made_by=by, at=at, ends_at=made.ends_at)
    return made


async def find(tx: Transaction, token: str) -> LinkFor:
    """Whom it is for; it stays good. Raises BadLink."""
    found = await store.find_link(tx, _hash(token[:TOKEN_CHARS_MAX]), at=wall_datetime())
    if found is None:
        raise BadLink
    return found


async def take(tx: Transaction, token: str, kind: LinkKind) -> StaffId:
    """Whom it was for: this was its one time. Raises BadLink."""
    found = await store.take_link(tx, _hash(token[:TOKEN_CHARS_MAX]), kind=kind, at=wall_datetime())
    if found is None:
        raise BadLink
    return found


async def end_all(tx: Transaction, staff: StaffId) -> None:
    await store.delete_links(tx, staff)


async def sweep(tx: Transaction) -> None:
    await store.sweep_links(tx, at=wall_datetime())


def _hash(token: str) -> bytes:
    # 256 random bits: one round of SHA-256 is enough.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
