"""Everything that is known of a person, as one document: for whoever asks for their data.

The sections of parts above are named by the wiring. It is read row by row: a document of any length takes a few
megabytes of memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import store
from antiphon.profiles.erasure import addresses_of
from antiphon.profiles.mentions import mentions_of
from antiphon.profiles.numbers import find_one

FORMAT = 1
CHUNK_BYTES = 64_000


class Person(Struct, frozen=True):
    """`numbers`: the profile's and all that lead to it, the lowest first. `names` by the number of the identifier."""

    numbers: tuple[ProfileId, ...]
    names: Mapping[int, Identifier]
    addresses: tuple[tuple[str, str], ...]


class Section(Struct, frozen=True):
    """`tables`: whose rows it shows; a test holds all tables of the schema against them."""

    name: str
    tables: tuple[str, ...]
    read: Callable[[Transaction, Person], AsyncIterator[Row]]


def _of_numbers(name: str) -> Callable[[Transaction, Person], AsyncIterator[Row]]:
    return lambda tx, person: store.export.of_numbers(tx, name, person.numbers)


def _of_names(name: str) -> Callable[[Transaction, Person], AsyncIterator[Row]]:
    return lambda tx, person: store.export.of_identifiers(tx, name, list(person.names))


async def _events(tx: Transaction, person: Person) -> AsyncIterator[Row]:
    for number in person.numbers:
        async for row in store.export.events(tx, number):
            yield row


OWN = (
    Section("profile", ("profile", "alias"), _of_numbers("export_profile")),
    Section("identifiers", ("identifier",), _of_numbers("export_identifiers")),
    Section("links", ("link",), _of_names("export_links")),
    Section("verdicts", ("verdict",), _of_names("export_verdicts")),
    Section("told", ("told",), _of_numbers("export_told")),
    Section("trait_changes", ("trait_change",), _of_numbers("export_trait_changes")),
    Section("accounts", ("belonging",), _of_numbers("export_belongings")),
    Section("addresses", ("address",), _of_numbers("export_addresses")),
    Section("opt_outs", ("opt_out",), lambda tx, person: store.export.opt_outs(tx, person.addresses)),
    Section("preferences", ("preference",), _of_numbers("export_preferences")),
    Section("consents", ("consent",), _of_numbers("export_consents")),
    Section("events", ("event", "event_name"), _events),
    Section("refused", ("refused_event",), lambda tx, p: store.export.refused(tx, mentions_of(p.names.values()))),
)

sections: dict[str, Section] = {section.name: section for section in OWN}
"""By name, in the order of the document."""


def add_sections(more: Sequence[Section]) -> None:
    """Called by the wiring alone; a section of the same name is replaced."""
    sections.update({section.name: section for section in more})


async def find(tx: Transaction, who: Identifier) -> Person:
    """Raises NotFound."""
    numbers = await store.erasure.numbers(tx, await find_one(tx, who))
    names = {row["id"]: Identifier(row["kind"], row["value"]) for row in await store.erasure.names(tx, numbers)}
    addresses = addresses_of(list(names.values()), await store.erasure.addresses(tx, numbers))
    return Person(tuple(numbers), names, tuple(addresses))


async def as_json(tx: Transaction, person: Person) -> AsyncIterator[bytes]:
    """One JSON document in chunks: a list of records by name of section."""
    buffer = bytearray(b'{"format":%d,"exported_at":%s' % (FORMAT, msgspec.json.encode(tx.now)))
    for section in sections.values():
        buffer += b',"%s":[' % section.name.encode()
        separator = b""
        async for record in section.read(tx, person):
            buffer += separator + msgspec.json.encode(dict(record))
            separator = b","
            if len(buffer) >= CHUNK_BYTES:
                yield bytes(buffer)
                buffer.clear()
        buffer += b"]"
    yield bytes(buffer + b"}\n")
