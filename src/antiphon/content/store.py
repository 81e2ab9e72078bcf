"""The only code that runs content's SQL, with store_editing.py. What a version says is decoded once and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec
from msgspec import Struct, structs

from antiphon.content.message import Message, decode
from antiphon.kernel.db import Queries, Row, Transaction
from antiphon.kernel.digits import INTEGER_MAX, number_in
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


class Unpublished(Conflict):
    """The message is a draft: publish it first."""

    code = "message_unpublished"


class Archived(Conflict):
    """The message is archived: restore it first."""

    code = "message_archived"


class _Versions:
    """The messages read last, by what they say: in a database restored, a number may mean another message."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Message] = OrderedDict()

    async def read(self, tx: Transaction, wanted: Iterable[Key]) -> dict[Key, Message]:
        rows = await _rows(tx, "read_digests", wanted)
        found = {_key(row): self._keep(row["digest"]) for row in rows if row["digest"] in self._kept}
        missing = {_key(row) for row in rows} - found.keys()
        for row in await _rows(tx, "read_versions", missing) if missing else ():
            found[_key(row)] = self._keep(row["digest"], message_of(row["document"]))
        return found

    def _keep(self, digest: bytes, message: Message | None = None) -> Message:
        """As the one read last: the given one, or the one that is kept."""
        kept = self._kept[digest] = message or self._kept[digest]
        self._kept.move_to_end(digest)
        if len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return kept


_versions = _Versions()


async def find(tx: Transaction, id_or_name: str) -> Stored:
    """The newest version, for whoever begins to send it. Raises NotFound, Unpublished, Archived."""
    row = await _find(tx, id_or_name)
    if row["archived_at"] is not None:
        raise Archived("The message {name} is archived: restore it first.", name=row["name"])
    return _stored(row)


async def look_up(tx: Transaction, id_or_name: str) -> Stored:
    """The newest version, for whoever only looks at it: it may be archived. Raises NotFound, Unpublished."""
    return _stored(await _find(tx, id_or_name))


async def _find(tx: Transaction, id_or_name: str) -> Row:
    row = await queries.row(tx, "find_message", id=number_of(id_or_name), name=id_or_name)
    if row is None:
        raise NotFound("There is no message {id_or_name}.", id_or_name=id_or_name)
    if row["document"] is None:
        raise Unpublished("The message {name} is a draft: publish it first.", name=row["name"])
    return row


def number_of(id_or_name: str) -> int | None:
    return number_in(id_or_name, most=INTEGER_MAX)


async def list_all(tx: Transaction, *, limit: int = 200) -> list[Stored]:
    """Those that were published."""
    return [_stored(row) for row in await queries.rows(tx, "list_messages", limit=limit)]


async def versions(tx: Transaction, wanted: Iterable[Key]) -> dict[Key, Message]:
    """What these versions say; what is not there is left out."""
    return await _versions.read(tx, set(wanted))


async def _rows(tx: Transaction, name: str, wanted: Iterable[Key]) -> list[Row]:
    keys = list(wanted)
    return await queries.rows(tx, name, messages=[m for m, _ in keys], versions=[v for _, v in keys])


def _key(row: Row) -> Key:
    return row["message_id"], row["version"]


def _stored(row: Row) -> Stored:
    message = message_of(row["document"])
    return Stored(MessageId(row["id"]), row["name"], row["version"], structs.replace(message, name=row["name"]))


def message_of(document: object) -> Message:
    return decode(msgspec.json.encode(document))
