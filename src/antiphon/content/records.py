"""A message as whoever edits it sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from antiphon.kernel.records import MessageId

State = Literal["draft", "published", "archived"]


class Draft(Struct, frozen=True):
    """What a message may become, as it was typed. `based_on`: the version that was the newest when it was begun."""

    written: dict[str, Any]
    based_on: int
    by: str
    changed_at: datetime


class Card(Struct, frozen=True, kw_only=True):
    """A message in the list. `version`: the newest that was published, 0 before there is one."""

    id: MessageId
    name: str
    version: int
    topic: str
    channels: list[str]
    locales: list[str]
    created_at: datetime
    changed_at: datetime
    by: str
    archived_at: datetime | None
    has_draft: bool

    @property
    def state(self) -> State:
        if self.archived_at is not None:
            return "archived"
        return "published" if self.version else "draft"


class Kept(Card, frozen=True, kw_only=True):
    """`revision` grows with every change. `written`: the newest version as its author wrote it."""

    revision: int
    published_at: datetime | None
    written: dict[str, Any] | None
    draft: Draft | None

    @property
    def text(self) -> dict[str, Any]:
        """What is edited further: the draft, else the newest version; under the name that it has now."""
        written = self.draft.written if self.draft else self.written or {}
        return {**written, "name": self.name}


class Version(Struct, frozen=True):
    version: int
    by: str
    published_at: datetime
