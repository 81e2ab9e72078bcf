"""The only code that runs content's SQL. A version never changes, so what was read once is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from antiphon.content.message import Message, decode, encode
from antiphon.kernel.db import Queries, Row, Transaction
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.records import MessageId

queries = Queries("content")
_KEPT_MAX = 256


class Stored(Struct, frozen=True):
    id: MessageId
    name: str
    version: int
    message: Message


class _Versions:
    """The newest versions read, per database: tests open many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], Message] = OrderedDict()

    async def read(self, tx: Transaction, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Message]:
        dsn = tx.database.dsn
        missing = [key for key in set(wanted) if (dsn, *key) not in self._kept]
        if missing:
            rows = await queries.rows(
                tx, "read_versions", messages=[m for m, _ in missing], versions=[v for _, v in missing]
            )
            for row in rows:
                self._kept[dsn, row["message_id"], row["version"]] = _message(row)
        found = {key: self._kept[dsn, *key] for key in set(wanted)}
        while len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return found


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


async def versions(tx: Transaction, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Message]:
    """Messages by (message, version)."""
    return await _versions.read(tx, wanted)


def _message(row: Row) -> Message:
    return decode(msgspec.json.encode(row["document"]))
