"""What is known of who belongs together: identifiers, what was named together, what was decided, numbers."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Node(Struct, frozen=True):
    """An identifier. `shared`: it is known to be everybody's, whatever its links say."""

    id: int
    kind: str
    value: str
    verified: bool = False
    shared: bool = False


class Link(Struct, frozen=True):
    """Somebody named both together; event times. `manual`: a verdict says that they are one."""

    one: int
    other: int
    first_at: datetime
    last_at: datetime
    manual: bool = False


class Verdict(Struct, frozen=True):
    """What a person decided about two identifiers. The latest of a pair counts."""

    one: int
    other: int
    same: bool
    at: datetime


class Number(Struct, frozen=True):
    """A profile number: live, or an alias that leads to `leads_to`."""

    id: int
    anchor: int
    leads_to: int | None = None
