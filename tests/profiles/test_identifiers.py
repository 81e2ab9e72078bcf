"""Identifiers in their stored form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Identifier
from antiphon.profiles import Subscription
from antiphon.profiles.identifiers import plain, stored_address

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
    assert profiles.parse("external_id:a:b/c") == Identifier("external_id", "a:b/c")
    assert profiles.parse("webpush:https://push.example/1") == Identifier("webpush", "https://push.example/1")
    with pytest.raises(Invalid):
        profiles.parse("external_id")


def test_an_opt_out_of_a_strange_sender_is_not_lost() -> None:
    assert stored_address("sms", " 72345 ") == "72345"
    assert stored_address("email", "Anna@Shop.example") == "anna@shop.example"
