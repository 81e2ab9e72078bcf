"""What decisions read, kept so that they can be made again: packed small, for there are many."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import NotificationId, ProfileId, bucket_of
from antiphon.orchestration.records import PersonCase, Policy
from antiphon.orchestration.store.base import queries

_WORDS = (
    b"expires_at variant waited is_new told_elsewhere attempts seen number created_at failover_on definite "
    b"silence state running prefer silence_s terms priority inside outside better_than follow send_at give_up_s "
    b"cost_max budget explore units templates kind campaign api name message version topic purpose channels "
    b"email sms push transactional notifications reach counts hours zones Europe/ America/ regions places quiet "
    b"groups held preferences told moving channel value opted_out marketing everything dead windowed window "
    b"sent answered at source further basis consent confirmed paused_until limit_count limit_s address wanted "
    b"unwanted profile id shared money "
)
"""Names that every case has: deflate finds them here instead of in the case."""

_encoder = msgspec.msgpack.Encoder()
_cases = msgspec.msgpack.Decoder(PersonCase)
_policies = msgspec.msgpack.Decoder(Policy)


class Kept(Struct, frozen=True):
    """A decision as it was: `case` and `policy` at `at` are all that it read."""

    at: datetime
    case: PersonCase
    policy: Policy


async def keep(tx: Transaction, cases: Sequence[PersonCase], policy: Policy) -> None:
    if not cases:
        return
    packed = _encoder.encode(policy)
    digest = blake2b(packed, digest_size=16).digest()
    await queries.run(tx, "insert_policy", digest=digest, policy=zlib.compress(packed, 6))
    await queries.run(
        tx,
        "insert_inputs",
        policy=digest,
        profiles=[case.profile for case in cases],
        notifications=[",".join(str(n.id) for n in case.notifications) for case in cases],
        inputs=[_pack(case) for case in cases],
    )


async def read(
    tx: Transaction, notification: NotificationId, people: Sequence[ProfileId], *, limit: int = 50
) -> list[Kept]:
    """The newest first. `people`: whoever it may have been decided for, in one bucket each."""
    found: list[Kept] = []
    for bucket in sorted({bucket_of(person) for person in people}):
        rows = await queries.rows(
            tx, "read_inputs", bucket=bucket, profiles=list(people), notification=notification, limit=limit
        )
        found += [
            Kept(row["at"], _unpack(row["inputs"]), _policies.decode(zlib.decompress(row["policy"]))) for row in rows
        ]
    return sorted(found, key=lambda kept: kept.at, reverse=True)[:limit]


async def trim(tx: Transaction, before: datetime, *, limit: int) -> int:
    """How many went; the policies that nothing names any more go with the last of them."""
    gone = await queries.run(tx, "trim_inputs", before=before, limit=limit)
    if gone < limit:
        await queries.run(tx, "trim_policies", before=before)
    return gone


async def erase(tx: Transaction, people: Sequence[ProfileId]) -> None:
    await queries.run(tx, "erase_inputs", profiles=list(people))


def _pack(case: PersonCase) -> bytes:
    deflate = zlib.compressobj(level=6, wbits=-15, zdict=_WORDS)
    return deflate.compress(_encoder.encode(case)) + deflate.flush()


def _unpack(packed: bytes) -> PersonCase:
    inflate = zlib.decompressobj(wbits=-15, zdict=_WORDS)
    return _cases.decode(inflate.decompress(packed) + inflate.flush())
