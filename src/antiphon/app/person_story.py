"""One timeline over all that is known of a person: seven sources, each page by page by index, merged by time.

| kind | what | from |
|---|---|---|
| `event` | what they did | profiles |
| `receipt` | opened or clicked a message of ours, by a person or a machine | profiles |
| `message` | what they should learn, with every attempt | orchestration |
| `inbound` | what they wrote | channels |
| `consent` | what they said about being written to | profiles |
| `segment` | entered or left | segments |
| `identity` | was made, or turned out to be one with another number | profiles |

The cursor has a place in each source: nothing is skipped or shown twice, however much happened at one instant.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, get_args

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, Parameter
from msgspec import Struct

from antiphon.app import person_entries as entries
from antiphon.app.person_entries import CHANNELS, Entry, Kind
from antiphon.channels import written_by
from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import get
from antiphon.kernel.records import ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import story as orchestration_story
from antiphon.profiles import asked, consent, store
from antiphon.profiles import story as profiles_story
from antiphon.profiles.consent_fold import EVERY
from antiphon.segments import of_person

Anything = Request[Any, Any, Any]
LIMIT_MAX = 200
SKIP_MAX = 10_000
KINDS: tuple[Kind, ...] = get_args(Kind)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CHANNELLED: tuple[Kind, ...] = ("receipt", "message", "inbound", "consent")


class Timeline(Struct):
    """The newest first. `cursor` is null on the last page."""

    entries: list[Entry]
    cursor: str | None


class Place(Struct, frozen=True, array_like=True):
    """Where a source goes on: microseconds since 1970, and how many of that instant are over, or the number before
    which."""

    at: int | None = None
    n: int = 0

    @property
    def upto(self) -> datetime:
        return FOREVER if self.at is None else _EPOCH + self.at * _MICROSECOND


class Asked(Struct, frozen=True):
    """Whose, and of which channels; None: of all, and of what has none."""

    profile: ProfileId
    channels: frozenset[str] | None
    limit: int


Found = list[tuple[Entry, Place]]
"""Entries, each with the place behind it."""
Source = Callable[[Transaction, Asked, Place], Awaitable[Found]]


@get("/people/{who:str}/timeline", permission="people.read")
async def show_timeline(
    runtime: NamedDependency[Runtime],
    request: Anything,
    who: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, Parameter(ge=1, le=LIMIT_MAX)] = 50,
    kinds: FromQuery[str] = "",
    channels: FromQuery[str] = "",
) -> Timeline:
    """`kinds` and `channels`: joined by commas; all without. With channels, what has none is left out."""
    wanted = _some(kinds, KINDS, at="kinds")
    of = frozenset(_some(channels, CHANNELS, at="channels")) if channels else None
    if of is not None:
        wanted = [kind for kind in wanted if kind in _CHANNELLED]
    places = _read(cursor) if cursor else {}
    async with runtime.database.transaction(read_only=True) as tx:
        return await page(tx, Asked(await asked.person(tx, request), of, limit), wanted, places)


async def page(tx: Transaction, wish: Asked, kinds: Sequence[str], places: Mapping[str, Place]) -> Timeline:
    """Each source tells one page and one entry more; of all of them the newest are shown."""
    found: list[tuple[datetime, int, int, str, Entry, Place]] = []
    for rank, kind in enumerate(KINDS):
        if kind in kinds:
            told = await _SOURCES[kind](tx, wish, places.get(kind, Place()))
            found += [(entry.at, rank, n, kind, entry, place) for n, (entry, place) in enumerate(told)]
    found.sort(key=lambda one: (-((one[0] - _EPOCH) // _MICROSECOND), one[1], one[2]))
    shown = found[: wish.limit]
    behind = dict(places) | {kind: place for _, _, _, kind, _, place in shown}
    return Timeline([one[4] for one in shown], _write(behind) if len(found) > wish.limit else None)


async def _events(tx: Transaction, wish: Asked, place: Place) -> Found:
    found = await profiles_story.events_but(
        tx, wish.profile, entries.OURS, upto=place.upto, skip=place.n, limit=wish.limit + 1
    )
    return _counted([entries.of_event(one) for one in found], place)


async def _receipts(tx: Transaction, wish: Asked, place: Place) -> Found:
    names = [name for name, (_, channel, _) in entries.RECEIPTS.items() if _is_of(wish, channel)]
    found = await profiles_story.events_of(tx, wish.profile, names, upto=place.upto, skip=place.n, limit=wish.limit + 1)
    return _counted([entries.of_receipt(one) for one in found], place)


async def _messages(tx: Transaction, wish: Asked, place: Place) -> Found:
    found = await orchestration_story.told_before(
        tx, wish.profile, before=(place.upto, place.n), channels=wish.channels, limit=wish.limit + 1
    )
    return [(entries.of_message(one), _before(one.created_at, int(one.id))) for one in found]


async def _inbound(tx: Transaction, wish: Asked, place: Place) -> Found:
    places = await profiles_story.places(tx, wish.profile)
    at = [(channel, value) for channel, value in places if _is_of(wish, channel)]
    found = await written_by(tx, at, before=(place.upto, place.n), limit=wish.limit + 1)
    return [(entries.of_inbound(one), _before(one.at, one.id)) for one in found]


async def _consents(tx: Transaction, wish: Asked, place: Place) -> Found:
    """Of some channels: what was said of every channel too. A look goes through a thousand statements at most."""
    found = await consent.ledger(tx, wish.profile, before=(place.upto, place.n), limit=consent.LEDGER_MAX)
    kept = [one for one in found if _is_of(wish, one.channel) or one.channel == EVERY]
    return [(entries.of_consent(one), _before(one.at, one.id)) for one in kept[: wish.limit + 1]]


async def _segments(tx: Transaction, wish: Asked, place: Place) -> Found:
    found = await of_person.moves(tx, wish.profile, upto=place.upto, skip=place.n, limit=wish.limit + 1)
    return _counted([entries.of_move(one) for one in found], place)


async def _identity(tx: Transaction, wish: Asked, place: Place) -> Found:
    """Few: all are read."""
    rows = [entries.of_merge(*row) for row in await store.provenance.numbers(tx, wish.profile)]
    made = await store.listing.rows(tx, [wish.profile], [])
    rows += [entries.of_making(wish.profile, row.created_at) for row in made.values()]
    rows.sort(key=lambda entry: (entry.at, int(entry.id)), reverse=True)
    after = [one for one in rows if (one.at, int(one.id)) < (place.upto, place.n)]
    return [(one, _before(one.at, int(one.id))) for one in after[: wish.limit + 1]]


_SOURCES: dict[str, Source] = {
    "event": _events,
    "receipt": _receipts,
    "message": _messages,
    "inbound": _inbound,
    "consent": _consents,
    "segment": _segments,
    "identity": _identity,
}


def _is_of(wish: Asked, channel: str) -> bool:
    return wish.channels is None or channel in wish.channels


def _before(at: datetime, number: int) -> Place:
    return Place((at - _EPOCH) // _MICROSECOND, number)


def _counted(found: Sequence[Entry], place: Place) -> Found:
    """Of sources whose rows have no number: how many of an instant are over."""
    told: Found = []
    for entry in found:
        at = (entry.at - _EPOCH) // _MICROSECOND
        place = Place(at, place.n + 1 if at == place.at else 1)
        told.append((entry, place))
    return told


def _some(text: str, known: Collection[str], *, at: str) -> list[str]:
    wanted = [word for word in text.split(",") if word] or list(known)
    if strange := [word for word in wanted if word not in known]:
        raise invalid(at, "{strange!r} is not one of {known}.", strange=strange[0][:40], known=", ".join(known))
    return wanted


def _write(places: Mapping[str, Place]) -> str:
    return urlsafe_b64encode(msgspec.json.encode(places)).decode().rstrip("=")


def _read(cursor: str) -> dict[str, Place]:
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        places = msgspec.json.decode(raw, type=dict[Kind, Place])
        uptos = [place.upto for place in places.values()]
    except (ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise invalid("cursor", "It is not a cursor that we gave.") from error
    counted = [place.n for kind, place in places.items() if kind in ("event", "receipt", "segment")]
    if any(not 0 <= place.n < 2**63 for place in places.values()) or any(n > SKIP_MAX for n in counted) or not uptos:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return {str(kind): place for kind, place in places.items()}


routes = [show_timeline]
