"""Calls into the database. An alias says that two ids are one person's, and only the directory knows of what kind the
older one is."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from antiphon import profiles
from antiphon.integrations.calls import AliasFact
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Identifier
from antiphon.profiles import Fact


async def record_calls(tx: Transaction, facts: Sequence[Fact]) -> None:
    """An older id that is known as a userId only is one; any other is an anonymousId, known or not."""
    aliases = [fact for fact in facts if type(fact) is AliasFact]
    if not aliases:
        await profiles.record(tx, facts)
        return
    names = [Identifier(kind, fact.previous) for fact in aliases for kind in ("external_id", "anonymous_id")]
    known = await profiles.find(tx, names)
    users = {
        fact.previous
        for fact in aliases
        if Identifier("external_id", fact.previous) in known and Identifier("anonymous_id", fact.previous) not in known
    }
    await profiles.record(tx, [_with_previous(fact, users) for fact in facts])
    for fact in aliases:
        other = Identifier("external_id", fact.previous)
        if fact.previous in users and fact.who[0] != other:
            await profiles.say_same(tx, fact.who[0], other, by=fact.source, at=fact.at)


def _with_previous(fact: Fact, users: set[str]) -> Fact:
    if type(fact) is not AliasFact or fact.previous in users:
        return fact
    return replace(fact, who=tuple(dict.fromkeys((*fact.who, Identifier("anonymous_id", fact.previous)))))
