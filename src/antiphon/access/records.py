"""What this part says about keys. A clear key is in no record: it is shown once, when it is made."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NewType

from msgspec import Struct

KeyId = NewType("KeyId", int)
Scope = Literal["write", "read", "admin"]
"""Each may do what those before it may. `write` sends events in and reads nothing: it stands in public web pages."""

SCOPES: tuple[Scope, ...] = ("write", "read", "admin")


class Key(Struct, frozen=True):
    id: KeyId
    name: str
    scope: Scope
    created_at: datetime
    revoked_at: datetime | None = None
