"""Places under the caps, as a person's row holds them: when, and one number that says of which source on which channel.

The number is source << 5 | further << 4 | channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from antiphon.kernel.records import Channel, SourceId
from antiphon.orchestration.records import Place, Source

CHANNELS = tuple(Channel)
_NUMBERS = {channel.value: number for number, channel in enumerate(CHANNELS)}


def pack(place: Place) -> int:
    return place.source << 5 | place.further << 4 | _NUMBERS[place.channel]


def source_of(packed: int) -> SourceId:
    return SourceId(packed >> 5)


def unpack(at: Sequence[datetime], packed: Sequence[int], sources: Mapping[int, Source]) -> list[Place]:
    """The oldest first. What a source that is gone by now had said still counts, of no topic."""
    places = [
        Place(
            at=when,
            source=source_of(number),
            topic=sources[number >> 5].topic if number >> 5 in sources else "",
            channel=CHANNELS[number & 15].value,
            further=bool(number >> 4 & 1),
        )
        for when, number in zip(at, packed, strict=True)
    ]
    return sorted(places, key=lambda place: place.at)
