"""A message: written once, refused with every flaw and its place, found in the nearest locale."""

import json
from contextlib import suppress
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import content
from antiphon.kernel.errors import Invalid, NotFound
from antiphon.kernel.records import Channel, Purpose
from content.samples import COUPON

MESSAGE = content.parse(COUPON)
ANYTHING = object()


def changed(path, value):
    """The coupon with one place changed; a value of None removes it."""
    document = deepcopy(COUPON)
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    if value is None:
        del at[path[-1]]
    return document


EMAIL = ("locales", "en", "email")


@pytest.mark.parametrize(
    ("path", "value", "at", "message"),
    [
        (("name",), None, "name", "A text of 1 to 200 characters is needed."),
        (("topic",), " ", "topic", "A text of 1 to 200 characters is needed."),
        (("purpose",), "fun", "purpose", "One of code, alert, reply, transactional, campaign, system, test."),
        (("purpose",), ["code"], "purpose", ANYTHING),
        (("tpoic",), "x", "tpoic", "There is no such field; did you mean topic?"),
        (("locales",), {}, "locales", ANYTHING),
        (("locales",), [], "locales", ANYTHING),
        (("locales", "english"), {"sms": {"text": "x"}}, "locales.english", "A locale is written like es or es-MX."),
        (("locales", "en"), {}, "locales.en", "At least one of email, sms and push is needed."),
        (("locales", "en", "emial"), {}, "locales.en.emial", "There is no such field; did you mean email?"),
        (("locales", "en", "sms"), "hello", "locales.en.sms", "An object is needed with text."),
        ((*EMAIL, "subject"), None, "locales.en.email.subject", "A text is needed."),
        ((*EMAIL, "subject"), 7, "locales.en.email.subject", "A text is needed."),
        ((*EMAIL, "subject"), "{{ a | upcas }}", "locales.en.email.subject", ANYTHING),
        ((*EMAIL, "blocks"), [], "locales.en.email.blocks", "A list of 1 to 100 blocks is needed, or mjml."),
        ((*EMAIL, "blocks"), [{"kind": "divider"}] * 101, "locales.en.email.blocks", ANYTHING),
        ((*EMAIL, "mjml"), "<mjml/>", "locales.en.email", "An e-mail is made of blocks or of mjml, not of both."),
        ((*EMAIL, "blocks", 1), {"kind": "headnig"}, "locales.en.email.blocks[1].kind", ANYTHING),
        ((*EMAIL, "blocks", 1), "text", "locales.en.email.blocks[1].kind", ANYTHING),
        ((*EMAIL, "blocks", 1, "text"), "{% if %}", "locales.en.email.blocks[1].text", ANYTHING),
        ((*EMAIL, "blocks", 3, "url"), "javascript:alert(1)", "locales.en.email.blocks[3].url", ANYTHING),
        ((*EMAIL, "blocks", 3, "url"), "https://{{ host }}/", "locales.en.email.blocks[3].url", ANYTHING),
        ((*EMAIL, "blocks", 3, "url"), None, "locales.en.email.blocks[3].url", "A text is needed."),
        ((*EMAIL, "blocks", 0, "src"), "data:image/png;base64,AA", "locales.en.email.blocks[0].src", ANYTHING),
        ((*EMAIL, "blocks", 0, "alt"), None, "locales.en.email.blocks[0].alt", ANYTHING),
        ((*EMAIL, "blocks", 4, "text"), "x", "locales.en.email.blocks[4].text", ANYTHING),
        (("locales", "en", "push", "url"), "ftp://a.example", "locales.en.push.url", ANYTHING),
        (("variants",), [], "variants", ANYTHING),
        (("variants", "b"), "x", "variants.b", ANYTHING),
        (("variants", "no good"), {}, "variants.no good", ANYTHING),
        (("variants", "b", "en", "email", "subject"), "{{", "variants.b.en.email.subject", ANYTHING),
        (("variants", "b", "de"), {"sms": {"txet": "x"}}, "variants.b.de.sms.txet", ANYTHING),
    ],
)
def test_a_flaw_is_named_with_its_place(path, value, at, message):
    with pytest.raises(Invalid) as refused:
        content.parse(changed(path, value))
    flaws = {flaw.at: flaw.message for flaw in refused.value.flaws}
    assert at in flaws
    assert message is ANYTHING or flaws[at] == message


