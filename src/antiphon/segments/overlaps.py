"""How many people two segments share.

Members are compared as compressed bitmaps of the numbers that profiles were made by: the intersection of two sets of a
million takes milliseconds. They are kept in this process while the segment's tallies say that nobody came or went; the
truth stays in the table.
"""

from __future__ import annotations

from collections import OrderedDict
from weakref import WeakKeyDictionary

from pyroaring import BitMap

from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import SegmentId
from antiphon.segments import resolve
from antiphon.segments.records_asked import Overlap
from antiphon.segments.store import overlapping as store
from antiphon.segments.store import registry
from antiphon.segments.store.overlapping import Marker

KEPT_BYTES_MAX = 64 * 2**20


class _Kept:
    """The bitmaps that were asked for last, by segment, each with the marker of its state."""

    def __init__(self) -> None:
        self.maps: OrderedDict[SegmentId, tuple[Marker, BitMap, int]] = OrderedDict()
        self.bytes = 0

    def get(self, segment: SegmentId, marker: Marker) -> BitMap | None:
        found = self.maps.get(segment)
        if found is None or found[0] != marker:
            return None
        self.maps.move_to_end(segment)
        return found[1]

    def put(self, segment: SegmentId, marker: Marker, members: BitMap) -> None:
        if segment in self.maps:
            self.bytes -= self.maps.pop(segment)[2]
        size = len(members.serialize())
        self.maps[segment] = (marker, members, size)
        self.bytes += size
        while self.bytes > KEPT_BYTES_MAX and self.maps:
            _, (_, _, gone) = self.maps.popitem(last=False)
            self.bytes -= gone


_kept: WeakKeyDictionary[Database, _Kept] = WeakKeyDictionary()


async def overlaps(tx: Transaction, id_or_name: str) -> list[Overlap]:
    """With every other live segment, the largest overlap first."""
    segment = await resolve.get(tx, id_or_name)
    markers = await store.markers(tx)
    mine = await _members(tx, segment.id, markers.get(segment.id))
    found = []
    for other in await registry.list_all(tx):
        if other.id != segment.id and other.state == "live":
            theirs = await _members(tx, other.id, markers.get(other.id))
            both = mine.intersection_cardinality(theirs)
            shares = (both / len(each) if each else 0.0 for each in (mine, theirs))
            found.append(Overlap(other.id, other.name, len(theirs), both, *(round(share, 4) for share in shares)))
    return sorted(found, key=lambda each: (-each.both, each.name))


async def _members(tx: Transaction, segment: SegmentId, marker: Marker | None) -> BitMap:
    """The marker is read before the members: what changes in between is read again the next time."""
    if marker is None:  # nobody ever came
        return BitMap()
    kept = _kept.setdefault(tx.database, _Kept())
    members = kept.get(segment, marker)
    if members is None:
        members = BitMap(await store.numbers(tx, segment))
        kept.put(segment, marker, members)
    return members
