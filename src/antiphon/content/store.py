"""The only code that runs content's SQL. What a version says is decoded once and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from antiphon.content.message import Message, decode, encode
from antiphon.kernel.db import Queries, Row, Transaction
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.records import MessageId

queries = Queries("content")
_KEPT_MAX = 256

Key = tuple[int, int]
"""Message and version."""


class Stored(Struct, frozen=True):
    id: MessageId
    name: str
    version: int
    message: Message


class _Versions:
    """The messages read last, by what they say: in a database restored, a number may mean another message."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Message] = OrderedDict()

    async def read(self, tx: Transaction, wanted: Iterable[Key]) -> dict[Key, Message]:
        rows = await _rows(tx, "read_digests", wanted)
        found = {_key(row): self._keep(row["digest"]) for row in rows if row["digest"] in self._kept}
        missing = {_key(row) for row in rows} - found.keys()
        for row in await _rows(tx, "read_versions", missing) if missing else ():
            found[_key(row)] = self._keep(row["digest"], _message(row))
        return found

    def _keep(self, digest: bytes, message: Message | None = None) -> Message:
        """As the one read last: the given one, or the one that is kept."""
        kept = self._kept[digest] = message or self._kept[digest]
        self._kept.move_to_end(digest)
        if len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return kept


_versions = _Versions()


async def create(tx: Transaction, message: Message) -> Stored:
    """Raises Conflict when the name is taken."""
    number = await queries.value(tx, "insert_message", name=message.name)
    if number is None:
        raise Conflict(f"There is a message named {message.name} already.")
    document = encode(message).decode()
    await queries.run(tx, "insert_version", message_id=number, version=1, document=document)
    return Stored(MessageId(number), message.name, 1, message)


async def find(tx: Transaction, id_or_name: str) -> Stored:
    """The newest version. Raises NotFound."""
    number = int(id_or_name) if id_or_name.isascii() and id_or_name.isdigit() and len(id_or_name) < 10 else None
    row = await queries.row(tx, "find_message", id=number, name=id_or_name)
    if row is None:
        raise NotFound(f"There is no message {id_or_name}.")
    return Stored(MessageId(row["id"]), row["name"], row["version"], _message(row))


async def list_all(tx: Transaction, *, limit: int = 200) -> list[Stored]:
    rows = await queries.rows(tx, "list_messages", limit=limit)
    return [Stored(MessageId(row["id"]), row["name"], row["version"], _message(row)) for row in rows]


async def versions(tx: Transaction, wanted: Iterable[Key]) -> dict[Key, Message]:
    """What these versions say; what is not there is left out."""
    return await _versions.read(tx, set(wanted))


async def _rows(tx: Transaction, name: str, wanted: Iterable[Key]) -> list[Row]:
    keys = list(wanted)
    return await queries.rows(tx, name, messages=[m for m, _ in keys], versions=[v for _, v in keys])


def _key(row: Row) -> Key:
    return row["message_id"], row["version"]


def _message(row: Row) -> Message:
    return decode(msgspec.json.encode(row["document"]))