def test_all_flaws_come_at_once():
    document = {"nmae": "x", "locales": {"en": {"sms": {"text": ""}, "push": {"title": "{{", "url": "x"}}}}
    with pytest.raises(Invalid) as refused:
        content.parse(document)
    places = [flaw.at for flaw in refused.value.flaws]
    assert places == ["nmae", "name", "topic", "locales.en.sms.text", "locales.en.push.title", "locales.en.push.url"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "topic", "locales", "en", "email", "sms", "push", "blocks", "kind", "variants"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_other_json_is_refused_and_nothing_else_is_raised(document):
    with pytest.raises(Invalid):
        content.parse(document)


@given(
    json_values,
    st.sampled_from([("locales", "en"), ("locales", "es", "sms"), EMAIL, (*EMAIL, "blocks", 3), ("variants",)]),
)
def test_any_json_at_any_place_is_parsed_or_refused(value, path):
    with suppress(Invalid):
        content.encode(content.parse(changed(path, value if value is not None else {})))


def test_a_variant_says_only_what_differs():
    base, varied = MESSAGE.locales["en"], MESSAGE.variants["b"]["en"]
    assert varied.email.subject == "Only until Sunday"
    assert varied.email.blocks == base.email.blocks
    assert (varied.sms, varied.push) == (base.sms, base.push)
    assert MESSAGE.variants["b"]["es"] == MESSAGE.locales["es"]


def test_null_in_a_variant_takes_a_channel_away():
    message = content.parse(changed(("variants", "b", "en"), {"push": None, "email": {"preheader": None}}))
    assert content.forms(message, variant="b").push is None
    assert content.forms(message, variant="b").email.preheader == ""
    assert Channel.PUSH not in content.channels_of(message)


def test_a_stored_message_comes_back_the_same():
    stored = content.encode(MESSAGE)
    assert content.decode(stored) == MESSAGE
    assert content.parse(json.loads(stored)) == MESSAGE
    assert MESSAGE.purpose is Purpose.CAMPAIGN


def test_the_channels_are_those_that_it_has_a_form_for():
    assert content.channels_of(MESSAGE) == {Channel.EMAIL, Channel.SMS, Channel.PUSH}


LOCALES = {
    "fr": {"sms": {"text": "fr"}},
    "en": {"sms": {"text": "en"}},
    "es": {"sms": {"text": "es"}},
    "es-MX": {"sms": {"text": "mx"}},
}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("es-MX", "es-MX"),
        ("es-mx", "es-MX"),
        ("es_MX", "es-MX"),
        ("es-AR", "es"),
        ("es", "es"),
        ("fr-CA", "fr"),
        ("de", "en"),
        ("", "en"),
        ("nonsense!", "en"),
        ("e", "en"),
    ],
)
def test_the_nearest_locale_is_taken(wanted, found):
    message = content.parse({"name": "m", "topic": "t", "locales": LOCALES})
    locale, form = content.form_of(message, Channel.SMS, locale=wanted)
    assert locale == found
    assert content.forms(message, locale=wanted).sms == form


def test_without_english_the_first_locale_is_the_default():
    message = content.parse({"name": "m", "topic": "t", "locales": {k: v for k, v in LOCALES.items() if k != "en"}})
    assert content.form_of(message, Channel.SMS, locale="de")[0] == "fr"


def test_a_channel_that_a_locale_lacks_is_taken_from_the_next():
    assert content.form_of(MESSAGE, Channel.SMS, locale="es")[0] == "es"
    assert content.form_of(MESSAGE, Channel.PUSH, locale="es")[0] == "en"


@pytest.mark.parametrize("variant", ["", "a"])
def test_the_base_is_also_called_a(variant):
    assert content.form_of(MESSAGE, Channel.SMS, variant=variant)[1] == MESSAGE.locales["en"].sms


def test_an_unknown_variant_is_not_found():
    with pytest.raises(NotFound, match="no variant c"):
        content.form_of(MESSAGE, Channel.SMS, variant="c")


def test_a_channel_without_a_form_is_not_found():
    with pytest.raises(content.NoForm, match="no voice form"):
        content.form_of(MESSAGE, Channel.VOICE)
