"""Whom a message may go to is read, checked and kept; nothing of it is decided here."""

import json

import pytest

from antiphon import content
from antiphon.kernel.errors import Invalid

DOCUMENT = {"name": "m", "topic": "t", "locales": {"en": {"sms": {"text": "x"}}}}
WHOLE = {"in": ["gold"], "not_in": ["churned", "staff"], "better_than": {"trait": "discount_percent", "value": 20}}


def parsed(eligible):
    return content.parse({**DOCUMENT, "eligible": eligible})


def test_it_comes_back_from_storage_as_it_was():
    message = parsed(WHOLE)
    assert message.eligible == content.Eligible(
        in_=("gold",), not_in=("churned", "staff"), better_than=content.BetterThan("discount_percent", 20.0)
    )
    assert content.decode(content.encode(message)) == message
    assert content.parse(json.loads(content.encode(message))) == message
    assert json.loads(content.encode(message))["eligible"]["in"] == ["gold"]


@pytest.mark.parametrize("nothing", [None, {}, {"in": []}, {"better_than": None}])
def test_nothing_said_means_everybody(nothing):
    assert parsed(nothing).eligible is None
    assert b"eligible" not in content.encode(parsed(nothing))


@pytest.mark.parametrize(
    ("eligible", "at"),
    [
        ([], "eligible"),
        ({"inn": ["a"]}, "eligible.inn"),
        ({"in": "gold"}, "eligible.in"),
        ({"in": [1]}, "eligible.in[0]"),
        ({"in": [" "]}, "eligible.in[0]"),
        ({"in": ["a"] * 21}, "eligible.in"),
        ({"in": ["a"], "not_in": ["a"]}, "eligible.not_in"),
        ({"better_than": 20}, "eligible.better_than"),
        ({"better_than": {"trait": "d"}}, "eligible.better_than.value"),
        ({"better_than": {"trait": "d", "value": True}}, "eligible.better_than.value"),
        ({"better_than": {"trait": "d", "value": 10**400}}, "eligible.better_than.value"),
        ({"better_than": {"trait": "", "value": 1}}, "eligible.better_than.trait"),
        ({"better_than": {"trait": "d", "value": 1, "x": 1}}, "eligible.better_than.x"),
    ],
)
def test_a_flaw_is_named_with_its_place(eligible, at):
    with pytest.raises(Invalid) as refused:
        parsed(eligible)
    assert at in [flaw.at for flaw in refused.value.flaws]
