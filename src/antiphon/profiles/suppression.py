"""Opt-outs of people who were erased: kept so that they hold when the address comes back, and name nobody till then.

A digest is HMAC-SHA256 of (channel, value) under a key of this installation, its first 16 bytes. Without the key
nobody can try addresses against it; with it one can, which is what it is for.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from uuid import UUID

from antiphon.kernel import outlet
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileChange
from antiphon.kernel.secrets import secrets_of
from antiphon.profiles import store

Addresses = Collection[tuple[str, str]]
"""(channel, value) each, in their stored form."""


async def on_new_addresses(tx: Transaction, addresses: Addresses) -> None:
    """Opts out at once what was opted out when its owner was erased. Call it after the addresses were written.

    While there is no suppression at all it costs one look and no hash.
    """
    if not addresses:
        return
    # A statement of its own: the next one must see what an erasure committed while we waited for it.
    await store.erasure.share_suppressions(tx)
    if not await store.erasure.any_suppression(tx):
        return
    by_digest = {digest: address for address, digest in (await _digests(tx, addresses)).items()}
    taken = await store.erasure.take_suppressions(tx, sorted(by_digest), scope="everything")
    if taken:
        back = [by_digest[row["digest"]] for row in taken]
        await store.erasure.restore_opt_outs(tx, back, taken)
        await _tell(tx, back)


async def lift(tx: Transaction, addresses: Addresses, *, scope: str) -> None:
    """They may be written to again, for their owner says so: an opt-in that comes before the address itself.

    `marketing` leaves those of everything.
    """
    if addresses and await store.erasure.any_suppression(tx):
        digests = sorted((await _digests(tx, addresses)).values())
        await store.erasure.take_suppressions(tx, digests, scope=scope)


async def suppress(tx: Transaction, addresses: Addresses) -> int:
    """The opt-outs of these addresses become suppressions; not those that somebody else has too, who is told nothing.

    How many. It holds up whoever brings new addresses until the transaction ends: call it last.
    """
    await store.erasure.hold_suppressions(tx)
    opt_outs = await store.erasure.opt_outs_of_nobody_else(tx, addresses)
    if opt_outs:
        digests = await _digests(tx, [(row["channel"], row["value"]) for row in opt_outs])
        await store.erasure.suppress(tx, opt_outs, [digests[row["channel"], row["value"]] for row in opt_outs])
    return len(opt_outs)


async def _digests(tx: Transaction, addresses: Addresses) -> dict[tuple[str, str], UUID]:
    key = (await secrets_of(tx)).derive("suppression")
    return {
        (channel, value): UUID(bytes=hmac.digest(key, f"{channel}\0{value}".encode(), "sha256")[:16])
        for channel, value in addresses
    }


async def _tell(tx: Transaction, addresses: Addresses) -> None:
    for channel in sorted({channel for channel, _ in addresses}):
        values = sorted(value for named, value in addresses if named == channel)
        holders = await store.consent.holders(tx, channel, values)
        people = sorted({holder for holder, _ in holders})
        await outlet.publish(tx, [ProfileChange(person, "opt_out", (channel,)) for person in people])
