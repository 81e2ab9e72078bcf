"""What is counted of one person, for whoever asks for their data."""

from __future__ import annotations

from antiphon import profiles
from antiphon.metrics import store_responses as store

EXPORTED = (
    profiles.Section("responses", ("response",), lambda tx, person: store.export_responses(tx, person.numbers)),
    profiles.Section("active_hours", ("active_hour",), lambda tx, person: store.export_hours(tx, person.numbers)),
)
