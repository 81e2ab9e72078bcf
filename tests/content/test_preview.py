"""A preview is what somebody would get: their words, their language, and no link that does anything."""

import pytest

from antiphon import content, profiles
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Channel, Identifier
from conftest import START
from content.mjml_samples import PLAIN
from content.samples import COUPON

ANN = {"first_name": "Ann", "language": "es"}
FORMS = {
    "en": {"email": {"subject": "For {{ profile.first_name }}", "mjml": PLAIN}, "sms": {"text": "Hello ✓ STOP"}},
    "es": {"sms": {"text": "Hola {{ profile.first_name }}"}, "push": {"title": "Hola", "body": "b"}},
}
MESSAGE = content.parse({"name": "m", "topic": "t", "locales": FORMS})
GIVEN = {"code": "7", "product": "pears", "picture": "https://shop.example/p.png"}


async def known(database):
    who = Identifier("email", "ann@shop.example")
    fact = profiles.Fact(source="test", message_id="1", at=START, who=(who,), traits=ANN)
    await database.repeat(lambda tx: profiles.record(tx, [fact]))


async def shown(database, message=MESSAGE, **asked):
    async with database.transaction(read_only=True) as tx:
        return await content.preview(tx, message, **asked)


async def test_it_is_rendered_as_that_person(database):
    await known(database)
    preview = await shown(database, channel=Channel.EMAIL, who="email:ann@shop.example", given=GIVEN)
    assert (preview.subject, preview.locale) == ("For Ann", "en")
    assert "Hello Ann, pears for 7" in preview.text
    assert preview.bytes == len(preview.html.encode())


async def test_no_link_of_a_preview_does_anything(database):
    preview = await shown(database, channel=Channel.EMAIL, given=GIVEN)
    assert "https://shop.example/s?c=7" in preview.html
    assert "/c/" not in preview.html
    assert "/o/" not in preview.html
    assert preview.html.count("https://preview.invalid/u/preview") == 1


async def test_the_language_is_theirs_unless_another_is_asked_for(database):
    await known(database)
    own = await shown(database, channel=Channel.SMS, who="email:ann@shop.example")
    assert (own.locale, own.text, own.segments, own.encoding) == ("es", "Hola Ann", 1, "GSM-7")
    other = await shown(database, channel=Channel.SMS, who="email:ann@shop.example", locale="en")
    assert (other.locale, other.encoding) == ("en", "UCS-2")


async def test_a_push_shows_title_and_body(database):
    preview = await shown(database, channel=Channel.PUSH)
    assert (preview.title, preview.text) == ("Hola", "b")


async def test_a_variant_is_shown_with_its_own_words(database):
    message = content.parse(COUPON)
    given = {"code": "7", "offer": {"url": "https://shop.example/"}}
    preview = await shown(database, message, channel=Channel.EMAIL, variant="b", given=given)
    assert preview.subject == "Only until Sunday"


async def test_who_nobody_knows_is_not_found(database):
    with pytest.raises(NotFound, match="Nobody is known as email:bob@"):
        await shown(database, channel=Channel.SMS, who="email:bob@shop.example")


async def test_what_a_person_lacks_is_found_by_the_lint(database):
    await known(database)
    async with database.transaction(read_only=True) as tx:
        sample = await content.variables_for(tx, "email:ann@shop.example")
    message = content.parse({"name": "m", "topic": "t", "locales": {"en": {"sms": {"text": "{{ profile.pet }} STOP"}}}})
    assert [finding.code for finding in content.lint(message, sample=sample)] == ["empty_variable"]
