"""Kinds of messages."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Conflict, Invalid, NotFound
from antiphon.kernel.records import TopicChange
from antiphon.profiles import Topic
from profiles.facts import ANNA, fact, record

NEWS = Topic(
    "news",
    titles={"en": "News", "pt-BR": "Notícias", "ja": "お知らせ" * 100},
    texts={"en": "Once a month."},
    channels=("email", "sms"),
    basis="consent",
    needs="double_opt_in",
    shown=False,
)


async def write(database: Database, topic: Topic) -> None:
    await database.repeat(lambda tx: profiles.write_topic(tx, topic))


async def drop(database: Database, name: str) -> None:
    await database.repeat(lambda tx: profiles.drop_topic(tx, name))


async def test_a_topic_is_kept_as_a_whole_and_told_when_it_changes(database: Database) -> None:
    told: list[Any] = []

    async def taker(_tx: Transaction, records: Any) -> None:
        told.extend(records)

    outlet.take(database, TopicChange, taker)
    for topic in (NEWS, NEWS, Topic("coupons"), Topic("news", critical=True)):
        await write(database, topic)
    async with database.transaction(read_only=True) as tx:
        assert await profiles.topics(tx) == [Topic("coupons"), Topic("news", critical=True)]
    assert told == [TopicChange("news"), TopicChange("coupons"), TopicChange("news")], "the same again is no change"


@pytest.mark.parametrize(
    ("topic", "places"),
    [
        (Topic("*"), ["name"]),
        (Topic(""), ["name"]),
        (Topic("a\x00b"), ["name"]),
        (Topic("a", titles={"English!": "x"}), ["titles"]),
        (Topic("a", titles={"en": ""}, texts={"en": "x" * 501}), ["titles.en", "texts.en"]),
        (Topic("a", channels=("email", "pigeon", "email")), ["channels[1]", "channels"]),
        (Topic("a", state="maybe", basis="whim", needs="luck"), ["state", "basis", "needs"]),  # type: ignore[arg-type]
    ],
)
async def test_what_cannot_be_a_topic_is_refused_with_its_places(
    database: Database, topic: Topic, places: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await write(database, topic)
    assert [flaw.at for flaw in refused.value.flaws] == places


async def test_a_topic_goes_only_while_nothing_depends_on_it(database: Database) -> None:
    (anna,) = (await record(database, fact("1", ANNA))).profiles
    assert anna is not None
    for topic in (NEWS, Topic("off", state="unwanted"), Topic("spoken"), Topic("free")):
        await write(database, topic)
    await database.repeat(lambda tx: profiles.set_preferences(tx, anna, [("spoken", "sms", "unwanted")]))
    for name in ("news", "off", "spoken"):
        with pytest.raises(Conflict):
            await drop(database, name)
    await drop(database, "free")
    with pytest.raises(NotFound):
        await drop(database, "free")
