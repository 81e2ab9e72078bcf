"""Segment's calls as facts: bad ones are told apart, good ones are never lost with them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon import profiles
from antiphon.integrations.calls import EVENT_BYTES_MAX, AliasFact, Decoded, open_batch, open_single, read_events
from antiphon.integrations.people import Remembered
from antiphon.integrations.times import Arrival
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Identifier
from antiphon.profiles import AccountFact
from integrations.conftest import data

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ARRIVAL = Arrival(product=NOON, wall=NOON)
GOOD = {"type": "track", "userId": "u1", "event": "seen", "messageId": "good"}
SUBSCRIPTION = {
    "endpoint": "https://push.example/1",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}


def batch(*events: Any, **more: Any) -> Decoded:
    body = json.dumps({"batch": list(events)} | more).encode()
    return read_events(open_batch(body), ARRIVAL, source="api:1")


def raw_batch(*events: bytes) -> Decoded:
    return read_events(open_batch(b'{"batch":[' + b",".join(events) + b"]}"), ARRIVAL, source="api:1")


@pytest.mark.parametrize(
    ("event", "at"),
    [
        ({"type": "track", "event": "x"}, "userId"),
        ({"type": "track", "event": "x", "userId": "", "anonymousId": None}, "userId"),
        ({"type": "track", "event": "x", "userId": "   "}, "userId"),
        ({"type": "track", "event": "x", "userId": "u" * 5000}, "userId"),
        ({"type": "track", "event": "x", "userId": ["u"]}, "userId"),
        ({"type": "track", "event": "x", "userId": True}, "userId"),
        ({"type": "track", "userId": "u"}, "event"),
        ({"type": "track", "userId": "u", "event": "  "}, "event"),
        ({"type": "track", "userId": "u", "event": 7}, "event"),
        ({"type": "track", "userId": "u", "event": "e" * 300}, "event"),
        ({"type": "track", "userId": "u", "event": "x", "timestamp": "yesterday"}, "timestamp"),
        ({"type": "track", "userId": "u", "event": "x", "originalTimestamp": "0001-01-01T00:00:00+14:00"},
         "originalTimestamp"),
        ({"type": "track", "userId": "u", "event": "x", "timestamp": 1767268800}, "timestamp"),
        ({"type": "track", "userId": "u", "event": "x", "properties": 3}, "properties"),
        ({"type": "track", "userId": "u", "event": "x", "properties": [1]}, "properties"),
        ({"type": "track", "userId": "u", "event": "x", "messageId": "m" * 300}, "messageId"),
        ({"type": "track", "userId": "u", "event": "a\x00b"}, ""),
        ({"type": "track", "userId": "u", "event": "x", "properties": {"a": "\x00"}}, ""),
        ({"type": "identify", "userId": "u", "traits": "tall"}, "traits"),
        ({"type": "alias", "userId": "u"}, "previousId"),
        ({"type": "alias", "userId": "u", "previousId": "p" * 5000}, "previousId"),
        ({"type": "group", "userId": "u"}, "groupId"),
        ({"type": "group", "groupId": "g"}, "userId"),
        ({"type": "group", "userId": "u", "groupId": "g", "traits": 3}, "traits"),
        ({"type": "dance", "userId": "u"}, "type"),
        ({"userId": "u", "event": "x"}, "type"),
        (3, ""),
        (None, ""),
        ([], ""),
        ("track", ""),
    ],
)  # fmt: skip
def test_a_bad_event_is_refused_at_its_place_and_the_rest_is_kept(event: Any, at: str) -> None:
    decoded = batch(GOOD, event, GOOD | {"messageId": "last"})
    assert [fact.message_id for fact in decoded.facts] == ["good", "last"]
    assert [flaw.at for refusal in decoded.refusals for flaw in refusal.flaws] == [at]
    assert decoded.refusals[0].source == "api:1"


@pytest.mark.parametrize(
    "event",
    [
        b'{"type":"track","userId":"u","event":"x","properties":{"a":1e999}}',
        b'{"type":"track","userId":"u","event":"x","properties":{"a":' + b"[" * 900 + b"]" * 900 + b"}}",
        b'{"type":"track","userId":"u","event":"x","properties":{"a":"\\u0000"}}',
    ],
)
def test_what_raw_json_lets_through_is_still_looked_at(event: bytes) -> None:
    """jsonb would refuse it, and a whole transaction with it."""
    decoded = raw_batch(json.dumps(GOOD).encode(), event)
    kept = [fact for fact in decoded.facts if not profiles.flaws(fact)]
    assert "good" in [fact.message_id for fact in kept]
    assert len(decoded.facts) + len(decoded.refusals) == 2


def test_half_a_surrogate_pair_costs_a_character_not_the_batch() -> None:
    event = (
        b'{"type":"track","userId":"u","event":"x","properties":{"a":"\\ud83d","b":"\\ud83d\\ude00","c":"\\\\ud83d"}}'
    )
    decoded = raw_batch(json.dumps(GOOD).encode(), event)
    assert json.loads(decoded.facts[1].properties or "") == {"a": "\ufffd", "b": "😀", "c": "\\ud83d"}


def test_nan_of_a_python_client_is_null_and_words_stay() -> None:
    decoded = batch(GOOD, GOOD | {"properties": {"a": float("nan"), "b": [-float("inf")], "c": 'NaN, "Infinity'}})
    assert json.loads(decoded.facts[1].properties or "") == {"a": None, "b": [None], "c": 'NaN, "Infinity'}


def test_an_escaped_backslash_before_u0000_is_text() -> None:
    assert batch(GOOD | {"properties": {"path": "C:\\u0000"}}).refusals == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"3", b'{"batch":3}', b'{"batch":null}', b"{}", b'{"batch":[}', b"\xff\xfe",
        b'{"batch":["\xff"]}', b'{"batch":' + b"[" * 100_000, b'{"batch":NaN}', b"\xef\xbb\xbf{}",
        b'{"batch":[' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"]}",
    ],
)  # fmt: skip
def test_a_body_that_is_no_batch_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        open_batch(body)


def test_an_event_beyond_32_kb_is_told_and_the_others_are_kept() -> None:
    decoded = batch(GOOD, GOOD | {"properties": {"a": "x" * EVENT_BYTES_MAX}}, GOOD)
    assert (len(decoded.facts), decoded.too_large, len(decoded.refusals)) == (2, 1, 1)
    assert len(decoded.refusals[0].excerpt) <= 2_000


def test_who_is_meant_comes_from_ids_traits_and_context() -> None:
    decoded = batch(
        {
            "type": "identify",
            "userId": 42,
            "anonymousId": "a-1",
            "traits": {"email": "Ann@Example.org", "phone": "+44 20 7946 0018", "webpush": SUBSCRIPTION, "age": 7},
        },
        {"type": "track", "event": "x", "anonymousId": "a-1", "context": {"traits": {"email": "ann@example.org"}}},
        {"type": "page", "anonymousId": "a-2", "context": {"device": {"token": json.dumps(SUBSCRIPTION)}}},
    )
    assert decoded.refusals == []
    first, second, third = decoded.facts
    assert [(who.kind, who.value) for who in first.who] == [
        ("external_id", "42"),
        ("anonymous_id", "a-1"),
        ("email", "ann@example.org"),
        ("phone", "+442079460018"),
        ("webpush", "https://push.example/1"),
    ]
    assert first.event is None
    assert first.traits is not None
    assert first.traits["age"] == 7
    assert second.who == (Identifier("anonymous_id", "a-1"), Identifier("email", "ann@example.org"))
    assert [who.kind for who in third.who] == ["anonymous_id", "webpush"]


def test_an_address_that_is_none_is_odd_but_costs_nothing_else() -> None:
    decoded = batch(GOOD | {"type": "identify", "traits": {"email": "nobody", "phone": 12, "age": 3}})
    assert decoded.facts[0].traits == {"email": "nobody", "phone": 12, "age": 3}
    assert [flaw.at for flaw in decoded.refusals[0].flaws] == ["traits.email", "traits.phone"]


def test_a_token_of_another_push_service_is_not_an_address_and_not_odd() -> None:
    decoded = batch(GOOD | {"context": {"device": {"token": "ff15bc0c20c4aa6c"}}})
    assert [who.kind for who in decoded.facts[0].who] == ["external_id"]
    assert decoded.refusals == []


def test_the_batchs_own_fields_hold_for_its_events() -> None:
    decoded = batch(
        GOOD | {"timestamp": "2026-01-01T00:00:00Z"},
        sentAt="2026-01-01T00:00:10Z",
        context={"traits": {"email": "ann@example.org"}},
    )
    fact = decoded.facts[0]
    assert fact.at == datetime(2026, 1, 1, 11, 59, 50, tzinfo=UTC)
    assert Identifier("email", "ann@example.org") in fact.who


def test_a_wrong_sent_at_costs_the_correction_only() -> None:
    decoded = batch(GOOD | {"timestamp": "2026-01-01T00:00:00Z", "sentAt": {"a": 1}}, sentAt="now")
    assert decoded.facts[0].at == datetime(2026, 1, 1, tzinfo=UTC)


def test_events_without_an_id_of_their_own_each_count() -> None:
    one, two = batch(
        {"type": "track", "userId": "u", "event": "x"}, {"type": "track", "userId": "u", "event": "x"}
    ).facts
    assert one.message_id != two.message_id
    assert one.at == NOON


def test_pages_and_screens_are_events_with_their_name_as_a_property() -> None:
    page, screen = batch(
        {"type": "page", "userId": "u", "name": "Home", "category": "Shop", "properties": {"url": "/"}},
        {"type": "screen", "userId": "u"},
    ).facts
    assert (page.event, json.loads(page.properties or "")) == ("page", {"url": "/", "name": "Home", "category": "Shop"})
    assert (screen.event, screen.properties) == ("screen", None)


def test_alias_keeps_the_older_id_apart_for_only_the_directory_knows_its_kind() -> None:
    fact = batch({"type": "alias", "userId": "u", "previousId": "a-9"}).facts[0]
    assert isinstance(fact, AliasFact)
    assert (fact.who, fact.previous) == ((Identifier("external_id", "u"),), "a-9")


def test_a_group_call_tells_of_the_account_and_not_of_the_person() -> None:
    """A company's e-mail address is nobody's."""
    fact = batch(
        {"type": "group", "userId": "u", "groupId": 7, "traits": {"name": "Acme", "email": "office@acme.example"}},
    ).facts[0]
    assert fact.who == (Identifier("external_id", "u"),)
    assert (fact.event, fact.traits) == (None, None)
    assert fact.account == AccountFact("7", {"name": "Acme", "email": "office@acme.example"})


def test_any_call_may_mention_its_account() -> None:
    facts = batch(
        GOOD | {"context": {"groupId": "acme"}}, GOOD | {"context": {"groupId": ""}},
        GOOD | {"context": {"groupId": ["x"]}}, GOOD | {"context": {"groupId": "x" * 500}}, GOOD,
        context={"groupId": "shared"},
    ).facts  # fmt: skip
    assert [fact.account and fact.account.key for fact in facts] == ["acme", None, None, None, "shared"]


def test_a_device_and_the_ids_of_other_systems_are_names_too() -> None:
    context = {
        "device": {"id": "D-1", "token": "abc", "type": "ios"},
        "externalIds": [
            {"id": "x-1", "type": "crm", "collection": "users", "encoding": "none"},
            {"id": "Ann@Example.org", "type": "email", "collection": "users", "encoding": "none"},
            {"id": "c-1", "type": "crm", "collection": "accounts", "encoding": "none"},
            {"id": "h-1", "type": "hashed", "collection": "users", "encoding": "sha256"},
            {"id": "s-1", "type": "with space", "collection": "users", "encoding": "none"},
            {"id": 7, "type": "legacy"}, {"type": "crm"}, 3, None,
        ],
    }  # fmt: skip
    decoded = batch(GOOD | {"context": context})
    assert [(who.kind, who.value) for who in decoded.facts[0].who] == [
        ("external_id", "u1"),
        ("device", "D-1"),
        ("external_id@crm", "x-1"),
        ("email", "ann@example.org"),
        ("external_id@legacy", "7"),
    ]
    assert decoded.refusals == []


@pytest.mark.parametrize(
    ("context", "traits"),
    [
        ({"timezone": "Europe/Madrid", "locale": "es_MX"},
         {"device_timezone": "Europe/Madrid", "device_language": "es-MX"}),
        ({"timezone": "Europe/Nowhere", "locale": "Klingon!"}, None),
        ({"timezone": "../../etc/passwd", "locale": 3}, None),
        ({"timezone": "x" * 500}, None),
    ],
)  # fmt: skip
def test_where_a_device_is_and_how_it_speaks_are_traits_of_their_own(context: Any, traits: Any) -> None:
    assert batch(GOOD | {"context": context}).facts[0].device == traits


def test_what_a_device_says_with_every_page_is_written_once() -> None:
    """And again once it says something else, or what was said did not reach the disk."""
    remembered, madrid = Remembered(most=2), {"timezone": "Europe/Madrid"}

    def told(user: str, *zones: str, kept: bool = True) -> list[Any]:
        events = [GOOD | {"userId": user, "context": {"timezone": zone}} for zone in zones]
        envelope = open_batch(json.dumps({"batch": events}).encode())
        decoded = read_events(envelope, ARRIVAL, source="s", remembered=remembered)
        if kept:
            remembered.note(decoded.learnt)
        return [fact.device and fact.device["device_timezone"] for fact in decoded.facts]

    assert told("ann", madrid["timezone"], kept=False) == ["Europe/Madrid"]
    assert told("ann", "Europe/Madrid", "Europe/Madrid") == ["Europe/Madrid", None]
    assert told("ann", "Europe/Madrid", "Asia/Tokyo", "Asia/Tokyo") == [None, "Asia/Tokyo", None]
    assert told("ben", "Asia/Tokyo") == ["Asia/Tokyo"]
    assert told("cleo", "Asia/Tokyo") == ["Asia/Tokyo"]
    assert told("ann", "Asia/Tokyo") == ["Asia/Tokyo"], "the longest unheard is forgotten"


def test_what_was_said_of_oneself_is_not_changed_by_a_device() -> None:
    event = {"type": "identify", "userId": "u", "traits": {"language": "fr"}, "context": {"locale": "en-GB"}}
    (fact,) = batch(event).facts
    assert (fact.traits, fact.device) == ({"language": "fr"}, {"device_language": "en-GB"})


def test_the_address_says_what_a_single_call_is() -> None:
    body = json.dumps({"userId": "u", "event": "x", "writeKey": "ak", "type": "page"}).encode()
    envelope = open_single(body, type="track")
    assert envelope.write_key == "ak"
    assert read_events(envelope, ARRIVAL, source="s").facts[0].event == "x"


def test_the_examples_of_the_segment_spec_are_understood() -> None:
    """As printed in its documentation; its short track example names nobody and is refused."""
    examples = json.loads(data("conformance/segment_spec_examples.json").read_text())
    for example in examples["core_calls"]:
        payload = example["payload"]
        if payload.get("type") not in ("identify", "track", "page", "screen", "alias", "group"):
            continue
        decoded = batch(payload)
        whole = bool(payload.get("userId") or payload.get("anonymousId")) and (
            payload["type"] != "track" or "event" in payload
        )
        assert len(decoded.facts) == whole, example["source"]
        if decoded.facts and {"timestamp", "originalTimestamp", "sentAt", "receivedAt"} <= payload.keys():
            received = datetime.fromisoformat(payload["receivedAt"])
            envelope = open_batch(json.dumps({"batch": [payload]}).encode())
            fact = read_events(envelope, Arrival(received, received), source="s").facts[0]
            assert abs((fact.at - datetime.fromisoformat(payload["timestamp"])).total_seconds()) < 0.002


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "type",
    "userId",
    "anonymousId",
    "event",
    "messageId",
    "timestamp",
    "sentAt",
    "properties",
    "traits",
    "context",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), anything), max_size=4))
def test_no_event_is_lost_and_none_raises_whatever_stands_in_it(events: list[dict[str, Any]]) -> None:
    decoded = batch(GOOD, *events, GOOD)
    assert len(decoded.facts) >= 2
    assert len(decoded.facts) + len(decoded.refusals) >= len(events) + 2
