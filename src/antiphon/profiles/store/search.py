"""Finding people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles.question import Span, Term, upto
from antiphon.profiles.store.base import queries

_IDENTIFIERS_LOOKED_AT = 50


class Candidate(NamedTuple):
    """Where somebody stands in the order of the look; whether everything applies and they did not come before."""

    text: str
    id: int
    profile: ProfileId
    fits: bool


async def keep_words(tx: Transaction, words: Mapping[ProfileId, Collection[str]]) -> None:
    if words:
        pairs = [(profile, word) for profile, theirs in words.items() for word in theirs]
        await queries.run(
            tx,
            "keep_words",
            whole=sorted(words),
            profiles=[profile for profile, _ in pairs],
            words=[word for _, word in pairs],
        )


async def find_values(tx: Transaction, values: Sequence[str], *, limit: int) -> list[ProfileId]:
    rows = await queries.rows(tx, "find_values", values=list(values), limit=limit)
    return [row["profile_id"] for row in rows]


async def find_beginnings(tx: Transaction, spans: Sequence[Span], *, limit: int) -> list[ProfileId]:
    rows = await queries.rows(tx, "find_beginnings", **_columns(spans), limit=limit)
    return [row["profile_id"] for row in rows]


async def count_bearers(tx: Transaction, spans: Sequence[tuple[bool, Span]], *, bound: int) -> list[int]:
    """Each span is one of names or, where False, of identifiers."""
    named = [named for named, _ in spans]
    rows = await queries.rows(tx, "count_bearers", **_columns([span for _, span in spans]), named=named, bound=bound)
    return [row["bearers"] for row in rows]


async def scan_words(
    tx: Transaction, prefix: str, word: str, after: int, *, others: Sequence[Term], scan: int
) -> list[Candidate]:
    span = upto(prefix)
    rows = await queries.rows(
        tx, "scan_words", low=span.low, high=span.high, word=word, after=after, scan=scan, **_terms(others)
    )
    return _candidates(rows)


async def scan_values(
    tx: Transaction, leader: Term, text: str, after: int, *, others: Sequence[Term], scan: int
) -> list[Candidate]:
    ahead = [Span(max(span.low, text), span.high) for span in leader.values if span.high > text]
    name = upto(leader.word) if leader.word else Span("", "")
    rows = await queries.rows(
        tx,
        "scan_values",
        lows_ahead=[span.low for span in ahead],
        highs_ahead=[span.high for span in ahead],
        lows_of=[span.low for span in leader.values],
        highs_of=[span.high for span in leader.values],
        word=name.low,
        high=name.high,
        text=text,
        after=after,
        scan=scan,
        **_terms(others),
    )
    return _candidates(rows)


async def name_people(
    tx: Transaction, ids: Sequence[ProfileId], keys: Sequence[str]
) -> dict[ProfileId, dict[str, Any]]:
    rows = await queries.rows(tx, "name_people", ids=list(ids), keys=list(keys))
    return {row["id"]: row["traits"] or {} for row in rows}


async def some_identifiers(tx: Transaction, ids: Sequence[ProfileId]) -> dict[ProfileId, dict[int, Identifier]]:
    """By their numbers."""
    found: dict[ProfileId, dict[int, Identifier]] = {}
    for row in await queries.rows(tx, "some_identifiers", ids=list(ids), limit=_IDENTIFIERS_LOOKED_AT):
        found.setdefault(row["profile_id"], {})[row["id"]] = Identifier(row["kind"], row["value"])
    return found


def _terms(terms: Sequence[Term]) -> dict[str, Any]:
    spans = [
        (place, span)
        for place, term in enumerate(terms)
        for span in (*([upto(term.word)] if term.word else []), *term.values)
    ]
    return {
        "terms": len(terms),
        "valued": any(term.values for term in terms),
        "places": [place for place, _ in spans],
        **_columns([span for _, span in spans]),
    }


def _columns(spans: Sequence[Span]) -> dict[str, Any]:
    return {"lows": [span.low for span in spans], "highs": [span.high for span in spans]}


def _candidates(rows: Sequence[Row]) -> list[Candidate]:
    return [Candidate(row["text"], row["id"], row["profile_id"], row["fits"]) for row in rows]
