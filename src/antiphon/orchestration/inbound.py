"""What people write: answers to what was sent, told of who wrote them.

A taker of `Inbound`: it runs inside the transaction that takes it in. What a machine wrote is no answer, and is given
none: `may_answer` is asked by whoever answers by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from antiphon import channels, metrics, profiles
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.engagement import EVENTS
from antiphon.kernel.records import Channel, Identifier, Inbound, ProfileId, SourceId
from antiphon.orchestration import store
from antiphon.orchestration.records import Source
from antiphon.orchestration.timeline import Entry, properties_of

REPLIED_WITHIN = timedelta(days=30)
"""Who writes later than that starts anew."""
ANSWERS_A_DAY = 5
"""To one correspondent: two machines that answer each other come to an end."""

_KIND_OF = {Channel.SMS: "phone", Channel.EMAIL: "email"}
_EVENT_OF = {channel: EVENTS["replied", channel.value] for channel in _KIND_OF}


async def on_inbound(tx: Transaction, items: Sequence[Inbound]) -> None:
    """A mail answers what it names, an SMS what was sent there last, as far as that is known; a STOP is no answer."""
    items = [item for item in items if item.channel in _KIND_OF and not item.automatic]
    named = await _read_named(tx, items)
    await _stop(tx, [(named.get(item.delivery or 0), item) for item in items if _asks_to_stop(item)])
    answers = [item for item in items if _is_reply(item)]
    told = [(row, item) for item in answers if (row := named.get(item.delivery or 0)) is not None]
    others = [item for item in answers if (item.delivery or 0) not in named]
    await profiles.record_known(tx, [*await _to_deliveries(tx, told), *await _to_the_last(tx, others)])


async def may_answer(tx: Transaction, item: Inbound) -> bool:
    """Whether a program may answer this one, which is counted then: never machines, and not often in a day."""
    if item.automatic or item.reading == "opt_out":
        return False
    since = tx.now - timedelta(days=1)
    return await store.replies.take_answer(
        tx, item.channel.value, item.sender, "reply", about=item.at, topics=(), since=since, limit=ANSWERS_A_DAY
    )


def _is_reply(item: Inbound) -> bool:
    """YES, where it starts nothing, is an answer to a question."""
    return item.reading is None or (item.reading == "opt_in" and not item.changed)


def _asks_to_stop(item: Inbound) -> bool:
    return item.channel is Channel.EMAIL and item.reading == "opt_out" and item.delivery is not None


async def _read_named(tx: Transaction, items: Sequence[Inbound]) -> Mapping[int, Row]:
    """By delivery: whose it is by now and of which source. Those of erased people are not there."""
    wanted = {item.delivery for item in items if item.delivery is not None}
    rows = await store.read_public(tx, sorted(wanted)) if wanted else []
    return {row["id"]: row for row in rows if row["channel"] == Channel.EMAIL and row["address"]}


async def _stop(tx: Transaction, items: Sequence[tuple[Row | None, Inbound]]) -> None:
    """At once, for the address that we had written to, whoever `From` says it is; one topic where it names one."""
    for row, item in items:
        proof, channel = channels.proof_of(item), item.channel.value
        if row is not None and item.topic:
            stopped = profiles.Statement(item.topic, channel, "unwanted")
            await profiles.state(tx, ProfileId(row["profile_id"]), [stopped], proof)
        else:
            address = row["address"] if row is not None else item.sender
            scope = channels.scope_of(item)
            await profiles.opt_out(tx, channel, [address], how=proof.method, scope=scope, proof=proof)


async def _to_deliveries(tx: Transaction, told: Sequence[tuple[Row, Inbound]]) -> list[Entry]:
    sources = await store.read_sources(tx, [SourceId(row["source_id"]) for row, _ in told]) if told else {}
    answered = [(ProfileId(row["profile_id"]), item, sources[row["source_id"]]) for row, item in told]
    await _learn(tx, answered)
    return [
        (ProfileId(row["profile_id"]), _EVENT_OF[item.channel], item.at, properties_of(sources[row["source_id"]]))
        for row, item in told
    ]


async def _learn(tx: Transaction, answered: Sequence[tuple[ProfileId, Inbound, Source]]) -> None:
    """Who writes back answers, as who clicks does."""
    await metrics.note_answered(
        tx, [(person, item.channel.value, source.purpose, item.at, None) for person, item, source in answered]
    )


async def _to_the_last(tx: Transaction, answers: Sequence[Inbound]) -> list[Entry]:
    """A mail out of the blue, from an address that was sent nothing lately, answers nothing."""
    names = [Identifier(_KIND_OF[item.channel], item.sender) for item in answers]
    found = await profiles.find(tx, names) if names else {}
    known = [(found[who], item) for who, item in zip(names, answers, strict=True) if who in found]
    if not known:
        return []
    told = await store.replies.read_told_last(tx, known, within=REPLIED_WITHIN)
    sources = await store.read_sources(tx, list(told.values()))
    await _learn(tx, [(*known[place], sources[source]) for place, source in told.items()])
    carried = {place: properties_of(sources[source]) for place, source in told.items()}
    return [
        (profile, _EVENT_OF[item.channel], item.at, carried.get(place, {}))
        for place, (profile, item) in enumerate(known)
        if place in carried or item.channel is Channel.SMS
    ]
