"""Who is in the pilot, which variant a person gets, how an audience is cut: no chance, only hashes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from antiphon.kernel.digits import ID_MAX

CHUNKS_MAX = 32
CHUNK_PEOPLE = 2_000


def share_of(campaign: int, profile: int) -> float:
    """Where a person stands in a campaign, 0 to 1: the same person stands elsewhere in the next one."""
    return _hash(b"pilot:%d:%d" % (campaign, profile)) / 2**64


def in_pilot(campaign: int, profile: int, share: float) -> bool:
    return share_of(campaign, profile) < share


def variant_of(campaign: int, profile: int, variants: Sequence[str]) -> str:
    """The base message is a variant too, named by nothing: equal shares."""
    if not variants:
        return ""
    every = ["", *sorted(variants)]
    return every[_hash(b"variant:%d:%d" % (campaign, profile)) % len(every)]


def _hash(key: bytes) -> int:
    """Not a CRC: it is linear, so that half of all campaigns would have the same people in their pilots."""
    return int.from_bytes(blake2b(key, digest_size=8).digest())


def ranges(first: int, last: int, people: int) -> list[tuple[int, int]]:
    """Equal ranges of profile ids; the last is open, for who joins while the campaign runs."""
    n = max(1, min(CHUNKS_MAX, people // CHUNK_PEOPLE))
    step = max(1, (last - first + 1) // n)
    starts = [first + step * i for i in range(n)]
    return list(zip([0, *starts[1:]], [*starts[1:], ID_MAX], strict=True))
