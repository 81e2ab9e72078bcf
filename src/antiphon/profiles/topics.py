"""Kinds of messages that a person can want or not. A topic that nobody wrote down is wanted and needs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from antiphon.kernel import outlet
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, Flaw, Invalid, NotFound
from antiphon.kernel.records import TopicChange
from antiphon.kernel.said import worded
from antiphon.profiles import store
from antiphon.profiles.consent_check import BASES, CHANNELS, topic_fault, unstorable
from antiphon.profiles.consent_fold import EVERY, Wish
from antiphon.profiles.consent_records import Needs, Topic

LOCALES_MAX = 50
TEXT_CHARS_MAX = 500
_LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_NEEDS: tuple[str, ...] = get_args(Needs)
_STATES: tuple[str, ...] = get_args(Wish)


async def topics(tx: Transaction) -> list[Topic]:
    """All that were written down, by name."""
    return await store.topics.read_all(tx)


async def find_topic(tx: Transaction, name: str) -> Topic:
    """Raises NotFound."""
    found = next((topic for topic in await topics(tx) if topic.name == name), None)
    if found is None:
        raise NotFound("There is no topic {name!r:.120}.", name=name)
    return found


async def write_topic(tx: Transaction, topic: Topic) -> Topic:
    """As a whole; it counts from the next decision on, also for what is queued. Raises Invalid with places."""
    if found := list(_flaws(topic)):
        raise Invalid("The topic is not valid.", flaws=found)
    if await store.topics.write(tx, topic):
        await outlet.publish(tx, [TopicChange(topic.name)])
    return topic


async def drop_topic(tx: Transaction, name: str) -> None:
    """Raises NotFound; Conflict where people spoke about it, or where messages on it would lose a condition."""
    topic = await find_topic(tx, name)
    if topic.needs != "nothing" or topic.state == "unwanted":
        raise Conflict(
            "Without it, everything on this topic would be sent to all. If that is meant, first set needs to nothing"
            " and state to wanted."
        )
    if await store.topics.is_spoken_of(tx, name):
        raise Conflict("People have said something about this topic, so it stays; set shown to false to hide it.")
    await store.topics.drop(tx, name)
    await outlet.publish(tx, [TopicChange(name)])


def _flaws(topic: Topic) -> Iterator[Flaw]:
    if topic.name == EVERY:
        yield Flaw("name", "* stands for every topic; give it a name of its own.")
    elif fault := topic_fault(topic.name):
        yield Flaw("name", fault)
    yield from _flaws_of_texts("titles", topic.titles)
    yield from _flaws_of_texts("texts", topic.texts)
    for n, channel in enumerate(topic.channels):
        if channel not in CHANNELS:
            yield Flaw(f"channels[{n}]", worded("It is not one of {known}.", known=", ".join(CHANNELS)))
    if len(set(topic.channels)) < len(topic.channels):
        yield Flaw("channels", "A channel stands twice.")
    for name, words in (("state", _STATES), ("basis", BASES), ("needs", _NEEDS)):
        if getattr(topic, name) not in words:
            yield Flaw(name, worded("It is not one of {known}.", known=", ".join(words)))


def _flaws_of_texts(name: str, texts: dict[str, str]) -> Iterator[Flaw]:
    if len(texts) > LOCALES_MAX:
        yield Flaw(name, worded("At most {most} languages.", most=LOCALES_MAX))
        return
    for locale, text in texts.items():
        if not _LOCALE.fullmatch(locale):
            yield Flaw(name, worded("{locale!a} is no language; write it like en or pt-BR.", locale=locale[:20]))
        elif not 0 < len(text) <= TEXT_CHARS_MAX or unstorable(text):
            yield Flaw(
                f"{name}.{locale}",
                worded("A text of 1 to {most} characters, none of them U+0000.", most=TEXT_CHARS_MAX),
            )
