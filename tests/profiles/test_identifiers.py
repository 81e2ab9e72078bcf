"""Identifiers in their stored form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Channel, Identifier
from antiphon.profiles import Subscription, kinds
from antiphon.profiles.identifiers import channel_of, plain, stored_address, strength

BROWSER = Identifier("anonymous_id", "b-1")
PHONES = Path(__file__).parents[2] / "../shared/data/phone/phone_numbers.json"
KEYS = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}  # RFC 8291 5


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("  Anna@Shop.EXAMPLE ", "anna@shop.example"),
        ("ａｎｎａ@shop.example", "anna@shop.example"),
        ("anna+news@shop.example.", "anna+news@shop.example"),
        ("jürgen@müller.example", "jürgen@müller.example"),
    ],
)
def test_an_email_has_one_form(given: str, stored: str) -> None:
    assert profiles.normalise("email", given) == Identifier("email", stored)


@pytest.mark.parametrize(
    "bad",
    ["", "anna", "@x.example", "anna@", "a b@x.example", "a@b@x.example", "anna@host", "a@-x.example", "a@1.2.3.4",
     "anna\0@x.example", "anna\r\nBcc: b@x.example", "a..b@x.example", "<a@x.example>", "a" * 65 + "@x.example"],
)  # fmt: skip
def test_what_is_no_email_is_refused_with_its_place(bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        profiles.normalise("email", bad)
    assert [flaw.at for flaw in refused.value.flaws] == ["email"]


@pytest.mark.skipif(not PHONES.is_file(), reason="the list of phone numbers is not here")
@pytest.mark.parametrize("form", ["e164", "national", "international"])
def test_every_region_s_numbers_have_one_form(form: str) -> None:
    examples = json.loads(PHONES.read_text("utf-8"))["examples"]
    wrong = []
    for example in examples:
        try:
            found = profiles.normalise("phone", example[form], region=example["region"]).value
        except Invalid as error:
            found = str(error)
        if found != example["e164"]:
            wrong.append((example["region"], example["kind"], example[form], found))
    assert len(examples) == 917
    assert wrong == []


@pytest.mark.skipif(not PHONES.is_file(), reason="the list of phone numbers is not here")
def test_awkward_numbers_are_read_as_the_list_says() -> None:
    """Not possible, not parsing: refused. The rest: 07911 in GB, the zero of Italy, Mexico's old prefix, letters."""
    cases = json.loads(PHONES.read_text("utf-8"))["parsing"]
    assert len(cases) == 20
    for case in cases:
        if case.get("possible"):
            assert profiles.normalise("phone", case["raw"], region=case["default_region"]).value == case["e164"]
        else:
            with pytest.raises(Invalid):
                profiles.normalise("phone", case["raw"], region=case["default_region"])


@pytest.mark.parametrize(
    ("given", "region", "stored"),
    [
        ("07911 123456", "GB", "+447911123456"),
        ("06 698 12345", "it", "+390669812345"),
        ("00447911123456", "GB", "+447911123456"),
        ("1-800-FLOWERS", "US", "+18003569377"),
    ],
)
def test_a_national_number_is_read_in_its_region(given: str, region: str, stored: str) -> None:
    assert profiles.normalise("phone", given, region=region) == Identifier("phone", stored)


