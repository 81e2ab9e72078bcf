"""Notifications of one source that several numbers of one person have: one goes on, the others end as `merged`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from antiphon.kernel.records import NotificationId

TWIN = "another number of this person was told the same"


class Twin(Struct, frozen=True):
    """An open notification. `tried`: an attempt left. `live`: one is under way or queued."""

    id: NotificationId
    created_at: datetime
    tried: bool = False
    live: bool = False


def superfluous(twins: Iterable[Twin], *, told: bool) -> set[NotificationId]:
    """Those of one person and one source that must not go on. `told`: another number was told, and is done with it.

    Who was told is told nothing more. Else the one with an attempt goes on, else the older. What is under way cannot
    be taken back: it is left alone, and ends without a further attempt.
    """
    opened = sorted(twins, key=lambda t: (not t.live, not t.tried, t.created_at, t.id))
    return {twin.id for twin in (opened if told else opened[1:]) if not twin.live}
