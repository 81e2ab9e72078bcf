"""The memberships of one person, for whoever asks for their data."""

from __future__ import annotations

from antiphon import profiles
from antiphon.segments.store import erasing as store_erasing

EXPORTED = (
    profiles.Section(
        "segments", ("member", "segment"), lambda tx, person: store_erasing.memberships(tx, person.numbers)
    ),
    profiles.Section(
        "segment_changes", ("segment_change",), lambda tx, person: store_erasing.changes(tx, person.numbers)
    ),
)