@pytest.mark.parametrize("bad", ["", "hello", "+", "+1", "0664 1234567", "+999999999999999999", "+43 hello", "1" * 500])
def test_what_is_no_phone_number_is_refused_with_its_place(bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        profiles.normalise("phone", bad)
    assert [flaw.at for flaw in refused.value.flaws] == ["phone"]


@pytest.mark.parametrize("as_text", [True, False])
def test_a_push_subscription_is_its_endpoint_with_keys(as_text: bool) -> None:
    given: Any = {"endpoint": "https://push.example/send/1", "expirationTime": None, "keys": KEYS}
    found = profiles.normalise("webpush", json.dumps(given) if as_text else given)
    assert found == Subscription("webpush", "https://push.example/send/1", **KEYS)
    assert plain(found) == Identifier("webpush", "https://push.example/send/1")


def test_keys_in_the_other_alphabet_of_base64_are_the_same() -> None:
    other = {name: value.replace("-", "+").replace("_", "/") + "==" for name, value in KEYS.items()}
    found = profiles.normalise("webpush", {"endpoint": "https://push.example/1", "keys": other})
    assert found == Subscription("webpush", "https://push.example/1", **KEYS)


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        ("{", "webpush"),
        ("[]", "webpush.keys"),
        ({"endpoint": "https://push.example/1"}, "webpush.keys"),
        ({"endpoint": "push", "keys": KEYS}, "webpush.endpoint"),
        ({"endpoint": "https://push.example/" + "a" * 1000, "keys": KEYS}, "webpush.endpoint"),
        ({"endpoint": "https://push.example/1", "keys": KEYS | {"auth": "AAAA"}}, "webpush.keys.auth"),
        ({"endpoint": "https://push.example/1", "keys": KEYS | {"p256dh": "ü"}}, "webpush.keys.p256dh"),
    ],
)
def test_a_broken_push_subscription_is_refused_with_its_place(bad: Any, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        profiles.normalise("webpush", bad)
    assert [flaw.at for flaw in refused.value.flaws] == [place]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(Invalid):
        profiles.normalise("shoe_size", "42")


def test_a_written_identifier_may_have_colons_and_slashes() -> None:
    assert profiles.parse("external_id@crm:a:b@c") == Identifier("external_id@crm", "a:b@c")
    assert profiles.parse("external_id:a:b/c") == Identifier("external_id", "a:b/c")
    assert profiles.parse("webpush:https://push.example/1") == Identifier("webpush", "https://push.example/1")
    with pytest.raises(Invalid):
        profiles.parse("external_id")


TOKEN = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        ("external_id@crm", " 42 ", "42"),
        ("whatsapp_bsuid@9", "US.13491208655302741918", "US.13491208655302741918"),
        ("whatsapp_bsuid@9", " US.ENT.13491208655302741918 ", "US.ENT.13491208655302741918"),
        ("whatsapp_bsuid@9", "ES." + "a" * 128, "ES." + "a" * 128),
        ("whatsapp_wa_id", "447911123456", "447911123456"),
        ("psid@1", "24512345678901234", "24512345678901234"),
        ("igsid@1", "17841400000000000", "17841400000000000"),
        ("telegram@shop_bot", "5012345678", "5012345678"),
        ("viber@1", "01234567890A=", "01234567890A="),
        ("line@1", "U4af4980629", "U4af4980629"),
        ("fcm_fid@shop-1", "cjGlBM4dTjyTnnFaKVYEGC", "cjGlBM4dTjyTnnFaKVYEGC"),
        ("fcm_token", "cjGl:APA91b-x_Y", "cjGl:APA91b-x_Y"),
        ("apns_token@com.shop.app+production", TOKEN.upper(), TOKEN),
        ("device", " Tablet 7 ", "Tablet 7"),
        ("anonymous_id", "b-1", "b-1"),
    ],
)
def test_an_identifier_of_every_kind_has_one_form(kind: str, given: str, stored: str) -> None:
    assert profiles.normalise(kind, given) == profiles.parse(f"{kind}:{given}") == Identifier(kind, stored)


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("whatsapp_bsuid@9", "+447911123456"), ("whatsapp_bsuid@9", "447911123456"), ("whatsapp_bsuid@9", "us.1"),
        ("whatsapp_bsuid@9", "US."), ("whatsapp_bsuid@9", "US." + "1" * 129), ("whatsapp_bsuid@9", "US.a-b"),
        ("whatsapp_bsuid@9", "USA.1"), ("whatsapp_wa_id", "+447911123456"), ("whatsapp_wa_id", "07911123456"),
        ("whatsapp_wa_id", "447911 123456"), ("whatsapp_wa_id", "٤٤٧٩١١١٢٣٤٥٦"), ("psid@1", "anna"),
        ("igsid@1", "@anna"), ("telegram@b", "-100123"), ("telegram@b", "@anna"), ("line@1", "U4 af"),
        ("viber@1", ""), ("fcm_fid@1", "a\nb"), ("fcm_token", "a" * 1_001), ("apns_token@t+sandbox", "xyz"),
        ("apns_token@t+sandbox", "abc"), ("device", ""), ("external_id@crm", "a\0b"), ("external_id@crm", 42),
    ],
)  # fmt: skip
def test_what_the_platform_would_not_send_is_refused_with_its_place(kind: str, bad: Any) -> None:
    with pytest.raises(Invalid) as refused:
        profiles.normalise(kind, bad)
    assert [flaw.at for flaw in refused.value.flaws] == [kind]


@pytest.mark.parametrize("kind", ["whatsapp_bsuid@9", "whatsapp_wa_id"])
def test_a_phone_number_is_never_a_whatsapp_identity(kind: str) -> None:
    with pytest.raises(Invalid, match="A phone number is of kind phone, and nobody's WhatsApp id"):
        profiles.parse(f"{kind}:+447911123456")


@pytest.mark.parametrize("text", ["psid:1", "email@shop:a@b.example", "webpush@a b:https://push.example/1", "shoe:1"])
def test_a_written_identifier_without_the_scope_it_needs_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        profiles.parse(text)
    assert [flaw.at for flaw in refused.value.flaws] == ["kind"]


def test_a_push_subscription_keeps_the_key_that_it_was_made_with() -> None:
    found = profiles.normalise("webpush@BC-1", {"endpoint": "https://push.example/1", "keys": KEYS})
    assert found == Subscription("webpush@BC-1", "https://push.example/1", **KEYS)
    assert profiles.parse("webpush@BC-1:https://push.example/1") == plain(found)


def test_only_mail_phone_and_push_are_addresses_whatever_their_scope() -> None:
    channels = {kind: channel_of(kind) for kind in kinds.KINDS}
    assert {k: c for k, c in channels.items() if c} == {"email": "email", "phone": "sms", "webpush": "push"}
    assert channel_of("webpush@BC-1") is Channel.PUSH


def test_strength_is_the_rank_of_the_kind() -> None:
    assert strength(Identifier("external_id@crm", "1")) < strength(Identifier("email", "a")) < strength(BROWSER)


def test_an_opt_out_of_a_strange_sender_is_not_lost() -> None:
    assert stored_address("sms", " 72345 ") == "72345"
    assert stored_address("email", "Anna@Shop.example") == "anna@shop.example"
