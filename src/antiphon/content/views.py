"""Messages as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.content import parsing
from antiphon.content.records import Card, Draft, Kept, State, Version
from antiphon.kernel.errors import Flaw

Document = dict[str, Any]  # Any: a message as it was written, see docs/howto/write-a-message.md


class MessageCard(Struct):
    """`version`: the newest that was published, 0 before there is one. `has_draft`: something is not published yet.

    `topic`, `channels` and `locales` are those of the newest version; of the draft before there is one. `updated_by`:
    `staff:` or `key:` and a number.
    """

    id: str
    name: str
    state: State
    version: int
    has_draft: bool
    topic: str
    channels: list[str]
    locales: list[str]
    created_at: datetime
    updated_at: datetime
    updated_by: str


class MessageList(Struct):
    """What was changed last stands first. `cursor` is null on the last page."""

    messages: list[MessageCard]
    cursor: str | None


class DraftView(Struct):
    """`document` as it was typed; `problems`: why it cannot be published yet. `based_on`: the version it began from."""

    document: Document
    based_on: int
    updated_at: datetime
    updated_by: str
    problems: list[Flaw]


class MessageView(MessageCard, kw_only=True):
    """`document`: the newest version as it was written, null before there is one. `revision` grows with every change:
    give it back as `if_revision`, so that nobody's work is written over."""

    revision: int
    published_at: datetime | None
    document: Document | None
    draft: DraftView | None


class VersionView(Struct):
    version: int
    published_at: datetime
    published_by: str


class VersionList(Struct):
    """The newest first. `cursor` is null on the last page."""

    versions: list[VersionView]
    cursor: str | None


class VersionPage(VersionView, kw_only=True):
    document: Document


class Theirs(Struct):
    """What is there now: the draft, or the newest version where there is none."""

    revision: int
    version: int
    is_draft: bool
    document: Document
    updated_at: datetime
    updated_by: str


class Clash(Struct):
    """Problem details (RFC 9457) of `edited_meanwhile`, with both texts. `yours` is null where none was sent."""

    type: str
    title: str
    status: int
    code: str
    errors: list[Flaw] = []
    theirs: Theirs | None = None
    yours: Document | None = None


def card_view(card: Card) -> MessageCard:
    return MessageCard(**_fields(card))


def message_view(kept: Kept) -> MessageView:
    return MessageView(
        **_fields(kept),
        revision=kept.revision,
        published_at=kept.published_at,
        document=None if kept.written is None else {**kept.written, "name": kept.name},
        draft=_draft_view(kept, kept.draft) if kept.draft is not None else None,
    )


def version_view(version: Version) -> VersionView:
    return VersionView(version.version, version.published_at, version.by)


def version_page(version: Version, document: Document) -> VersionPage:
    return VersionPage(version.version, version.published_at, version.by, document=document)


def theirs(kept: Kept) -> Theirs:
    return Theirs(kept.revision, kept.version, kept.draft is not None, kept.text, kept.changed_at, kept.by)


def _fields(card: Card) -> dict[str, Any]:
    return {
        "id": str(card.id),
        "name": card.name,
        "state": card.state,
        "version": card.version,
        "has_draft": card.has_draft,
        "topic": card.topic,
        "channels": card.channels,
        "locales": card.locales,
        "created_at": card.created_at,
        "updated_at": card.changed_at,
        "updated_by": card.by,
    }


def _draft_view(kept: Kept, draft: Draft) -> DraftView:
    problems = parsing.read(kept.text)[1]
    return DraftView(kept.text, draft.based_on, draft.changed_at, draft.by, problems)
