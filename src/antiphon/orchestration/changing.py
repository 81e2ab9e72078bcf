"""What receipts change of one delivery: only what is new counts and is told."""

from __future__ import annotations

from datetime import datetime

from antiphon.kernel.db import Row
from antiphon.kernel.engagement import EVENTS, MACHINE
from antiphon.kernel.records import Count, ProfileId, SourceId
from antiphon.orchestration.fold import RANK, Folded, earlier, higher
from antiphon.orchestration.timeline import Entry

HANDED = frozenset({"in_doubt", "accepted", "sent", "expired"})


class Change:
    """A state that turns out to be another is taken off its count again, so that counts are the fold of all states."""

    def __init__(self, row: Row, folded: Folded, at: datetime) -> None:
        self.row, self.folded, self.at = row, folded, at
        self.state = higher(row["state"], folded.state)
        self.state_changed = self.state != row["state"]
        self.opened = folded.opened_at is not None and row["opened_at"] is None
        self.clicked = folded.clicked_at is not None and row["clicked_at"] is None
        self.opened_at = earlier(row["opened_at"], folded.opened_at)
        self.clicked_at = earlier(row["clicked_at"], folded.clicked_at)
        self.machine_opened = folded.machine_opened_at is not None and not row["machine_opened"]
        self.machine_clicked = folded.machine_clicked_at is not None and not row["machine_clicked"]
        self.failure, self.code = self._failed_for()
        before = (row["state"], row["failure"], row["code"], row["opened_at"], row["clicked_at"])
        after = (self.state, self.failure, self.code, self.opened_at, self.clicked_at)
        self.any = before != after or self.machine_opened or self.machine_clicked

    def _failed_for(self) -> tuple[str | None, str | None]:
        """Why it failed: of several reasons, the same one whichever came first."""
        row, folded = self.row, self.folded
        if self.state != "failed":
            return None, None if row["state"] == "failed" else row["code"]
        said = [(folded.failure, folded.code)] if folded.failure else []
        said += [(row["failure"], row["code"] or "")] if row["state"] == "failed" and row["failure"] else []
        failure, code = min(said) if said else (None, "")
        return failure, code or row["code"]

    @property
    def teaches(self) -> str | None:
        """An opt-out counts whatever became of the message; that an address is dead, only if it failed by that.

        A failure for now counts once, however often it is told.
        """
        if self.folded.opted_out:
            return "optout"
        is_told = self.state == "failed" and (self.state_changed or self.folded.failure != "temporary")
        return self.folded.failure if is_told else None

    @property
    def arrived(self) -> bool:
        """Now known to have arrived, and not before."""
        return self.state in ("delivered", "read") and RANK.get(self.row["state"], 0) < RANK["delivered"]

    def counts(self) -> list[Count]:
        kinds: list[tuple[str, int, datetime | None]] = []
        before = self.row["state"]
        if self.state_changed and before in ("in_doubt", "expired", "failed"):
            kinds.append((before, -1, None))
        if before == "in_doubt" and self.state in ("accepted", "sent", "delivered", "read"):
            kinds.append(("sent", 1, None))
        if self.arrived:
            kinds.append(("delivered", 1, None))
        elif self.state_changed and self.state in ("failed", "expired"):
            kinds.append((self.state, 1, None))
        was, now = (before, self.row["failure"]), (self.state, self.failure)
        if (was == ("failed", "address")) != (now == ("failed", "address")):
            kinds.append(("bounced", 1 if now == ("failed", "address") else -1, None))
        if self.opened and ("opened", self.row["channel"]) in EVENTS:
            kinds.append(("opened", 1, self.opened_at))
        if self.clicked:
            kinds.append(("clicked", 1, self.clicked_at))
        if self.machine_opened and ("opened", self.row["channel"]) in MACHINE:
            kinds.append(("machine_opened", 1, self.folded.machine_opened_at))
        if self.machine_clicked and ("clicked", self.row["channel"]) in MACHINE:
            kinds.append(("machine_clicked", 1, self.folded.machine_clicked_at))
        return [
            Count(SourceId(self.row["source_id"]), self.row["channel"], self.row["variant"], kind, at or self.at, n)
            for kind, n, at in kinds
        ]

    def entries(self, properties: dict[str, str]) -> list[Entry]:
        """Each kind once for a delivery, at the earliest time that was known when it was first heard of."""
        said, channel = self.folded, self.row["channel"]
        happened = [
            (self.arrived, EVENTS.get(("delivered", channel)), said.arrived_at),
            (self.opened, EVENTS.get(("opened", channel)), said.opened_at),
            (self.clicked and not self._is_tap, EVENTS.get(("clicked", channel)), said.clicked_at),
            (self.machine_opened, MACHINE.get(("opened", channel)), said.machine_opened_at),
            (self.machine_clicked, MACHINE.get(("clicked", channel)), said.machine_clicked_at),
        ]
        who = ProfileId(self.row["profile_id"])
        return [(who, name, at, properties) for is_new, name, at in happened if is_new and name and at]

    @property
    def _is_tap(self) -> bool:
        """Opening it is tapping it."""
        return EVENTS.get(("clicked", self.row["channel"])) == EVENTS.get(("opened", self.row["channel"]))

    @property
    def answered_at(self) -> datetime | None:
        """When a person first clicked or tapped, where nobody had before."""
        row = self.row
        if self._is_tap:
            first = row["opened_at"] is None and row["clicked_at"] is None
            return earlier(self.opened_at, self.clicked_at) if first else None
        return self.clicked_at if self.clicked else None

    @property
    def undelivered(self) -> bool:
        """It was noted as sent, and did not arrive."""
        return self.state_changed and self.state == "failed" and self.row["state"] in HANDED

    @property
    def delivered_after_all(self) -> bool:
        return self.arrived and self.row["state"] == "failed"

    def told_by_provider(self) -> tuple[bool, float | None] | None:
        """Whether the provider reported it delivered or failed, and how long after it left. An open is no report."""
        handed_at, delivered_at = self.row["handed_at"], self.folded.delivered_at
        if self.arrived and delivered_at is not None:
            return True, (delivered_at - handed_at).total_seconds() if handed_at is not None else None
        return (False, None) if self.undelivered else None
