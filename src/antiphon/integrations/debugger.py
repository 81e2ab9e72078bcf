"""The live debugger: what came in last by every door, what became of it, and the way out where it was refused.

Four sources in one list, newest first: calls to `/v1` and webhooks of providers, as this web process took or refused
them; single events that were refused or odd; what people wrote. The last two are in tables: every process knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Literal

from msgspec import Struct

from antiphon import access, channels, profiles
from antiphon.kernel.arrivals import Arrival, arrivals, shown
from antiphon.kernel.arrivals import Kind as Door
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, invalid

Kind = Literal["call", "event", "webhook", "message"]
Outcome = Literal["accepted", "partly", "refused", "forged"]
KINDS: Mapping[Door, Kind] = {"event": "call", "webhook": "webhook"}
"""What comes in by a door of this process."""
RANK: Mapping[Kind, int] = {"call": 0, "event": 1, "webhook": 2, "message": 3}
REFUSED_MAX, WRITTEN_MAX = 1_000, 200
TEXT_CHARS_MAX = 2_000

WAYS_OUT = {
    "forged": "It is not signed as the account says: compare the signing key or the name and password of the webhook "
    "with what the provider shows.",
    "partly": "The refused events stand in this list by themselves.",
    "/v1": "Send it again as docs/reference/events.md says; what was accepted need not be repeated.",
}


class Arrived(Struct, frozen=True):
    """`source`: who sent it, as `api:3` or `provider:2`, and by name. `n`: events or receipts it held. `body`: how it
    began, without what proves who sent it."""

    id: str
    at: datetime
    kind: Kind
    outcome: Outcome
    source: str
    source_name: str
    what: str
    n: int
    errors: list[Flaw]
    way_out: str
    body: str


class Page(Struct, frozen=True):
    items: list[Arrived]
    cursor: str | None


async def read(tx: Transaction, *, kind: Kind | None, q: str, cursor: str | None, limit: int) -> Page:
    """`q`: letters that stand in the body, the source or what is wrong. Raises Invalid for a cursor that is none."""
    after = _key_of(cursor) if cursor is not None else None
    found = [(key, tell) for key, tell in await _all(tx, kind) if after is None or key < after]
    found.sort(key=lambda each: each[0], reverse=True)
    told = (each for each in (tell() for _, tell in found) if _holds(each, q.casefold()))
    page = list(islice(told, limit + 1))
    shown = page[:limit]
    return Page(shown, _cursor(shown[-1]) if len(page) > limit else None)


Found = list[tuple["Key", Callable[[], Arrived]]]
"""Each with its place in the list; to tell it costs more than to find it."""


async def _all(tx: Transaction, kind: Kind | None) -> Found:
    names = {f"provider:{each.id}": each.name for each in await channels.providers(tx)}
    names |= {f"api:{each.id}": each.name for each in await access.list_keys(tx)}
    found: Found = [
        ((each.at, RANK[of], each.number), partial(_arrival, each, of, names))
        for each in await _arrived(tx)
        if (of := KINDS[each.kind]) in (kind or of,)
    ]
    if kind in (None, "event"):
        refused = await profiles.newest_refusals(tx, limit=REFUSED_MAX)
        found += [((each.at, RANK["event"], each.id), partial(_refused, each, names)) for each in refused]
    if kind in (None, "message"):
        written = await channels.newest_inbound(tx, most=WRITTEN_MAX)
        found += [((each.at, RANK["message"], each.id), partial(_written, each, names)) for each in written]
    return found


async def _arrived(tx: Transaction) -> list[Arrival]:
    """Nothing from before somebody was erased: it may speak of them."""
    kept, erased_at = arrivals(tx.database), await profiles.last_erased_at(tx)
    if erased_at is not None:
        kept.forget(erased_at)
    return kept.newest()


def _arrival(each: Arrival, kind: Kind, names: Mapping[str, str]) -> Arrived:
    ways = {"refused": WAYS_OUT["/v1"] if kind == "call" else "", **WAYS_OUT}
    return Arrived(
        id=f"{kind}:{each.number}",
        at=each.at,
        kind=kind,
        outcome=each.outcome,
        source=each.source,
        source_name=names.get(each.source, ""),
        what=each.what,
        n=each.n,
        errors=list(each.errors),
        way_out=ways.get(each.outcome, ""),
        body=shown(each.body),
    )


def _refused(each: profiles.KeptRefusal, names: Mapping[str, str]) -> Arrived:
    return Arrived(
        id=f"event:{each.id}",
        at=each.at,
        kind="event",
        outcome="refused",
        source=each.source,
        source_name=names.get(each.source, ""),
        what="event",
        n=1,
        errors=list(each.flaws),
        way_out=WAYS_OUT["/v1"],
        body=shown(each.excerpt.encode("utf-8", "replace")),
    )


def _written(each: channels.Written, names: Mapping[str, str]) -> Arrived:
    source = f"provider:{each.provider}"
    what = " ".join(filter(None, (each.channel, each.reading, "by a machine" if each.automatic else "")))
    return Arrived(
        id=f"message:{each.id}",
        at=each.at,
        kind="message",
        outcome="accepted",
        source=source,
        source_name=names.get(source, ""),
        what=f"{what}: {each.sender} to {each.recipient}",
        n=1,
        errors=[],
        way_out="",
        body="\n\n".join(filter(None, (each.subject, each.text)))[:TEXT_CHARS_MAX],
    )


def _holds(each: Arrived, folded: str) -> bool:
    if not folded:
        return True
    texts: Iterable[str] = (each.body, each.source, each.source_name, each.what)
    told = (part for flaw in each.errors for part in (flaw.at, flaw.message))
    return any(folded in text.casefold() for text in (*texts, *told))


Key = tuple[datetime, int, int]


def _key(each: Arrived) -> Key:
    return each.at, RANK[each.kind], int(each.id.partition(":")[2])


def _cursor(each: Arrived) -> str:
    at, rank, number = _key(each)
    return f"{at.isoformat()}~{rank}~{number}"


def _key_of(cursor: str) -> Key:
    try:
        at, rank, number = cursor.split("~")
        key = datetime.fromisoformat(at), int(rank), int(number)
        if key[0].tzinfo is None:
            raise ValueError
    except ValueError as error:
        raise invalid("cursor", "It is none that an answer gave.") from error
    return key
