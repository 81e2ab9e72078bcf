"""What people ask for when they write STOP, START or STOP and a topic: read, and done at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from antiphon import profiles
from antiphon.channels import optout, store
from antiphon.channels.keywords import Keywords
from antiphon.channels.mail import wishes
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Channel, Identifier, Inbound, ProfileId

METHOD = "stop_keyword"
TITLES_MAX = 5_000
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


async def read(tx: Transaction, items: Sequence[Inbound]) -> list[Inbound]:
    """The same with what each asks for: keywords of every language, the operator's words, topics by name or title."""
    own = (await settings.read(tx)).keywords
    extra = Keywords(own.opt_out, own.opt_in, own.help)
    topics = titles(await profiles.topics(tx))
    return [_read(item, _wish_of(item, topics, extra)) for item in items]


def _wish_of(item: Inbound, topics: Mapping[str, str], extra: Keywords) -> optout.Read | None:
    """None for what a machine wrote, and where it is known already."""
    if item.automatic or item.reading is not None:
        return None
    if item.channel is Channel.EMAIL:
        return wishes.read(item.subject, item.text, topics=topics, extra=extra)
    return optout.read(item.text, topics=topics, extra=extra)


def titles(topics: Sequence[profiles.Topic]) -> dict[str, str]:
    """Folded name or title → name. A name goes before another's title."""
    found = {optout.fold(title): topic.name for topic in topics[:TITLES_MAX] for title in topic.titles.values()}
    return found | {optout.fold(topic.name): topic.name for topic in topics[:TITLES_MAX]}


def _read(item: Inbound, found: optout.Read | None) -> Inbound:
    if found is None:
        return item
    return replace(item, reading=found.kind.value, topic=found.topic, language=found.language)


async def obey(tx: Transaction, item: Inbound) -> Inbound:
    """Says whether it changed anything: who is opted out already stays so, and YES to a question starts nothing.

    A mail that names our delivery speaks for the address that we had written to: orchestration knows which.
    """
    if item.reading is None or item.reading == "help" or (item.channel is Channel.EMAIL and item.delivery is not None):
        return item
    who = await person_of(tx, item)
    scope = await store.read_scope(tx, item.channel, item.sender)
    proof = proof_of(item)
    if item.topic and who is not None:
        await _about_topic(tx, item, who, proof, stopped=scope is not None)
        return replace(item, changed=True)
    channel, sender = item.channel.value, [item.sender]
    if item.reading == "opt_out" and scope not in ("everything", scope_of(item)):
        await profiles.opt_out(tx, channel, sender, how=METHOD, scope=scope_of(item), proof=proof)
        return replace(item, changed=True)
    if item.reading == "opt_in" and scope is not None:
        await profiles.opt_in(tx, channel, sender, how=METHOD, proof=proof)
        return replace(item, changed=True)
    return item


def scope_of(item: Inbound) -> Literal["marketing", "everything"]:
    """STOP to a telephone number stops all of it; "unsubscribe" is said to mailings: what was bought is still told."""
    return "marketing" if item.channel is Channel.EMAIL else "everything"


def proof_of(item: Inbound) -> profiles.Proof:
    """The text itself is kept with what came in."""
    recipient = item.recipient if item.recipient.isprintable() else "?"
    return profiles.Proof(METHOD, source=f"{item.channel} to {recipient}"[:200], language=item.language)


async def person_of(tx: Transaction, item: Inbound) -> ProfileId | None:
    """Whose number it is, a new person's if nobody's; None where it is no telephone number. Of a mail: who is known by
    that address; a `From` makes nobody."""
    if item.channel is Channel.EMAIL:
        who = Identifier("email", item.sender)
        return (await profiles.find(tx, [who])).get(who)
    if item.channel is not Channel.SMS or not _NUMBER.fullmatch(item.sender):
        return None
    return await profiles.find_or_make(tx, Identifier("phone", item.sender))


async def _about_topic(tx: Transaction, item: Inbound, who: ProfileId, proof: profiles.Proof, *, stopped: bool) -> None:
    """START and a topic from somebody who had stopped everything: that topic, and nothing else again."""
    channel = item.channel.value
    state: Literal["wanted", "unwanted"] = "unwanted" if item.reading == "opt_out" else "wanted"
    if state == "wanted" and stopped:
        await profiles.opt_in(tx, channel, [item.sender], how=METHOD, proof=proof)
        await profiles.state(tx, who, [profiles.Statement("*", channel, "unwanted")], proof)
    await profiles.state(tx, who, [profiles.Statement(item.topic, channel, state)], proof)
