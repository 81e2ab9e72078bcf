"""Where people may live and when they want quiet, as far as they, their devices and their numbers say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.orchestration.jurisdictions import BY_TELEPHONE
from antiphon.orchestration.records import Reach
from antiphon.orchestration.store.base import queries
from antiphon.orchestration.zones import Traces, regions_of, zones_of

Quiet = tuple[str, str] | None
_QUIET = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d) ?[-–] ?((?:[01]\d|2[0-3]):[0-5]\d)")

PHONES_MAX = 20
"""Of so many numbers of a person it is asked where they may be."""


class Where(Struct, frozen=True):
    """The zones in which somebody may live, empty where nothing is known, the regions whose law counts, and their own
    quiet hours."""

    zones: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    quiet: Quiet = None


NOWHERE = Where()


async def whereabouts(
    tx: Transaction, people: Sequence[ProfileId], reach: Mapping[int, Sequence[Reach]]
) -> dict[int, Where]:
    found: dict[int, Where] = dict.fromkeys(people, NOWHERE)
    for row in await queries.rows(tx, "read_traces", profiles=list(people)):
        phones = [r.value for r in reach.get(row["id"], ()) if r.channel in BY_TELEPHONE]
        traces = Traces(
            timezone=row["timezone"],
            device_timezone=row["device_timezone"],
            country=row["country"],
            state=row["state"],
            phones=tuple(phones[:PHONES_MAX]),
        )
        found[row["id"]] = _where(traces, row["quiet_hours"])
    return found


@lru_cache(maxsize=20_000)
def _where(traces: Traces, quiet_hours: str | None) -> Where:
    """Where nothing differs, nothing is worked out twice. What cannot be read as hours is none."""
    said = _QUIET.fullmatch(quiet_hours.strip()) if quiet_hours else None
    quiet = (said[1], said[2]) if said else None
    return Where(zones_of(traces, ""), regions_of(traces), quiet)
