"""The sample company: what it is said to have is there, and the product takes all of it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from antiphon import content, profiles
from antiphon.app.demo import company, identities, messages, topics
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.segments.presets import open_preset
from antiphon_world.people import people

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def rows(count: int) -> list[dict[str, Any]]:
    return list(people(7, range(1, count + 1), until=NOW, push_base="http://push.example"))


def test_every_topic_speaks_three_languages_and_every_message_is_about_one() -> None:
    for topic in topics.TOPICS:
        assert topic.titles.keys() == topic.texts.keys() == {"en", "es", "fr"}, topic.name
    names = {topic.name for topic in topics.TOPICS}
    assert {content.parse(document).topic for document in messages.MESSAGES} <= names


def test_its_presets_open() -> None:
    assert all(open_preset(preset, values).rule for preset, values in company.PRESETS.values())
    assert all(open_preset(name, values).stages for name, values in company.LADDERS.items())


def test_browsers_crm_a_shared_phone_and_a_tablet_are_among_the_facts() -> None:
    found = list(identities.facts(rows(800), now=NOW))
    pairs = Counter(tuple(sorted(who.kind for who in fact.who)) for fact in found)
    assert pairs[("anonymous_id", "external_id")] == 53
    assert pairs[("device", "external_id")] == 8
    assert pairs[("external_id", "external_id@crm")] == 20
    assert pairs[("external_id", "phone")] > 8
    assert len({(fact.source, fact.message_id) for fact in found}) == len(found)


async def test_the_product_takes_what_the_customers_said(database: Database) -> None:
    given = rows(220)
    facts = [
        profiles.Fact("import", row["id"], NOW, (Identifier("external_id", row["id"]),), traits={"city": row["city"]})
        for row in given
    ]
    await database.repeat(lambda tx: profiles.record(tx, facts))
    await database.repeat(topics.write_topics)
    said = list(topics.words(given, now=NOW))
    for word in said:
        await database.repeat(lambda tx, word=word: topics.say(tx, word))
    more = list(identities.facts(given, now=NOW))
    recorded = await database.repeat(lambda tx: profiles.record(tx, more))
    assert (len(said), recorded.new, recorded.skipped) == (20, len(more), 0)
    async with database.transaction(read_only=True) as tx:
        found = await profiles.find(tx, [word.who for word in said])
        kept = [await profiles.ledger(tx, profile) for profile in found.values()]
    assert {statement.method for each in kept for statement in each} == {"form", "page", "agent"}
    assert any(statement.state == "paused" for each in kept for statement in each)
