"""Find people by how a name, an e-mail address, a phone number or any other identifier begins.

Several words must all apply. A look is bounded: it goes through two thousand people of the rarest word, and the cursor
goes on from there. So a page may have fewer people than asked for, or none, and still not be the last.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import ID_MAX
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import store, words
from antiphon.profiles.identifiers import strength
from antiphon.profiles.question import Question, Span, Term, ask, upto

PEOPLE_MAX = 100
IDENTIFIERS_SHOWN = 4
SCANS = (100, 400, 1_500)
"""People of the rarest word that are gone through for a page, in rounds: mostly the first is enough."""
_COUNTED_MAX = 2_000
_TEXT_BYTES_MAX = 3_000


class FoundPerson(Struct, frozen=True):
    """`name` is empty where none is known. `identifiers` are the strongest few, those that were asked for first."""

    id: ProfileId
    name: str
    identifiers: list[Identifier]


class FoundPeople(Struct, frozen=True):
    """The best first: whom an identifier names exactly, then names, then identifiers that begin so."""

    people: list[FoundPerson]
    cursor: str | None


class _Place(Struct, frozen=True, array_like=True):
    """Where the look goes on: among names or identifiers of the term that leads, after this text and number."""

    leader: int
    named: bool
    text: str
    after: int


async def keep_words(tx: Transaction, traits: Mapping[ProfileId, Mapping[str, Any]]) -> None:
    """Everybody's words follow their traits, all of which are given; a profile that is no more is given none."""
    await store.search.keep_words(tx, {profile: words.words(theirs) for profile, theirs in traits.items()})


async def find_people(tx: Transaction, text: str, *, limit: int = 25, cursor: str | None = None) -> FoundPeople:
    """Raises Invalid for a text that is empty, too long or has the character NUL."""
    question = ask(text)
    place = _read(cursor, question) if cursor else None
    exact = await _exact(tx, question)
    found = [] if place else list(exact)[:limit]
    terms, leader = await _weigh(tx, question.terms)
    place = place or _Place(leader, True, terms[leader].word, 0)
    found, rest = await _walk(tx, terms, place, found, passed=exact, limit=limit)
    return FoundPeople(await _people(tx, found, question), _write(rest) if rest else None)


async def _exact(tx: Transaction, question: Question) -> dict[ProfileId, None]:
    found = await store.search.find_values(tx, question.exact, limit=PEOPLE_MAX)
    if len(question.terms) > 1:
        found += await store.search.find_beginnings(tx, question.beginnings, limit=PEOPLE_MAX)
    return dict.fromkeys(found)


async def _weigh(tx: Transaction, terms: Sequence[Term]) -> tuple[list[Term], int]:
    """The terms without what nobody has, such as most countries of a national number; the rarest of them leads."""
    if len(terms) == 1:
        return list(terms), 0
    spans = [(named, span) for term in terms for named, span in _spans(term)]
    counts = iter(await store.search.count_bearers(tx, spans, bound=_COUNTED_MAX))
    weighed = [[(named, span, next(counts)) for named, span in _spans(term)] for term in terms]
    kept = [
        Term(term.word, tuple(span for named, span, count in spans if count and not named))
        for term, spans in zip(terms, weighed, strict=True)
    ]
    totals = [sum(count for _, _, count in spans) for spans in weighed]
    return kept, min(range(len(terms)), key=lambda n: (totals[n], -len(terms[n].word)))


def _spans(term: Term) -> list[tuple[bool, Span]]:
    return [(True, upto(term.word))] * bool(term.word) + [(False, span) for span in term.values]


async def _walk(
    tx: Transaction,
    terms: Sequence[Term],
    place: _Place,
    found: list[ProfileId],
    *,
    passed: Mapping[ProfileId, None],
    limit: int,
) -> tuple[list[ProfileId], _Place | None]:
    """Page full or patience over: where to go on. None: everybody was seen."""
    others = [term for n, term in enumerate(terms) if n != place.leader]
    for most in SCANS:
        scan = most if others else limit + len(passed) + 1
        leader = terms[place.leader]
        if place.named and leader.word:
            rows = await store.search.scan_words(tx, leader.word, place.text, place.after, others=others, scan=scan)
        elif not place.named:
            rows = await store.search.scan_values(tx, leader, place.text, place.after, others=others, scan=scan)
        else:
            rows = []
        for row in rows:
            if len(found) == limit:
                return found, place
            place = _Place(place.leader, place.named, row.text, row.id)
            if row.fits and row.profile not in passed:
                found.append(row.profile)
        if len(rows) < scan:
            if not place.named:
                return found, None
            place = _Place(place.leader, False, "", 0)
    return found, place


async def _people(tx: Transaction, ids: Sequence[ProfileId], question: Question) -> list[FoundPerson]:
    if not ids:
        return []
    traits = await store.search.name_people(tx, ids, words.NAME_TRAITS)
    identifiers = await store.search.some_identifiers(tx, ids)
    return [
        FoundPerson(id, words.full_name(traits[id]), _chosen(list(identifiers.get(id, {}).values()), question))
        for id in ids
        if id in traits
    ]


def _chosen(identifiers: Sequence[Identifier], question: Question) -> list[Identifier]:
    spans = [span for term in question.terms for span in term.values]

    def rank(one: Identifier) -> tuple[bool, bool, int, Identifier]:
        begins = any(span.low <= one.value < span.high for span in spans)
        return one.value not in question.exact, not begins, strength(one), one

    return sorted(identifiers, key=rank)[:IDENTIFIERS_SHOWN]


def _write(place: _Place) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _read(cursor: str, question: Question) -> _Place:
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        place = msgspec.json.decode(raw, type=_Place)
    except (ValueError, msgspec.MsgspecError) as error:
        raise invalid("cursor", "It is not a cursor that we gave.") from error
    fits = 0 <= place.leader < len(question.terms) and 0 <= place.after <= ID_MAX
    if not fits or "\0" in place.text or len(place.text) > _TEXT_BYTES_MAX:
        raise invalid("cursor", "It is not a cursor that we gave for this search.")
    return place
