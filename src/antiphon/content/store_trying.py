"""Which tests say what is known of whom."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.content.store import queries
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import NotificationId, ProfileId, bucket_of


async def note_trial(tx: Transaction, person: ProfileId, notification: NotificationId) -> None:
    """This test says what is known of this person, whoever it goes to."""
    await queries.run(tx, "insert_trial", bucket=bucket_of(person), profile_id=person, notification_id=notification)


async def forget_trials(tx: Transaction, people: Sequence[ProfileId]) -> list[NotificationId]:
    """The tests that say what is known of these people: whoever keeps them must forget it too."""
    rows = await queries.rows(tx, "forget_trials", profiles=list(people))
    return [NotificationId(row["notification_id"]) for row in rows]
