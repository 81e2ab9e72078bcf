"""The statements, the due tables, and which events count as written to and answered."""

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
WATCHED = DueTable(
    "delivery", key={"bucket": "smallint", "id": "bigint"}, columns=("state", "profile_id"), where="lane = 9"
)

SENT_EVENTS = {channel: name for (what, channel), name in EVENTS.items() if what == "sent"}
ANSWER_EVENTS = {name: channel for (what, channel), name in EVENTS.items() if what in ("clicked", "replied")}
"""Which of a person's events count as written to, and as answered, on a channel. Opens are no answers: machines open
mail, and nobody knows of an SMS whether it was read."""
