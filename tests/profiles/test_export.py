"""Whoever asks for their data gets all of it, and a new table cannot be forgotten."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

import antiphon.app.wiring
from antiphon import channels, profiles
from antiphon.kernel import i18n, statements
from antiphon.kernel.db import Database
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Channel, Identifier, Inbound, ProviderId
from antiphon.profiles import export, export_page
from profiles.catalog import tables
from profiles.facts import ANNA, AT, MAIL, fact, record

assert antiphon.app.wiring

PHONE = Identifier("phone", "+34600111222")

NOT_EXPORTED = {
    "account": "what a company is said to be, no person; that they belong to it is in `accounts`",
    "api_key": "keys of programs",
    "audit": "what colleagues did; people's addresses are masked in it",
    "campaign_step": "the company's own: what became of a campaign",
    "counter_quarter": "sums of the whole company",
    "import_job": "files on their way in; they are deleted after seven days",
    "passkey": "of colleagues",
    "sign_in_begun": "of colleagues",
    "sign_in_rule": "the company's own",
    "sign_in_throttle": "of colleagues; hashes",
    "sso": "the company's own",
    "sso_subject": "of colleagues",
    "staff": "colleagues are no customers",
    "staff_link": "of colleagues",
    "staff_session": "of colleagues",
    "campaign": "the company's own; its name is in `notifications`",
    "campaign_chunk": "work under way, by ranges of numbers",
    "campaign_halt": "why campaigns of the company are to stop",
    "counter": "sums over everybody",
    "counter_part": "sums over everybody",
    "crowd_due": "work under way, by account or topic",
    "erasure": "numbers of people who were erased: nobody's",
    "event_sum": "counts of `events`",
    "hour_part": "sums over everybody",
    "hour_total": "sums over everybody",
    "identity_due": "work under way, by number",
    "membership_due": "work under way, by number",
    "message": "the company's own",
    "message_draft": "the company's own",
    "message_former_name": "the company's own",
    "message_trial": "by number, which tests a colleague was sent with somebody's values",
    "message_version": "the company's own: what was sent is this, with `variables` and traits",
    "migration": "versions of the schema",
    "move_due": "work under way, by number",
    "product_clock": "no person",
    "profile_word": "the words of traits and identifiers, for the search",
    "provider": "the company's own accounts",
    "provider_day": "counts by mail system and day",
    "contact_window": "until when a chat is open: follows from `inbound`; goes with the address",
    "decision_input": "copies of what stands in other sections, packed, for a month",
    "decision_policy": "what the operator had set",
    "provider_lease": "which process uses which account",
    "provider_memory": "how far a mailbox was read",
    "source_budget": "money of campaigns",
    "provider_message": "what providers call `deliveries`: random names, for a few weeks",
    "provider_state": "the company's own accounts",
    "provider_tally": "counts by account",
    "receiver_pace": "mail systems, forgotten after a day",
    "response_grid": "sums over everybody",
    "response_part": "sums over everybody",
    "response_prior": "what was learned of everybody",
    "secret": "keys of the installation",
    "seen_message": "hashes of message ids: they lead to nobody",
    "computed_trait": "the company's own: measures by name",
    "ladder": "the company's own: stages by name",
    "segment_build": "work under way",
    "segment_tally": "sums over everybody",
    "segment_version": "the company's own: rules",
    "setting": "the company's own",
    "source_address": "hashes of the addresses in `deliveries`",
    "suppression": "keyed hashes of addresses of people who were erased",
    "topic": "the company's own; its name is in `preferences`",
    "unmatched_receipt": "receipts that name no delivery, for a week",
    "visit_held": "visits of the last minutes, by number of a delivery: then they are in `deliveries`",
}  # fmt: skip


async def test_every_table_is_in_the_export_or_has_a_reason_not_to_be(database: Database) -> None:
    shown = {table for section in export.sections.values() for table in section.tables}
    there = set(await tables(database))
    assert shown & NOT_EXPORTED.keys() == set()
    assert there - shown - NOT_EXPORTED.keys() == set(), "say in which section it is, or why in none"
    assert (shown | NOT_EXPORTED.keys()) - there == set(), "named, and not there"


async def somebody(database: Database) -> None:
    """Somebody of whom every section of this part and of channels has something."""
    account = profiles.AccountFact("greengrocer")
    await record(
        database,
        fact("1", ANNA, MAIL, PHONE, traits={"first_name": "Anna", "tier": "silver"}, account=account),
        fact("2", ANNA, traits={"tier": "gold", "address": {"city": "Lugo"}}, at=AT + timedelta(hours=1)),
        fact("3", ANNA, event="Order Completed", properties='{"total": 12.5, "items": ["pear", "<b>fig</b>"]}'),
    )
    await record(database, fact("4", ANNA, traits={"tier": "platinum"}, at=AT + timedelta(hours=2)))
    proof = profiles.Proof("page", wording="Yes, write to me.", ip="203.0.113.7", user_agent="Firefox")

    async def say(tx: Any) -> None:
        known = await profiles.find(tx, [ANNA])
        await profiles.state(tx, known[ANNA], [profiles.Statement("offers", "email", "wanted")], proof)
        await profiles.opt_out(tx, "sms", [PHONE.value], how="stop_keyword")
        await profiles.refuse(tx, [profiles.Refusal("api:1", (), '{"userId": "42", "event": 7}')])
        told = Inbound(ProviderId(1), Channel.SMS, PHONE.value, "1234", "When do you open?", AT)
        await channels.take_inbound(tx, [told])

    await database.repeat(say)


async def read(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def exported(database: Database, who: Identifier = ANNA) -> dict[str, Any]:
    async with database.transaction(read_only=True) as tx:
        found: dict[str, Any] = json.loads(await read(export.as_json(tx, await export.find(tx, who))))
        return found


async def test_everything_is_in_it(database: Database) -> None:
    await somebody(database)
    found = await exported(database)
    assert found["format"] == 1
    assert found["profile"][0]["traits"]["tier"] == "platinum"
    assert {(i["kind"], i["value"], i["source"]) for i in found["identifiers"]} == {
        ("external_id", "42", "test"),
        ("email", MAIL.value, "test"),
        ("phone", PHONE.value, "test"),
    }
    assert {one["trait"]: one["value"] for one in found["told"]}["address"] == {"city": "Lugo"}
    assert found["trait_changes"][-1]["before"] == {"tier": "gold"}
    assert [one["account"] for one in found["accounts"]] == ["greengrocer"]
    assert {(one["channel"], one["state"]) for one in found["addresses"]} == {("email", "active"), ("sms", "active")}
    assert [(one["value"], one["how"]) for one in found["opt_outs"]] == [(PHONE.value, "stop_keyword")]
    assert [(one["topic"], one["state"]) for one in found["preferences"]] == [("offers", "wanted")]
    (said,) = [one for one in found["consents"] if one["topic"] == "offers"]
    assert (said["wording"], said["ip"]) == ("Yes, write to me.", "203.0.113.7")
    assert found["events"][0]["event"] == "Order Completed"
    assert found["events"][0]["properties"]["total"] == 12.5
    assert found["refused"][0]["excerpt"].startswith('{"userId": "42"')
    assert found["inbound"][0]["text"] == "When do you open?"
    assert found["links"]


async def test_nothing_of_others_is_in_it(database: Database) -> None:
    await somebody(database)
    await record(database, fact("b", Identifier("external_id", "bob"), traits={"a": "secret of bob"}, event=None))
    assert "bob" not in json.dumps(await exported(database))


async def test_nobody_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await exported(database)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


@pytest.mark.parametrize("locale", i18n.LOCALES)
async def test_people_read_it_in_their_language(database: Database, locale: str) -> None:
    """Every column that there is has a word in every language, or this raises."""
    await somebody(database)
    async with database.transaction(read_only=True) as tx:
        person = await export.find(tx, ANNA)
        text = (await read(export_page.as_html(tx, person, locale=locale, brand="Green & Grocer"))).decode()
    page = Page(text)
    assert f'lang="{locale}"' in text
    assert "script" not in page.tags
    assert not {"img", "link", "iframe"} & set(page.tags)
    assert i18n.translate(locale, "export.title", brand="Green & Grocer") in page.words
    assert "<b>fig</b>" in page.words, "what is told is never markup"
    assert "203.0.113.7" in page.words


async def test_every_column_has_a_word(database: Database) -> None:
    """Also of sections that were empty in the test above."""
    person = profiles.Person((), {}, ())
    for section in export.sections.values():
        async with database.transaction(read_only=True) as tx:
            assert [row async for row in section.read(tx, person)] == []
        for locale in i18n.LOCALES:
            assert i18n.words(locale)[f"export.section.{section.name}"]
            assert i18n.words(locale)[f"export.about.{section.name}"]
    named = {key.removeprefix("export.field.") for key in i18n.words("en") if key.startswith("export.field.")}
    for part in ("profiles", "orchestration", "channels", "metrics", "segments"):
        for name, statement in texts(part).items():
            if name.startswith("export_"):
                async with database.pool.acquire() as connection:
                    prepared = await connection.prepare(statement)
                    assert {attribute.name for attribute in prepared.get_attributes()} - named == set(), name


def texts(part: str) -> dict[str, str]:
    return {name: statement.text for name, statement in statements.load(part).items()}


async def test_a_long_life_takes_little_memory(database: Database) -> None:
    await record(database, *[fact(f"e{n}", ANNA, event="Looked", properties='{"at":"shelf"}') for n in range(2_000)])
    await database.pool.execute(
        "INSERT INTO event SELECT e.bucket, e.profile_id, e.at + n * interval '1 s', e.name_id, e.received_at, e.who,"
        " e.properties FROM event e, generate_series(1, 20) n"
    )
    size = peak = 0
    async with database.transaction(read_only=True) as tx:
        person = await export.find(tx, ANNA)
        tracemalloc.start()
        async for chunk in export.as_json(tx, person):
            size += len(chunk)
            peak = max(peak, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert size > 4_000_000
    assert peak < 3_000_000
