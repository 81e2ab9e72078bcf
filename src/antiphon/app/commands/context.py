"""Which installation a command is for, and how it answers."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from antiphon.app.opening import Place


@dataclass(frozen=True)
class Invocation:
    """`database` (a DSN) goes before `data`, the folder with a server of our own."""

    data: Path = Path("antiphon-data")
    database: str | None = None
    json: bool = False

    @property
    def place(self) -> Place:
        from antiphon.app.opening import Place

        return Place(self.data, self.database)


_NOTHING = Invocation()
current: ContextVar[Invocation] = ContextVar("invocation", default=_NOTHING)
