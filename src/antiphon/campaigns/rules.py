"""Who is in the pilot, which variant a person gets, how an audience is cut: no chance, only hashes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

CHUNKS_MAX = 32
CHUNK_PEOPLE = 2_000
ID_MAX = 2**63 - 1


def share_of(campaign: int, profile: int) -> float:
    """Where a person stands in a campaign, 0 to 1: the same person stands elsewhere in the next one."""
    return zlib.crc32(b"pilot:%d:%d" % (campaign, profile)) / 2**32


def in_pilot(campaign: int, profile: int, share: float) -> bool:
    return share_of(campaign, profile) < share


def variant_of(campaign: int, profile: int, variants: Sequence[str]) -> str:
    """The base message is a variant too, named by nothing: equal shares."""
    if not variants:
        return ""
    every = ["", *sorted(variants)]
    return every[zlib.crc32(b"variant:%d:%d" % (campaign, profile)) % len(every)]


def ranges(first: int, last: int, people: int) -> list[tuple[int, int]]:
    """Equal ranges of profile ids; the last is open, for who joins while the campaign runs."""
    n = max(1, min(CHUNKS_MAX, people // CHUNK_PEOPLE))
    step = max(1, (last - first + 1) // n)
    starts = [first + step * i for i in range(n)]
    return list(zip([0, *starts[1:]], [*starts[1:], ID_MAX], strict=True))
