"""What became of deliveries says something of their addresses: where it arrives and is read, where it fails or nobody
is there any more, whose owner wants nothing more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from antiphon import channels, metrics, profiles
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, ProviderId, Purpose
from antiphon.orchestration import store
from antiphon.orchestration.changing import Change
from antiphon.orchestration.records import Source


async def teach(
    tx: Transaction,
    failed: Sequence[tuple[Row, str | None]],
    *,
    arrived: Sequence[Row] = (),
    seen: Sequence[tuple[Row, str]] = (),
) -> None:
    """Deliveries that failed, each with its class; that arrived; that a person opened, each with the device."""
    await profiles.note_outcomes(
        tx,
        delivered=[_place(row) for row in arrived],
        failed=[(*_place(row), why == "address") for row, why in failed if why in ("address", "temporary")],
        seen=[(*_place(row), device) for row, device in seen],
    )
    unwilling: dict[str, list[str]] = defaultdict(list)
    for row, why in failed:
        if why == "optout" and row["address"]:  # none: its owner was erased
            unwilling[row["channel"]].append(row["address"])
    for channel, addresses in unwilling.items():
        await profiles.opt_out(tx, channel, addresses, how="provider")


def _place(row: Row) -> tuple[ProfileId, str, str]:
    return ProfileId(row["profile_id"]), row["channel"], row["address"] or ""  # empty: its owner was erased


async def learn(tx: Transaction, changes: Sequence[Change], sources: Mapping[int, Source]) -> None:
    """How people answer, and how providers deliver."""
    failed = [_message(change, sources) for change in changes if change.undelivered]
    arrived = [_message(change, sources) for change in changes if change.delivered_after_all]
    await metrics.note_undelivered(tx, failed)
    await metrics.note_sent(tx, arrived)
    answers = [(change, at) for change in changes if (at := change.answered_at) is not None]
    if answers:
        zones = await store.delivering.read_zones(tx, {change.row["profile_id"] for change, _ in answers})
        await metrics.note_answered(
            tx,
            [
                (*_message(change, sources), at, _hour(at, zones.get(change.row["profile_id"])))
                for change, at in answers
            ],
        )
    told = [(change.row["provider_id"], said) for change in changes if (said := change.told_by_provider()) is not None]
    await channels.note_receipts(
        tx, [(ProviderId(provider), "delivered" if ok else "failed", after_s) for provider, (ok, after_s) in told]
    )


def _hour(at: datetime, zone: str | None) -> int | None:
    return at.astimezone(ZoneInfo(zone)).hour if zone is not None else None


def _message(change: Change, sources: Mapping[int, Source]) -> tuple[ProfileId, str, Purpose]:
    row = change.row
    return ProfileId(row["profile_id"]), row["channel"], sources[row["source_id"]].purpose
