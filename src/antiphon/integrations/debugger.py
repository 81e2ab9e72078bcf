"""The live debugger: what came in last by every door, what became of it, and the way out where it was refused.

Four sources in one list, newest first: calls to `/v1` and webhooks of providers, as this web process took or refused
them; single events that were refused or odd; what people wrote. The last two are in tables: every process knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from antiphon import access, channels, profiles
from antiphon.kernel.arrivals import Arrival, arrivals, shown
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, invalid

Kind = Literal["call", "event", "webhook", "message"]
Outcome = Literal["accepted", "partly", "refused", "forged"]
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
    found = [each for each in await _all(tx) if kind in (None, each.kind) and _holds(each, q.casefold())]
    found.sort(key=_key, reverse=True)
    rest = [each for each in found if after is None or _key(each) < after]
    page = rest[:limit]
    return Page(page, _cursor(page[-1]) if len(rest) > limit else None)


async def _all(tx: Transaction) -> list[Arrived]:
    names = {f"provider:{each.id}": each.name for each in await channels.providers(tx)}
    names |= {f"api:{each.id}": each.name for each in await access.list_keys(tx)}
    found = [_arrival(each, names) for each in arrivals(tx.database).newest()]
    found += [_refused(each, names) for each in await profiles.newest_refusals(tx, limit=REFUSED_MAX)]
    found += [_written(each, names) for each in await channels.newest_inbound(tx, most=WRITTEN_MAX)]
    return found


def _arrival(each: Arrival, names: Mapping[str, str]) -> Arrived:
    kind: Kind = "call" if each.kind == "event" else "webhook"
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
