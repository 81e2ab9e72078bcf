"""The ledger of one person, for whoever asks for their data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from antiphon import profiles
from antiphon.kernel.db import Row, Transaction
from antiphon.orchestration import store


def _of(name: str) -> Callable[[Transaction, profiles.Person], AsyncIterator[Row]]:
    return lambda tx, person: store.exporting.of_numbers(tx, name, person.numbers)


EXPORTED = (
    profiles.Section("notifications", ("notification", "source"), _of("export_notifications")),
    profiles.Section("deliveries", ("delivery",), _of("export_deliveries")),
    profiles.Section("requests", ("idempotency",), _of("export_requests")),
    profiles.Section("answers", ("answer",), lambda tx, person: store.exporting.answers(tx, person.addresses)),
    profiles.Section("frequency", ("person",), _of("export_frequency")),
)
