"""Who takes which news. The only place that knows all parts; read it to see what follows from what."""

from __future__ import annotations

from antiphon import access, campaigns, channels, metrics, orchestration, profiles, segments
from antiphon.kernel.db import Database
from antiphon.kernel.outlet import take
from antiphon.kernel.records import (
    AccountChange,
    Erased,
    Event,
    Halted,
    Inbound,
    Merged,
    ProfileChange,
    Receipt,
    Reopened,
    TopicChange,
    Unmerged,
)


def wire(database: Database) -> None:
    """Takers run in this order, inside the transaction that publishes: whoever locks a person comes first."""
    take(database, Merged, orchestration.on_merged)
    take(database, Unmerged, orchestration.on_unmerged)
    take(database, Merged, metrics.on_merged)
    take(database, Merged, segments.on_merged)
    take(database, Unmerged, segments.on_unmerged)
    take(database, Event, segments.on_events)
    take(database, Event, orchestration.on_events)
    take(database, Event, metrics.on_events)
    take(database, ProfileChange, orchestration.on_profile_changes)
    take(database, ProfileChange, metrics.on_profile_changes)
    take(database, ProfileChange, segments.on_profile_changes)
    take(database, AccountChange, segments.on_account_changes)
    take(database, TopicChange, segments.on_topic_changes)
    take(database, Receipt, orchestration.on_receipts)
    take(database, Reopened, campaigns.on_reopened)
    take(database, Halted, campaigns.on_halted)
    take(database, Inbound, orchestration.on_inbound)
    take(database, Inbound, orchestration.on_stops)
    take(database, Inbound, orchestration.on_requests)
    take(database, Inbound, metrics.on_inbound)
    take(database, Erased, orchestration.on_erased)
    take(database, Erased, metrics.on_erased)
    take(database, Erased, channels.on_erased)
    take(database, Erased, segments.on_erased)


profiles.in_flight[:] = [orchestration.is_leaving]
profiles.add_sections([*orchestration.EXPORTED, *channels.EXPORTED, *metrics.EXPORTED, *segments.EXPORTED])
profiles.add_rules([*orchestration.RULES, *channels.RULES, *segments.RULES])
profiles.add_rules([profiles.Rule("audit_days", (profiles.Kept("audit", "at"),), access.trim)])
orchestration.ended[:] = [campaigns.ended_sources]
