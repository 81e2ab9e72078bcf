"""What becomes of messages, on the timelines of those they went to: `kernel/engagement.py` has the names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from antiphon.kernel.db import Row
from antiphon.kernel.records import ProfileId
from antiphon.orchestration.records import Source

Entry = tuple[ProfileId, str, datetime, dict[str, str]]


def entry(name: str, delivery: Row, source: Source, at: datetime) -> Entry:
    return ProfileId(delivery["profile_id"]), name, at, properties_of(source)


def entries(said: Sequence[tuple[str, Row]], sources: Mapping[int, Source], at: datetime) -> list[Entry]:
    """Of many deliveries at one time, each with the event's name."""
    properties = {number: properties_of(source) for number, source in sources.items()}
    return [(ProfileId(row["profile_id"]), name, at, properties[row["source_id"]]) for name, row in said]


def properties_of(source: Source) -> dict[str, str]:
    """Rules ask for the source's name and its topic; without a topic there is none."""
    properties = {"source_id": str(source.id), "source": source.name}
    if source.topic:
        properties["topic"] = source.topic
    return properties
