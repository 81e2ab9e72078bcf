"""A dry run: what would be decided for these people now. Nothing is locked and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import NotificationId, ProfileId
from antiphon.orchestration import store
from antiphon.orchestration.choose import choose
from antiphon.orchestration.policy import read_policy
from antiphon.orchestration.records import OpenNotification, Source, Verdict


class Rehearsed(Struct, frozen=True):
    profile: ProfileId
    verdict: Verdict


async def rehearse(
    tx: Transaction, source: Source, people: Sequence[ProfileId], variants: Sequence[str]
) -> list[Rehearsed]:
    """In the order of the people. Each is decided alone with what they have open now: two of them who share an address
    both count, and a budget is not used up."""
    policy = await read_policy(tx)
    leads = await store.people_of(tx, people)
    places = await store.read_places(tx, list(dict.fromkeys(leads.values())))
    waiting: dict[int, list[OpenNotification]] = {
        leads[person]: [
            OpenNotification(
                id=NotificationId(number), source=source, created_at=tx.now, number=person, variant=variant, is_new=True
            )
        ]
        for number, (person, variant) in enumerate(zip(people, variants, strict=True), 1)
    }
    cases = {case.profile: case for case in await store.put_together(tx, waiting, places)}
    return [Rehearsed(person, choose(cases[leads[person]], policy, now=tx.now)[0]) for person in people]
