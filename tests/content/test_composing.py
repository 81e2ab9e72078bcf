"""What a composer is told it may use is what messages can be made of."""

from __future__ import annotations

import pytest

from antiphon import content, profiles
from antiphon.content import composing, liquid, shape
from antiphon.kernel.records import Identifier
from antiphon.kernel.said import speaking
from conftest import START

ACCOUNTS = [{"key": "one", "plan": "free", "seats": 2}, {"key": "two", "plan": "pro", "seats": 5}]
FILTERS = composing._liquid()[1]
WORDS = {"line": "a", "text": "a", "url": "https://shop.example/", "image": "https://shop.example/a.png"}
WORDS["mjml"] = "<mj-section><mj-column><mj-text>a</mj-text></mj-column></mj-section>"


async def told(database, topic=""):
    async with database.transaction(read_only=True) as tx:
        return await composing.fields(tx, topic=topic)


@pytest.mark.parametrize("note", FILTERS, ids=lambda note: note.name)
def test_a_filter_does_what_its_example_says(note):
    template = liquid.compile(note.example, html=False)
    assert template.render({"accounts": ACCOUNTS}) == note.result


@pytest.mark.parametrize("note", composing._liquid()[0], ids=lambda note: note.name)
def test_a_tag_can_be_used_as_its_example_says(note):
    liquid.compile(note.example, html=False).render({"accounts": ACCOUNTS})


def test_every_filter_and_tag_has_a_line():
    assert {note.name for note in FILTERS} == set(liquid._TEXT.filters)
    inner = {"#", "content", "output", "illegal"}
    assert {note.name for note in composing._liquid()[0]} == set(liquid._TEXT.tags) - inner


def parsed(*blocks, **changes):
    email = {"subject": "s", "blocks": list(blocks)} | changes
    return content.parse({"name": "m", "topic": "t", "locales": {"en": {"email": email}}})


def flaws(*blocks):
    with pytest.raises(content.TemplateError.__mro__[1]) as raised:
        parsed(*blocks)
    return {flaw.at.rpartition("]")[2].removeprefix(".") for flaw in raised.value.flaws}


@pytest.mark.parametrize("kind", shape.BLOCKS, ids=lambda kind: kind.kind)
def test_a_block_is_made_of_what_its_kind_says(kind):
    whole = {"kind": kind.kind} | {each.name: WORDS[each.type] for each in kind.fields}
    parsed(whole)
    parsed({name: value for name, value in whole.items() if name == "kind" or field(kind, name).needed})
    for each in kind.fields:
        if each.needed:
            assert flaws({name: value for name, value in whole.items() if name != each.name}) == {each.name}
        if each.needed and not each.may_be_empty:
            assert flaws(whole | {each.name: ""}) == {each.name}
        elif each.may_be_empty or each.type != "mjml":
            parsed(whole | {each.name: ""})
    assert flaws(whole | {"colour": "red"}) == {"colour"}


def field(kind, name):
    return next(each for each in kind.fields if each.name == name)


def test_every_kind_of_block_is_described():
    from antiphon.content.parsing import _BLOCKS

    assert {kind.kind: tuple(each.name for each in kind.fields) for kind in shape.BLOCKS} == _BLOCKS


def test_forms_of_channels_are_made_of_what_they_say():
    for form in shape.FORMS:
        fields = {each.name: WORDS.get(each.type, [{"kind": "divider"}]) for each in form.fields if not each.instead_of}
        document = {"name": "m", "topic": "t", "locales": {"en": {form.channel: fields}}}
        assert content.channels_of(content.parse(document)) == {form.channel}


async def test_variables_come_with_what_people_share_and_nothing_of_anybody(database):
    facts = [
        profiles.Fact(
            source="t",
            message_id=f"{n}",
            at=START,
            who=(Identifier("external_id", f"{n}"),),
            traits={"first_name": f"Zuleika{n}", "tier": ("gold", "blue")[n % 2], "shoe size": 42},
        )
        for n in range(8)
    ]
    await database.repeat(lambda tx: profiles.record(tx, facts))
    found = {note.path: note for note in (await told(database)).variables}
    assert set(found["profile.tier"].examples) == {"gold", "blue"}
    assert (found["profile.first_name"].examples, found["profile.first_name"].share) == (["Alex"], 1.0)
    assert 'profile["shoe size"]' in found
    assert {"account.key", "brand_name", "unsubscribe_url", "now"} <= set(found)
    assert "Zuleika" not in repr(found)


@pytest.mark.parametrize("name", ["tier", "shoe size", 'a"b', "2nd", "é", "a-b", "x.y"])
def test_a_variable_can_be_used_as_it_is_written(name):
    path = composing._path("profile", name)
    assert liquid.compile(f"{{{{ {path} }}}}", html=False).render({"profile": {name: "here"}}) == "here"


async def test_traits_of_accounts_are_named_without_what_they_hold(database):
    await database.repeat(lambda tx: profiles.tell_account(tx, "acme", {"plan": "secret plan", "seats": 7}))
    found = {note.path: note for note in (await told(database)).variables}
    assert (found["account.plan"].kind, found["account.seats"].kind) == ("text", "number")
    assert "secret plan" not in repr(found)


async def test_a_topic_says_what_holds_for_it(database):
    async with database.transaction() as tx:
        await profiles.write_topic(tx, profiles.Topic("offers", channels=("email",), needs="consent"))
    assert (await told(database, "offers")).topic == composing.TopicNote("offers", True, ["email"], "consent", False)
    assert (await told(database, "nothing")).topic == composing.TopicNote("nothing", False, [], "nothing", False)
    assert (await told(database)).topic is None


async def test_it_is_served_beside_messages_of_the_same_name(client):
    answer = await client.get("/messages/fields", params={"topic": "offers"})
    assert answer.status_code == 200, answer.text
    assert {kind["kind"] for kind in answer.json()["blocks"]} >= {"text", "button"}
    assert answer.json()["limits"]["sms"]["gsm7_single"] == 160


async def test_what_it_says_of_liquid_is_said_in_the_language_of_whoever_asks(client):
    with speaking("es"):
        answer = (await client.get("/messages/fields")).json()
    helps = {note["name"]: note["help"] for note in [*answer["filters"], *answer["tags"]]}
    assert (helps["upcase"], helps["echo"]) == ("Todas las letras mayúsculas.", "Muestra un valor, como {{ }}.")
    assert {note["path"]: note["help"] for note in answer["variables"]}["now"] == "La hora a la que se envía."
