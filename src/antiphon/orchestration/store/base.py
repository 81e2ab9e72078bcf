"""The statements, the due tables, and which events tell that something was sent."""

from __future__ import annotations

from antiphon.kernel.db import Queries
from antiphon.kernel.due import DueTable
from antiphon.kernel.engagement import EVENTS

queries = Queries("orchestration")

PEOPLE = DueTable("person", key={"bucket": "smallint", "profile_id": "bigint"})
DELIVERIES = DueTable(
    "delivery",
    key={"bucket": "smallint", "id": "bigint"},
    columns=("state", "source_id", "channel"),
    where="provider_id = $4 AND lane = ANY($5::smallint[])",
)

SENT_EVENTS = {channel: name for (what, channel), name in EVENTS.items() if what == "sent"}
