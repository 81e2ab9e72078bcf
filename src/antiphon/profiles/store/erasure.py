"""What erasures read and delete, and the suppressions that outlive them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.due import DueTable
from antiphon.kernel.records import ProfileId, bucket_of, directory_bucket
from antiphon.profiles.store.base import queries

ERASURES = DueTable("erasure", key={"bucket": "smallint", "profile_id": "bigint"}, columns=("keep_counts",))

_BY_IDENTIFIER = ("erase_links", "erase_verdicts", "erase_identity_due")
_BY_NUMBER = (
    "erase_event_sums",
    "erase_told",
    "erase_trait_changes",
    "erase_words",
    "erase_addresses",
    "erase_preferences",
    "erase_consents",
    "erase_identifiers",
    "erase_aliases",
    "erase_profiles",
    "erase_move_due",
)
"""All but the events, of which there may be many."""


async def numbers(tx: Transaction, profile: ProfileId) -> list[ProfileId]:
    return [ProfileId(row["id"]) for row in await queries.rows(tx, "erasure_numbers", profile=profile)]


async def lock(tx: Transaction, ids: Sequence[ProfileId]) -> list[Row]:
    """Directory, then profiles: the order of all who write there. Answers the identifiers: id, kind, value."""
    identifiers = await queries.rows(tx, "erasure_lock_identifiers", ids=list(ids))
    await queries.rows(tx, "erasure_lock_profiles", ids=list(ids))
    return identifiers


async def hold_identity(tx: Transaction) -> None:
    """Nobody is merged or parted until the transaction ends. Before any other lock, as identity does."""
    await queries.run(tx, "hold_identity")


async def names(tx: Transaction, ids: Sequence[ProfileId]) -> list[Row]:
    """Their identifiers without a lock: id, kind, value."""
    return await queries.rows(tx, "erasure_names", ids=list(ids))


async def addresses(tx: Transaction, ids: Sequence[ProfileId]) -> list[tuple[str, str]]:
    return [(row["channel"], row["value"]) for row in await queries.rows(tx, "erasure_addresses", ids=list(ids))]


async def is_moving(tx: Transaction, ids: Sequence[ProfileId]) -> bool:
    return bool(await queries.value(tx, "erasure_is_moving", ids=list(ids)))


async def is_undecided(tx: Transaction, ids: Sequence[ProfileId]) -> bool:
    return bool(await queries.value(tx, "erasure_is_undecided", ids=list(ids)))


async def written(tx: Transaction) -> dict[str, tuple[int, int]]:
    """Rows deleted and updated by table, in this transaction and perhaps some before it: take the difference."""
    rows = await queries.rows(tx, "erasure_written")
    return {row["name"]: (row["deleted"], row["updated"]) for row in rows}


async def delete_events(tx: Transaction, ids: Sequence[ProfileId], *, limit: int) -> int:
    """The oldest of each number, at most `limit` in all but for those of one instant."""
    gone = 0
    for id in ids:
        if gone < limit:
            gone += await queries.run(tx, "erase_events", bucket=bucket_of(id), profile=id, limit=limit - gone)
    return gone


async def delete(tx: Transaction, ids: Sequence[ProfileId], identifiers: Sequence[int]) -> None:
    """Everything of these numbers but their events and what speaks of them in `refused_event`."""
    await queries.run(tx, "allow_erasing")
    for name in _BY_IDENTIFIER if identifiers else ():
        await queries.run(tx, name, identifiers=list(identifiers))
    for name in _BY_NUMBER:
        await queries.run(tx, name, ids=list(ids))
    await _delete_belongings(tx, ids)


async def _delete_belongings(tx: Transaction, ids: Sequence[ProfileId]) -> None:
    rows = await queries.rows(tx, "erase_belongings", ids=list(ids))
    keys = sorted({row["account"] for row in rows})
    if keys:
        buckets = [directory_bucket("account", key) for key in keys]
        await queries.run(tx, "erase_empty_accounts", buckets=buckets, keys=keys)


async def delete_refused(tx: Transaction, *, parts: Sequence[str], words: Sequence[str], digits: Sequence[str]) -> None:
    """`parts` anywhere in the text, `words` are regular expressions, `digits` anywhere among the digits of it."""
    await queries.run(tx, "erase_refused", parts=list(parts), words=list(words), digits=list(digits))


async def hold_suppressions(tx: Transaction) -> None:
    await queries.run(tx, "hold_suppressions")


async def share_suppressions(tx: Transaction) -> None:
    await queries.run(tx, "share_suppressions")


async def any_suppression(tx: Transaction) -> bool:
    return bool(await queries.value(tx, "any_suppression"))


async def opt_outs_of_nobody_else(tx: Transaction, addresses: Collection[tuple[str, str]]) -> list[Row]:
    return await queries.rows(
        tx,
        "erasure_opt_outs",
        channels=sorted({channel for channel, _ in addresses}),
        values=sorted({value for _, value in addresses}),
    )


async def suppress(tx: Transaction, opt_outs: Sequence[Row], digests: Sequence[UUID]) -> None:
    """Opt-outs become suppressions; `digests` in their order."""
    await queries.run(
        tx,
        "add_suppressions",
        buckets=[digest.bytes[0] for digest in digests],
        digests=list(digests),
        times=[row["at"] for row in opt_outs],
        hows=[row["how"] for row in opt_outs],
        scopes=[row["scope"] for row in opt_outs],
    )
    await queries.run(
        tx,
        "erase_opt_outs",
        buckets=[directory_bucket(row["channel"], row["value"]) for row in opt_outs],
        channels=[row["channel"] for row in opt_outs],
        values=[row["value"] for row in opt_outs],
    )


async def take_suppressions(tx: Transaction, digests: Collection[UUID], *, scope: str) -> list[Row]:
    """Those that there were, with digest, at and scope. `marketing` leaves those of everything."""
    return await queries.rows(
        tx, "take_suppressions", buckets=[digest.bytes[0] for digest in digests], digests=list(digests), scope=scope
    )


async def restore_opt_outs(tx: Transaction, addresses: Sequence[tuple[str, str]], taken: Sequence[Row]) -> None:
    """`taken` in the order of the addresses."""
    await queries.run(
        tx,
        "restore_opt_outs",
        buckets=[directory_bucket(channel, value) for channel, value in addresses],
        channels=[channel for channel, _ in addresses],
        values=[value for _, value in addresses],
        times=[row["at"] for row in taken],
        scopes=[row["scope"] for row in taken],
    )


async def add(tx: Transaction, ids: Sequence[ProfileId], *, keep_counts: bool) -> None:
    await queries.run(tx, "add_erasures", ids=list(ids), keep_counts=keep_counts)


async def newest(tx: Transaction) -> datetime | None:
    found: datetime | None = await queries.value(tx, "newest_erasure")
    return found


async def ready(tx: Transaction, ids: Sequence[ProfileId], *, last_after: timedelta) -> list[Row]:
    """profile_id, keep_counts, is_last of those whose contemporaries have ended."""
    return await queries.rows(tx, "erasures_ready", ids=list(ids), last_after=last_after)


async def erased_among(tx: Transaction, ids: Iterable[ProfileId]) -> set[ProfileId]:
    return {ProfileId(row["profile_id"]) for row in await queries.rows(tx, "erased_among", ids=list(ids))}


async def note_looks(tx: Transaction, ids: Sequence[ProfileId]) -> None:
    await queries.run(tx, "note_looks", ids=list(ids))


async def come_back(tx: Transaction, ids: Sequence[ProfileId]) -> None:
    """They are due again at once."""
    await queries.run(tx, "look_at_erasures_again", ids=list(ids))
