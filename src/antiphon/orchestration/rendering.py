"""From a delivery to what leaves: bodies are made then and never stored; the message version and the variables are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from antiphon import content
from antiphon.kernel import gsm7, settings
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.errors import Problem
from antiphon.kernel.records import Channel, DeliveryId, Outgoing, Purpose, SmsBody
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import store
from antiphon.orchestration.habits import sender_of
from antiphon.orchestration.records import Source
from antiphon.orchestration.variables import locale_of, variables_of
from antiphon.orchestration.zones import region_near

log = structlog.get_logger()

Write = Callable[[Row], Outgoing]
Sources = Mapping[int, Source]


class Rendered:
    """A delivery with what it needs to leave; `problem` where it cannot."""

    __slots__ = ("outgoing", "problem", "row", "source")

    def __init__(self, row: Row, source: Source, outgoing: Outgoing | None, problem: str = "") -> None:
        self.row, self.source, self.outgoing, self.problem = row, source, outgoing, problem

    @property
    def units(self) -> int:
        """What is paid for: an SMS in several parts counts so many times."""
        body = self.outgoing.body if self.outgoing is not None else None
        return gsm7.segments(body.text) if isinstance(body, SmsBody) else 1


async def render(runtime: Runtime, tx: Transaction, rows: Sequence[Row], sources: Sources) -> list[Rendered]:
    """`rows` of `read_for_render`."""
    if not rows:
        return []
    now = await settings.read(tx)
    needed = {row["source_id"] for row in rows}
    versions = await content.versions(tx, {(sources[i].message, sources[i].version) for i in needed})
    writers: dict[int, Write] = {}
    for i in needed:
        source = sources[i]
        writers[i] = _writer_or_why(runtime, source, versions[source.message, source.version], now, at=tx.now)
    return [_render_one(row, sources[row["source_id"]], writers[row["source_id"]]) for row in rows]


def _render_one(row: Row, source: Source, write: Write) -> Rendered:
    try:
        return Rendered(row, source, write(row))
    except Problem as problem:
        return Rendered(row, source, None, str(problem))
    except Exception as error:  # one person's data must not hold up everybody else's
        log.exception("delivery.render_failed", delivery=row["id"])
        return Rendered(row, source, None, type(error).__name__)


def _writer_or_why(
    runtime: Runtime, source: Source, message: content.Message, now: settings.Settings, *, at: datetime
) -> Write:
    """A message whose brand is gone goes to nobody: each of its deliveries says why."""
    try:
        return _writer(runtime, source, message, now, at=at)
    except settings.UnknownBrand as unknown:
        why = unknown

    def refuse(_row: Row) -> Outgoing:
        raise why

    return refuse


def _writer(
    runtime: Runtime, source: Source, message: content.Message, now: settings.Settings, *, at: datetime
) -> Write:
    """Writes the deliveries of one source: what is the same for all of them is put together once."""
    sign = runtime.signer.sign
    own = now.as_brand(message.brand)
    brand = content.brand_of(own)
    feedback_id = f"{source.id}:{source.kind}:antiphon"

    def write(row: Row) -> Outgoing:
        delivery, channel = DeliveryId(row["id"]), row["channel"]
        traits = row["traits"] or {}
        body = content.render(
            message,
            channel=Channel(channel),
            locale=locale_of(traits),
            variant=row["variant"],
            variables=variables_of(traits, row["accounts"] or (), row["variables"] or {}, at=at),
            addressing=content.Addressing(
                base_url=runtime.base_url,
                sign=sign,
                delivery=delivery,
                brand=brand,
                sender=sender_of(own, channel, region_near(row["address"]) if channel == "sms" else None),
                sender_name=own.brand_name,
                reply_to=own.reply_to,
                feedback_id=feedback_id,
                automatic=source.purpose is Purpose.SYSTEM,
                preferences=True,
            ),
        )
        return Outgoing(
            delivery=delivery,
            token=sign("m", delivery),
            to=row["address"],
            body=body,
            deadline_wall=0.0,
            details=row["details"] or {},
            expires_at=row["expires_at"],
        )

    return write


async def read(tx: Transaction, deliveries: Sequence[DeliveryId]) -> tuple[list[Row], dict[int, Source]]:
    """What rendering needs of each; who was erased meanwhile has none."""
    rows = await store.read_for_render(tx, deliveries)
    return rows, await store.read_sources(tx, {row["source_id"] for row in rows})
