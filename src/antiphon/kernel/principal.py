"""Who asks: set by the guard of the web process, read by whoever writes down who did something."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.kernel.permissions import Permission

ActorKind = Literal["staff", "key", "command", "nobody"]


class Principal(Struct, frozen=True):
    """`id`: of the colleague or the key. `session`: of a colleague's browser."""

    kind: ActorKind
    id: int | None
    name: str
    may: frozenset[Permission]
    session: int | None = None

    def by(self) -> str:
        """As records name who made them: `staff:12`, `key:3`."""
        return self.kind if self.id is None else f"{self.kind}:{self.id}"
