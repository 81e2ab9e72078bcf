"""Change messages: drafts, versions, names. Each of these takes the lock of the message that it changes.

`if_revision` is the revision that whoever edits has seen: where there is a newer one, EditedMeanwhile is raised.
"""

from __future__ import annotations

from typing import Any

import msgspec

from antiphon.content import parsing, store_editing
from antiphon.content.brands import flaws_of_brand
from antiphon.content.message import Message, encode
from antiphon.content.records import Kept
from antiphon.content.store import Archived, Stored, Unpublished
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, Invalid, NameTaken, NothingToPublish, invalid
from antiphon.kernel.records import MessageId
from antiphon.kernel.said import worded

COPIES_MAX = 1_000

Document = dict[str, Any]  # Any: a message as it was typed


class Published(Conflict):
    """It was published: what was sent is rendered from it. Archive it instead."""

    code = "message_published"


_CHANGED = (
    "The message {name} was changed since you read it: this is revision {revision}. Take theirs, or write yours over it"
    " with if_revision={revision}."
)
_CHANGED_BY = (
    "The message {name} was changed by {by} since you read it: this is revision {revision}. Take theirs, or write yours"
    " over it with if_revision={revision}."
)


class EditedMeanwhile(Conflict):
    """Somebody else changed it since you read it."""

    code = "edited_meanwhile"

    def __init__(self, kept: Kept, yours: Document | None = None) -> None:
        form = _CHANGED_BY if kept.by else _CHANGED
        super().__init__(worded(form, by=kept.by, name=kept.name, revision=kept.revision))
        self.kept, self.yours = kept, yours


async def create(tx: Transaction, message: Message, written: Document | None = None, *, by: str = "") -> Stored:
    """Published at once. `written`: as its author wrote it. Raises NameTaken, and Invalid for a brand that is none."""
    await _demand_brand(tx, message)
    number = await _insert(tx, message.name, store_editing.about(message), by=by)
    await store_editing.insert_version(tx, number, 1, message, written or _as_written(message), by=by)
    kept = await store_editing.read(tx, str(number))
    await store_editing.touch(tx, kept, by=by, version=1)
    return Stored(number, message.name, 1, message)


async def _demand_brand(tx: Transaction, message: Message) -> None:
    if flaws := flaws_of_brand(message, await settings.read(tx)):
        raise Invalid("The message is not valid.", flaws=flaws)


def _as_written(message: Message) -> Document:
    document: Document = msgspec.json.decode(encode(message))
    return document


async def create_draft(tx: Transaction, written: Document, *, by: str = "") -> Kept:
    """Whatever is wrong with it but the name. Raises Invalid, NameTaken."""
    name = _name(written.get("name"))
    number = await _insert(tx, name, _about(written), by=by)
    kept = await store_editing.read(tx, str(number))
    await store_editing.write_draft(tx, kept, written, by=by)
    return await store_editing.read(tx, str(number))


async def _insert(tx: Transaction, name: str, what: store_editing.About, *, by: str) -> MessageId:
    await _free(tx, _name(name))
    number = await store_editing.insert(tx, name, what, by=by)
    if number is None:
        raise NameTaken("There is a message named {name} already.", name=name)
    return number


async def _free(tx: Transaction, name: str, *, itself: int = 0) -> None:
    holder = await store_editing.holder_of(tx, name)
    if holder is None or holder[0] == itself:
        return
    if holder[1] == name:
        raise NameTaken("There is a message named {name} already.", name=name)
    raise NameTaken(
        "The message {holder} was named {name} before, and is still sent by that name. Take another.",
        holder=holder[1],
        name=name,
    )


def _name(given: Any) -> str:
    most = parsing.NAME_CHARS_MAX
    if not isinstance(given, str) or not 0 < len(given.strip()) <= len(given) <= most or given.isdigit():
        raise invalid("name", "A name of 1 to {most} characters is needed, and not only digits.", most=most)
    return given


def _about(written: Document) -> store_editing.About:
    return store_editing.about(parsing.read(written)[0])


async def save_draft(
    tx: Transaction, id_or_name: str, written: Document, *, if_revision: int | None = None, by: str = ""
) -> Kept:
    """What the message may become; the name in it is not looked at. Nothing is sent by it.

    The very same text once more changes nothing, whatever the revision. Raises EditedMeanwhile, Archived.
    """
    kept = await store_editing.lock(tx, id_or_name)
    written = {**written, "name": kept.name}
    if kept.draft is not None and kept.draft.written == written:
        return kept
    _check(kept, if_revision, yours=written)
    _not_archived(kept)
    await store_editing.write_draft(tx, kept, written, by=by)
    return await store_editing.touch(tx, kept, by=by, what=None if kept.version else _about(written))


