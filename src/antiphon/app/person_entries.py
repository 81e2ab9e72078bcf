"""What stands on a timeline, as data: a key of a sentence with its values, and what else there is to show. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from antiphon.channels import Written
from antiphon.kernel import engagement
from antiphon.kernel.records import Channel, ProfileId
from antiphon.orchestration.asking import NotificationView
from antiphon.profiles import Consent, RecordedEvent
from antiphon.segments.store.of_person import Move

Kind = Literal["event", "receipt", "message", "inbound", "consent", "segment", "identity"]
CHANNELS = tuple(str(channel) for channel in Channel)

OURS = frozenset({*engagement.EVENTS.values(), *engagement.MACHINE.values()})
"""Events that we record of our own messages: what was sent, delivered and replied is told by the message itself."""

_TOLD = ("opened", "clicked")
RECEIPTS: dict[str, tuple[str, str, bool]] = {
    **{name: (what, channel, False) for (what, channel), name in engagement.EVENTS.items() if what in _TOLD},
    **{name: (what, channel, True) for (what, channel), name in engagement.MACHINE.items()},
}
"""By name: what was done, on which channel, and whether by a machine."""


class Link(Struct, frozen=True):
    """What it leads to: `notification`, `segment` or `profile`, and its id."""

    kind: str
    id: str


class Entry(Struct, frozen=True):
    """`title_key` with `values` is a sentence in the reader's language; `detail` is by kind."""

    kind: Kind
    id: str
    at: datetime
    title_key: str
    values: dict[str, str]
    channel: str | None = None
    link: Link | None = None
    detail: dict[str, Any] = {}  # Any: JSON


def of_event(one: RecordedEvent) -> Entry:
    detail = {"received_at": one.received_at, "properties": one.properties or {}}
    return Entry("event", "", one.at, "timeline.event", {"name": one.name}, detail=_plain(detail))


def of_receipt(one: RecordedEvent) -> Entry:
    what, channel, by_machine = RECEIPTS[one.name]
    properties = one.properties or {}
    key = f"timeline.receipt.{what}" + ("_by_machine" if by_machine else "")
    values = {"channel": channel, "source": str(properties.get("source", ""))}
    return Entry(
        "receipt", "", one.at, key, values, channel, detail=_plain({"properties": properties, "machine": by_machine})
    )


def of_message(one: NotificationView) -> Entry:
    decision = one.decision or {}
    detail = {
        "state": one.state,
        "reason": one.reason,
        "variant": one.variant,
        "expires_at": one.expires_at,
        "deliveries": one.deliveries,
    }
    values = {"source": one.source, "source_kind": one.source_kind, "state": one.state, "reason": one.reason or ""}
    key = f"timeline.message.{one.state}"
    shown = {**_plain(detail), "because": decision.get("because", "")}
    return Entry("message", one.id, one.created_at, key, values, one.channel, Link("notification", one.id), shown)


def of_inbound(one: Written) -> Entry:
    detail = {
        "text": one.text,
        "subject": one.subject,
        "from": one.sender,
        "to": one.recipient,
        "reading": one.reading,
        "automatic": one.automatic,
        "answers_delivery": str(one.delivery) if one.delivery is not None else None,
    }
    key = "timeline.inbound.automatic" if one.automatic else f"timeline.inbound.{one.reading or 'message'}"
    return Entry("inbound", str(one.id), one.at, key, {"channel": one.channel}, one.channel, None, detail)


def of_consent(one: Consent) -> Entry:
    told = msgspec.to_builtins(one)
    left_out = ("id", "asked_id", "who", "at", "topic", "channel", "state")
    detail = {name: value for name, value in told.items() if value not in (None, "") and name not in left_out}
    values = {"topic": one.topic, "channel": one.channel, "address": one.address or "", "method": one.method}
    key = f"timeline.consent.{one.state}"
    if one.scope is not None:
        key = "timeline.consent.opted_in" if one.state == "wanted" else "timeline.consent.opted_out"
    return Entry("consent", str(one.id), one.at, key, values, one.channel if one.channel != "*" else None, None, detail)


def of_move(one: Move) -> Entry:
    act = "entered" if one.entered else "left"
    detail = {"cause": one.cause, "leaf": one.leaf, "stage_of": one.stage_of}
    return Entry(
        "segment", "", one.at, f"timeline.segment.{act}", {"segment": one.name, "cause": one.cause}, None,
        Link("segment", str(one.id)), detail,
    )  # fmt: skip


def of_merge(number: ProfileId, at: datetime, because: Mapping[str, Any]) -> Entry:  # Any: JSON
    values = {"number": str(number), "by": str(because.get("by", ""))}
    detail = {"links": because.get("links", [])}
    return Entry("identity", str(number), at, "timeline.identity.merged", values, detail=_plain(detail))


def of_making(number: ProfileId, at: datetime) -> Entry:
    return Entry("identity", str(number), at, "timeline.identity.created", {}, link=Link("profile", str(number)))


def _plain(detail: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    found: dict[str, Any] = msgspec.to_builtins(detail)  # Any: JSON
    return found
