"""What is known of people, by name: which traits there are, of which type, with examples; the same for events.

Everything comes from a bounded sample of pages and is kept for a minute: a list for pickers, not an account. An
example is a value that at least three people of the sample share, and none that looks like a name, an address or a
number of somebody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, Literal, get_args
from weakref import WeakKeyDictionary

from msgspec import Struct

from antiphon.kernel.db import Database, Row, Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import ProfileId
from antiphon.profiles import store
from antiphon.profiles.identifiers import text_fault

Type = Literal["text", "number", "boolean", "date", "list", "object", "mixed"]

_TYPES: tuple[Type, ...] = get_args(Type)

PAGES = 1_000
"""Of 8 kB: some 20,000 profiles or 40,000 events."""
PEOPLE_MAX = 20_000
EVENTS_MAX = 40_000
NAMES_MAX = 500
EXAMPLES_MAX = 10
SHARED_BY = 3
EXAMPLE_CHARS_MAX = 60
PATHS_MAX = 50
DEPTH_MAX = 3
HISTORY_MAX = 1_000
KEPT_S = 60.0

_PERSONAL = re.compile(
    r"name|surname|given|family|nick|mail|phone|mobile|tel\b|fax|msisdn|address|street|postcode|zip|birth|dob|ssn|tax"
    r"|iban|account.?n|card|passport|licen|contact|owner|token|secret|password|\bip\b|avatar|photo|comment|note|message",
    re.IGNORECASE,
)
_NAMES_OF_THINGS = re.compile(
    r"(product|brand|plan|shop|store|campaign|category|event|page|city|country)[_ .-]?name", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]*)*(?:\s+[^\W\d_]+(?:['’.-][^\W\d_]*)*)*")
_INSTANT = re.compile(store.trait_schema.INSTANT)
_DIGITS_MAX = 6
_CATEGORY_SHARE = 0.8


class TraitSchema(Struct, frozen=True):
    """`share` of the sampled people (or events) that have it. `type`: `date` is a date or a time as text, `mixed` more
    than one. `paths` lead into objects: `address.city`."""

    name: str
    type: Type
    share: float
    examples: list[Any]
    paths: list[str]


class EventSchema(Struct, frozen=True):
    """`count` and `last_at` are estimates unless `is_exact`. `properties` are those of the sampled ones."""

    name: str
    count: int
    last_at: datetime
    is_exact: bool
    properties: list[TraitSchema]


class TraitValue(Struct, frozen=True):
    """The value since `at`; null: none. `source` said so; empty where we cannot know any more."""

    at: datetime
    value: Any
    source: str


_kept: WeakKeyDictionary[Database, dict[str, tuple[float, Any]]] = WeakKeyDictionary()


async def traits(tx: Transaction) -> list[TraitSchema]:
    """The most frequent first, at most 500."""
    kept = _read(tx, "traits")
    if kept is None:
        rows = await store.trait_schema.traits(
            tx, pages=PAGES, most=PEOPLE_MAX, names=NAMES_MAX, people=SHARED_BY, chars=EXAMPLE_CHARS_MAX
        )
        kept = _keep(tx, "traits", [_schema(row) for row in rows])
    found: list[TraitSchema] = kept
    return found


async def event_schemas(tx: Transaction) -> list[EventSchema]:
    """The most frequent first, at most 500."""
    kept = _read(tx, "events")
    if kept is None:
        kept = _keep(tx, "events", await _events(tx))
    found: list[EventSchema] = kept
    return found


async def _events(tx: Transaction) -> list[EventSchema]:
    sampled, share = await store.trait_schema.sums(tx, pages=PAGES, names=NAMES_MAX)
    rare = await store.trait_schema.rare_sums(tx, [row["id"] for row in sampled], names=NAMES_MAX - len(sampled))
    names = [(row, share) for row in sampled] + [(row, 1.0) for row in rare]
    rows = await store.trait_schema.properties(
        tx,
        [row["id"] for row, _ in names],
        pages=PAGES,
        most=EVENTS_MAX,
        names=NAMES_MAX * 10,
        people=SHARED_BY,
        chars=EXAMPLE_CHARS_MAX,
    )
    properties: dict[int, list[TraitSchema]] = {}
    for row in rows:
        properties.setdefault(row["name_id"], []).append(_schema(row))
    found = [
        EventSchema(
            row["name"], round(int(row["count"]) / of), row["last_at"], of == 1.0, properties.get(row["id"], [])
        )
        for row, of in names
    ]
    return sorted(found, key=lambda one: (-one.count, one.name))


async def history(tx: Transaction, profile: ProfileId, name: str) -> list[TraitValue]:
    """The values of a trait over time, the newest first, at most 1,000. Raises Invalid for what is no name."""
    if fault := text_fault(name):
        raise invalid("name", fault)
    [person] = await store.reading.read(tx, [profile])
    changes = await store.trait_schema.trait_changes(tx, profile, name, limit=HISTORY_MAX)
    value = person.traits.get(name)
    found = []
    for row in changes:
        found.append(TraitValue(row["at"], value, row["source"]))
        value = row["before"]
    if value is not None and len(changes) < HISTORY_MAX:
        found.append(TraitValue(person.created_at, value, ""))
    return found


def _read(tx: Transaction, what: str) -> Any:
    at, found = _kept.get(tx.database, {}).get(what, (0.0, None))
    return found if monotonic() - at < KEPT_S else None


def _keep(tx: Transaction, what: str, found: Any) -> Any:
    _kept.setdefault(tx.database, {})[what] = (monotonic(), found)
    return found


def _schema(row: Row) -> TraitSchema:
    kinds: Mapping[str, int] = row["kinds"]
    carriers = sum(kinds.values())
    return TraitSchema(
        name=row["name"],
        type=type_of(kinds),
        share=round(min(1.0, carriers / row["people"]), 4),
        examples=examples(row["name"], row["shared"] or (), share=float(row["of_shared"] or 0) / carriers),
        paths=list(dict.fromkeys(path for value in row["objects"] or () for path in _paths(value)))[:PATHS_MAX],
    )


def type_of(kinds: Mapping[str, int]) -> Type:
    """A text among which some look like dates is text."""
    found = set(kinds) - {"date"} if "text" in kinds else set(kinds)
    return next((one for one in _TYPES if found == {one}), "mixed")


def examples(name: str, shared: Sequence[tuple[Any, int]], *, share: float) -> list[Any]:
    """`share` of all values that several people share: high for a choice of few, low for what is everybody's own.

    The name of a trait and the look of a value both count; where values are mostly one's own, words are suspected to
    be somebody's name.
    """
    if _PERSONAL.search(name) and not _NAMES_OF_THINGS.fullmatch(name):
        return []
    is_category = share >= _CATEGORY_SHARE
    return [value for value, _ in shared if not _is_personal(value, is_category=is_category)][:EXAMPLES_MAX]


def _is_personal(value: object, *, is_category: bool) -> bool:
    if isinstance(value, bool):
        return False
    text = str(value)
    is_long_number = sum(char.isdigit() for char in text) > _DIGITS_MAX and not _INSTANT.match(text)
    if "@" in text or is_long_number:
        return True
    if is_category or not isinstance(value, str):
        return False
    return _WORDS.fullmatch(text) is not None and any(word[0].isupper() for word in text.split())


def _paths(value: object, *, within: str = "", depth: int = 1) -> Iterator[str]:
    if isinstance(value, dict) and depth <= DEPTH_MAX:
        for name, inner in sorted(value.items()):
            path = f"{within}.{name}" if within else name
            yield path
            yield from _paths(inner, within=path, depth=depth + 1)
