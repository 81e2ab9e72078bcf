"""Who writes STOP, START or HELP is answered: once, where they wrote, at once or never.

The answer is a notification of its own kind (`system`) with one delivery to that very address. Its words come from the
product's translations and are kept with the notification; the message that carries them is made when it is first used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from antiphon import channels, content, profiles
from antiphon.kernel import i18n, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.records import Inbound, ProfileId, ProviderId, Purpose
from antiphon.kernel.said import worded
from antiphon.orchestration import store
from antiphon.orchestration.policy import read_policy
from antiphon.orchestration.records import OpenNotification, Verdict
from antiphon.orchestration.sources import make_source

MESSAGE = "Answers to STOP, START and HELP"
CHANNEL = "sms"
ANSWERED_WITHIN = timedelta(minutes=5)
"""Later than that, a confirmation is a message to somebody who wants none. Source: 47 CFR 64.1200(a)(12)."""
SCOPE_WITHIN = timedelta(hours=24)
ONCE_IN = timedelta(days=1)
STOPS_A_DAY = 10
CHOICES_MAX = 3
CHOICE_CHARS_MAX = 100
_RECENT_MAX = 20


async def on_requests(tx: Transaction, items: Sequence[Inbound]) -> None:
    """A taker of `Inbound`, when what it asked for is done."""
    written = [item for item in items if item.channel == CHANNEL]
    open_questions = await store.replies.read_stops(
        tx, CHANNEL, [item.sender for item in written if item.reading is None], since=tx.now - SCOPE_WITHIN
    )
    for item in written:
        if item.reading is not None:
            await _answer(tx, item)
        elif offered := open_questions.get(item.sender):
            await _narrow(tx, item, offered)


async def _answer(tx: Transaction, item: Inbound) -> None:
    who = await channels.person_of(tx, item)
    if who is None or (item.reading == "opt_in" and not item.changed):
        return
    (person,) = await profiles.read(tx, [who])
    now, locale = await settings.read(tx), _locale(person.traits, item.language)
    topics = await profiles.topics(tx)
    if item.topic:
        kind, key = f"topic:{item.topic}:{item.reading}", "stop.topic" if item.reading == "opt_out" else "start.topic"
        text = _words(now, locale, key, topic=title_of(item.topic, topics, locale))
        await _send_once(tx, item, who, kind, text)
    elif item.reading == "opt_in":
        await _send_once(tx, item, who, "start", _words(now, locale, "start"))
    elif item.reading == "help":
        await _send_once(tx, item, who, "help", help_text(now, locale))
    else:
        recent = await store.replies.read_recent_topics(tx, who, CHANNEL, item.sender, limit=_RECENT_MAX)
        choices = choices_of(recent, topics)
        text = stop_text(now, locale, [title_of(name, topics, locale) for name in choices])
        about = await store.replies.read_opt_out_at(tx, CHANNEL, item.sender)
        await _send_once(tx, item, who, "stop", text, about=about, topics=choices)


async def _narrow(tx: Transaction, item: Inbound, offered: Sequence[str]) -> None:
    """The answer to "which kind?": that topic alone is stopped, whatever was stopped with it goes on."""
    topics = await profiles.topics(tx)
    chosen = chosen_of(item.text, offered, topics)
    who = await channels.person_of(tx, item) if chosen else None
    if who is None or chosen is None:
        return
    proof = channels.proof_of(item)
    await profiles.opt_in(tx, CHANNEL, [item.sender], how=proof.method, proof=proof)
    await profiles.state(tx, who, [profiles.Statement(chosen, CHANNEL, "unwanted")], proof)
    (person,) = await profiles.read(tx, [who])
    now, locale = await settings.read(tx), _locale(person.traits, item.language)
    text = _words(now, locale, "narrowed", topic=title_of(chosen, topics, locale))
    await _send_once(tx, item, who, "narrowed", text)


def chosen_of(text: str, offered: Sequence[str], topics: Sequence[profiles.Topic]) -> str | None:
    """Its number, its name or its title in any language, and nothing else."""
    said = channels.fold(text) if len(text) <= CHOICE_CHARS_MAX else ""
    titles = {topic.name: topic.titles.values() for topic in topics}
    for n, name in enumerate(offered, 1):
        if said in {str(n), *(channels.fold(word) for word in (name, *titles.get(name, ())))}:
            return name
    return None


def choices_of(recent: Sequence[str], topics: Sequence[profiles.Topic]) -> list[str]:
    """What they got here last goes before what else there is. Critical and hidden topics are no choice."""
    closed = {topic.name for topic in topics if topic.critical or not topic.shown}
    names = dict.fromkeys([*recent, *(topic.name for topic in topics if topic.state == "wanted")])
    return [name for name in names if name not in closed][:CHOICES_MAX]


def title_of(name: str, topics: Sequence[profiles.Topic], locale: str) -> str:
    titles = next((topic.titles for topic in topics if topic.name == name), {})
    return titles.get(locale) or titles.get(i18n.DEFAULT) or name


def _locale(traits: Mapping[str, object], language: str) -> str:
    """What the person speaks, else the language of the word that they wrote, else English."""
    for wish in (traits.get("language"), language):
        short = str(wish or "").replace("_", "-").lower().split("-")[0]
        if short in i18n.LOCALES:
            return short
    return i18n.DEFAULT


def _words(now: settings.Settings, locale: str, key: str, **values: object) -> str:
    return i18n.translate(locale, f"reply.{key}", brand=now.brand_name, **values)


def stop_text(now: settings.Settings, locale: str, titles: Sequence[str]) -> str:
    text = _words(now, locale, "stop")
    if not titles:
        return text
    choices = [i18n.translate(locale, "reply.choice", n=n, topic=title) for n, title in enumerate(titles, 1)]
    return f"{text} {i18n.translate(locale, 'reply.stop.choices', choices=', '.join(choices))}"


def help_text(now: settings.Settings, locale: str) -> str:
    """Brand, contact, frequency, rates, how to stop: what CTIA's Messaging Principles ask for."""
    text = _words(now, locale, "help", contact=now.help_contact or now.sender_email, frequency=_frequency(now, locale))
    return " ".join(text.split())


