"""What is read and written where messages are edited: drafts, versions, names, the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from antiphon.content.message import Message, channels_of, encode
from antiphon.content.records import Card, Draft, Kept, Version
from antiphon.content.store import number_of, queries
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import MessageId

_END = datetime(9999, 12, 31, tzinfo=UTC)
_NUMBER_MAX = 2**31 - 1


class About(Struct, frozen=True):
    """What the list says of a message: of its newest version, of its draft before there is one."""

    topic: str
    channels: list[str]
    locales: list[str]


def about(message: Message) -> About:
    return About(message.topic, sorted(each.value for each in channels_of(message)), list(message.locales))


async def insert(tx: Transaction, name: str, what: About, *, by: str) -> MessageId | None:
    """None where the name is taken."""
    number = await queries.value(
        tx, "insert_message", name=name, topic=what.topic, channels=what.channels, locales=what.locales, by=by
    )
    return None if number is None else MessageId(number)


async def read(tx: Transaction, id_or_name: str) -> Kept:
    """Raises NotFound."""
    row = await queries.row(tx, "read_kept", id=number_of(id_or_name), name=id_or_name)
    if row is None:
        raise NotFound("There is no message {id_or_name}.", id_or_name=id_or_name)
    return _kept(row)


async def lock(tx: Transaction, id_or_name: str) -> Kept:
    """As it is once nobody else changes it. Raises NotFound."""
    kept = await read(tx, id_or_name)
    if await queries.value(tx, "lock_message", id=kept.id) is None:
        raise NotFound("There is no message {id_or_name}.", id_or_name=id_or_name)
    return await read(tx, str(kept.id))


async def touch(tx: Transaction, kept: Kept, *, by: str, version: int | None = None, what: About | None = None) -> Kept:
    """It changed: `what` it is about now, where that changed too. Returns it as it is now."""
    now = what or About(kept.topic, kept.channels, kept.locales)
    await queries.run(
        tx,
        "touch_message",
        id=kept.id,
        by=by,
        version=kept.version if version is None else version,
        topic=now.topic,
        channels=now.channels,
        locales=now.locales,
    )
    return await read(tx, str(kept.id))


async def insert_version(
    tx: Transaction, message_id: MessageId, version: int, message: Message, written: dict[str, Any], *, by: str
) -> None:
    document = encode(message).decode()
    await queries.run(
        tx, "insert_version", message_id=message_id, version=version, document=document, written=written, by=by
    )


async def keep_tried(tx: Transaction, message_id: MessageId, message: Message, *, by: str) -> int:
    """The number under which this text can be sent as a test: the same text keeps its number."""
    document = encode(message).decode()
    found = await queries.value(tx, "find_tried", message_id=message_id, document=document)
    if found is None:
        await queries.value(tx, "lock_message", id=message_id)
        found = await queries.value(tx, "next_tried", message_id=message_id) or -1
        await insert_version(tx, message_id, found, message, {}, by=by)
    return int(found)


async def write_draft(tx: Transaction, kept: Kept, written: dict[str, Any], *, by: str) -> None:
    await queries.run(tx, "write_draft", message_id=kept.id, written=written, based_on=kept.version, by=by)


async def delete_draft(tx: Transaction, message: MessageId) -> None:
    await queries.run(tx, "delete_draft", message_id=message)


async def delete(tx: Transaction, message: MessageId) -> bool:
    """False for one that was published."""
    return await queries.run(tx, "delete_message", id=message) > 0


async def holder_of(tx: Transaction, name: str) -> tuple[int, str] | None:
    """Which message has this name or had it, under a lock on names: its number and what it is called now."""
    await queries.run(tx, "lock_names")
    row = await queries.row(tx, "holder_of", name=name)
    return None if row is None else (row["id"], row["name"])


async def rename(tx: Transaction, kept: Kept, name: str) -> None:
    """The old name leads there as well."""
    await queries.run(tx, "drop_former_name", id=kept.id, name=name)
    await queries.run(tx, "rename_message", id=kept.id, name=name)
    await queries.run(tx, "keep_former_name", id=kept.id, name=kept.name)


async def set_archived(tx: Transaction, message: MessageId, at: datetime | None) -> None:
    await queries.run(tx, "set_archived", id=message, archived_at=at)


async def page(
    tx: Transaction,
    *,
    like: str,
    topic: str,
    channel: str,
    state: str,
    before: tuple[datetime, int] | None,
    limit: int,
) -> list[Card]:
    at, number = before or (_END, _NUMBER_MAX)
    rows = await queries.rows(
        tx,
        "page_of_messages",
        like=like,
        topic=topic,
        channel=channel,
        state=state,
        before=at,
        before_id=number,
        limit=limit,
    )
    return [_card(row) for row in rows]


async def versions(tx: Transaction, message: MessageId, *, before: int | None, limit: int) -> Sequence[Version]:
    rows = await queries.rows(tx, "page_of_versions", message_id=message, before=before or _NUMBER_MAX, limit=limit)
    return [Version(row["version"], row["by"], row["created_at"]) for row in rows]


async def version(tx: Transaction, kept: Kept, number: int) -> tuple[Version, dict[str, Any]]:
    """And what its author wrote. Raises NotFound."""
    row = (
        await queries.row(tx, "read_written", message_id=kept.id, version=number) if 0 < number <= _NUMBER_MAX else None
    )
    if row is None:
        raise NotFound("The message {name} has no version {number}.", name=kept.name, number=number)
    return Version(row["version"], row["by"], row["created_at"]), row["written"]


def _card(row: Row) -> Card:
    return Card(
        id=MessageId(row["id"]),
        name=row["name"],
        version=row["version"],
        topic=row["topic"],
        channels=row["channels"],
        locales=row["locales"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        by=row["by"],
        archived_at=row["archived_at"],
        has_draft=row["has_draft"],
    )


def _kept(row: Row) -> Kept:
    draft = None
    if row["draft"] is not None:
        draft = Draft(row["draft"], row["based_on"], row["draft_by"], row["draft_changed_at"])
    return Kept(
        id=MessageId(row["id"]),
        name=row["name"],
        version=row["version"],
        topic=row["topic"],
        channels=row["channels"],
        locales=row["locales"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        by=row["by"],
        archived_at=row["archived_at"],
        has_draft=draft is not None,
        revision=row["revision"],
        published_at=row["published_at"],
        written=row["written"],
        draft=draft,
    )
