"""Who takes which news. The only place that knows all parts; read it to see what follows from what."""

from __future__ import annotations

from antiphon import orchestration, segments
from antiphon.kernel.db import Database
from antiphon.kernel.outlet import take
from antiphon.kernel.records import Event, Inbound, Merged, ProfileChange, Receipt, Unmerged


def wire(database: Database) -> None:
    """Takers run in this order, inside the transaction that publishes: whoever locks a person comes first."""
    take(database, Merged, orchestration.on_merged)
    take(database, Unmerged, orchestration.on_unmerged)
    take(database, Event, segments.on_events)
    take(database, Event, orchestration.on_events)
    take(database, ProfileChange, orchestration.on_profile_changes)
    take(database, ProfileChange, segments.on_profile_changes)
    take(database, Receipt, orchestration.on_receipts)
    take(database, Inbound, orchestration.on_inbound)