async def discard_draft(tx: Transaction, id_or_name: str, *, if_revision: int | None = None, by: str = "") -> Kept:
    """Back to the newest version. Raises NothingToPublish, EditedMeanwhile, and Unpublished where nothing is left."""
    kept = await _changeable(tx, id_or_name, if_revision)
    _drafted(kept)
    if not kept.version:
        raise Unpublished(
            "The message {name} was never published: without its draft nothing is left. Delete it.", name=kept.name
        )
    await store_editing.delete_draft(tx, kept.id)
    return await store_editing.touch(tx, kept, by=by)


async def publish(tx: Transaction, id_or_name: str, *, if_revision: int | None = None, by: str = "") -> Kept:
    """The draft becomes the newest version; one that says the same as that makes none.

    Raises Invalid with every flaw and its place, NothingToPublish, EditedMeanwhile, Archived.
    """
    kept = await _changeable(tx, id_or_name, if_revision)
    _not_archived(kept)
    written = {**_drafted(kept), "name": kept.name}
    message = parsing.parse(written)
    await _demand_brand(tx, message)
    version = kept.version
    if written != {**(kept.written or {}), "name": kept.name}:
        version += 1
        await store_editing.insert_version(tx, kept.id, version, message, written, by=by)
    await store_editing.delete_draft(tx, kept.id)
    return await store_editing.touch(tx, kept, by=by, version=version, what=store_editing.about(message))


async def revert(
    tx: Transaction, id_or_name: str, version: int, *, if_revision: int | None = None, by: str = ""
) -> Kept:
    """The text of an old version becomes the draft. Raises NotFound, EditedMeanwhile, Archived."""
    kept = await store_editing.lock(tx, id_or_name)
    _, written = await store_editing.version(tx, kept, version)
    return await save_draft(tx, str(kept.id), written, if_revision=if_revision, by=by)


async def rename(tx: Transaction, id_or_name: str, name: str, *, if_revision: int | None = None, by: str = "") -> Kept:
    """Its old name leads there as well, so nobody else can have it. Raises Invalid, NameTaken, EditedMeanwhile."""
    kept = await _changeable(tx, id_or_name, if_revision)
    name = _name(name)
    if name == kept.name:
        return kept
    await _free(tx, name, itself=kept.id)
    await store_editing.rename(tx, kept, name)
    return await store_editing.touch(tx, kept, by=by)


async def archive(tx: Transaction, id_or_name: str, *, if_revision: int | None = None, by: str = "") -> Kept:
    """Nobody begins to send it any more; what is under way goes on."""
    kept = await _changeable(tx, id_or_name, if_revision)
    if kept.archived_at is not None:
        return kept
    await store_editing.set_archived(tx, kept.id, tx.now)
    return await store_editing.touch(tx, kept, by=by)


async def restore(tx: Transaction, id_or_name: str, *, if_revision: int | None = None, by: str = "") -> Kept:
    kept = await _changeable(tx, id_or_name, if_revision)
    if kept.archived_at is None:
        return kept
    await store_editing.set_archived(tx, kept.id, None)
    return await store_editing.touch(tx, kept, by=by)


async def delete(tx: Transaction, id_or_name: str, *, if_revision: int | None = None) -> None:
    """Raises Published: only what never was goes without a trace."""
    kept = await _changeable(tx, id_or_name, if_revision)
    if not await store_editing.delete(tx, kept.id):
        raise Published(
            "The message {name} was published, and what was sent is rendered from it. Archive it.", name=kept.name
        )


async def copy(tx: Transaction, id_or_name: str, *, name: str | None = None, by: str = "") -> Kept:
    """A draft that says the same, or what its draft says. Raises Invalid and NameTaken."""
    kept = await store_editing.read(tx, id_or_name)
    wanted = name if name is not None else await _free_name(tx, kept.name)
    return await create_draft(tx, {**kept.text, "name": wanted}, by=by)


async def _free_name(tx: Transaction, name: str) -> str:
    for n in range(1, COPIES_MAX):
        end = " (copy)" if n == 1 else f" (copy {n})"
        wanted = name[: parsing.NAME_CHARS_MAX - len(end)] + end
        if await store_editing.holder_of(tx, wanted) is None:
            return wanted
    raise Conflict("There are {most} copies of {name} already; give this one a name.", most=COPIES_MAX, name=name)


async def _changeable(tx: Transaction, id_or_name: str, if_revision: int | None) -> Kept:
    kept = await store_editing.lock(tx, id_or_name)
    _check(kept, if_revision)
    return kept


def _check(kept: Kept, if_revision: int | None, *, yours: Document | None = None) -> None:
    if if_revision is not None and if_revision != kept.revision:
        raise EditedMeanwhile(kept, yours)


def _not_archived(kept: Kept) -> None:
    if kept.archived_at is not None:
        raise Archived("The message {name} is archived: restore it first.", name=kept.name)


def _drafted(kept: Kept) -> Document:
    if kept.draft is None:
        raise NothingToPublish(
            "The message {name} has no draft: there is nothing that is not published.", name=kept.name
        )
    return kept.draft.written