def _frequency(now: settings.Settings, locale: str) -> str:
    cap = now.frequency_cap
    if cap is None:
        return ""
    hours = round(cap.within_s / 3600)
    key, n = ("days", round(hours / 24)) if hours >= 48 else ("day", 1) if hours == 24 else ("hours", max(hours, 1))
    period = i18n.translate(locale, f"reply.frequency.{key}", n=n)
    return i18n.translate(locale, "reply.frequency", count=cap.count, period=period)


async def _send_once(
    tx: Transaction,
    item: Inbound,
    who: ProfileId,
    kind: str,
    text: str,
    *,
    about: datetime | None = None,
    topics: Sequence[str] = (),
) -> None:
    provider = await _provider(tx, item)
    if provider is None:
        return
    taken = await store.replies.take_answer(
        tx, CHANNEL, item.sender, kind, about=about, topics=topics, since=tx.now - ONCE_IN, limit=STOPS_A_DAY
    )
    if taken:
        await _send(tx, item, who, provider, text)


async def _provider(tx: Transaction, item: Inbound) -> ProviderId | None:
    """The account they wrote to, else the one that serves the channel."""
    known = {provider.id for provider in await channels.providers(tx) if provider.enabled}
    if item.provider in known:
        return item.provider
    serving = (await read_policy(tx)).providers.get(CHANNEL)
    return serving[0].id if serving else None


async def _send(tx: Transaction, item: Inbound, who: ProfileId, provider: ProviderId, text: str) -> None:
    stored = await _message(tx)
    number = await store.new_notification_id(tx, who)
    source = await make_source(
        tx,
        kind="system",
        name=stored.name,
        message=stored.id,
        version=stored.version,
        topic="",
        purpose=Purpose.SYSTEM,
        channels=[CHANNEL],
        failover_on="definite",
    )
    end = tx.now + ANSWERED_WITHIN
    await store.insert_api_notification(tx, number, source, who, expires_at=end, variables={"text": text})
    made = (await store.read_sources(tx, [source]))[source]
    notification = OpenNotification(number, made, tx.now, number=who, expires_at=end)
    because = worded("an answer to {reading}, where they wrote from", reading=worded(item.reading or "which kind"))
    verdict = Verdict(number, "send", channel=CHANNEL, address=item.sender, provider=provider, because=because)
    await store.write_verdicts(tx, [(verdict, who, notification)])
    await store.insert_deliveries(tx, [store.Attempted(verdict, notification, 1)])
    tx.wake("deliveries")


async def _message(tx: Transaction) -> content.Stored:
    """Made when it is first needed; whoever edits it edits what surrounds the answer."""
    try:
        return await content.find(tx, MESSAGE)
    except NotFound:
        document = {"name": MESSAGE, "topic": "system", "locales": {"en": {CHANNEL: {"text": "{{ text }}"}}}}
    try:
        return await content.create(tx, content.parse(document))
    except Conflict:
        return await content.find(tx, MESSAGE)
