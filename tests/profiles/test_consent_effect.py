"""What a person's words mean for one topic on one channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from antiphon.profiles.consent_effect import effective
from antiphon.profiles.consent_fold import RESUMED, Standing
from antiphon.profiles.consent_records import Effective, Topic

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
NEWS = Topic("news")
ASKED = Topic("news", needs="consent")
TWICE = Topic("news", needs="double_opt_in")


def row(topic: str, channel: str, state: Any = None, **more: Any) -> Standing:
    return Standing(topic, channel, state, **more)


def on(channel: str, *rows: Standing, topic: Topic = NEWS, **more: Any) -> Effective:
    return effective(rows, topic, channel, now=NOW, **more)


@pytest.mark.parametrize(
    ("topic", "reason", "why"),
    [
        (NEWS, None, "company"),
        (Topic("news", state="unwanted"), "unwanted", "topic"),
        (Topic("news", titles={"en": "News"}), None, "topic"),
        (Topic("news", channels=("sms",)), "unwanted", "topic"),
        (Topic("news", channels=("sms", "email")), None, "topic"),
        (ASKED, "no_consent", "topic"),
        (TWICE, "no_consent", "topic"),
    ],
)
def test_while_nothing_is_said_the_topic_decides(topic: Topic, reason: str | None, why: str) -> None:
    found = on("email", topic=topic)
    assert (found.reason, found.why, found.by) == (reason, why, None)


def test_the_narrowest_word_decides() -> None:
    rows = [row("*", "*", "unwanted"), row("*", "email", "wanted"), row("news", "*", "unwanted")]
    assert on("email", *rows[:1]).reason == "unwanted"
    assert on("email", *rows[:2]).allowed
    assert on("email", *rows).reason == "unwanted"
    assert on("email", *rows, row("news", "email", "wanted")).by == row("news", "email", "wanted")


def test_once_a_channel_of_the_topic_is_wanted_the_others_are_not_used() -> None:
    sms = row("news", "sms", "wanted")
    assert (on("email", sms).reason, on("email", sms).why) == ("unwanted", "other_channel")
    assert on("email", sms, row("news", "email", "wanted")).allowed
    assert on("email", row("news", "sms", "wanted", expires_at=NOW)).allowed, "it has run out"
    assert on("email", row("*", "sms", "wanted")).allowed, "a yes to a channel is no choice of it for the topic"
    assert on("email", row("news", "sms", "unwanted")).allowed


def test_a_wish_for_one_address_is_for_it_alone() -> None:
    home = row("news", "email", "wanted", address="home")
    assert on("email", home, address="home").allowed
    assert on("email", home, address="work").why == "other_channel"
    assert on("email", row("news", "email", "unwanted", address="home"), address="work").allowed


@pytest.mark.parametrize(
    ("topic", "words", "allowed"),
    [
        (ASKED, {"basis": "consent"}, True),
        (ASKED, {"basis": ""}, False),
        (ASKED, {"basis": "legitimate_interest"}, False),
        (ASKED, {"basis": "consent", "expires_at": NOW}, False),
        (ASKED, {"basis": "consent", "expires_at": LATER}, True),
        (TWICE, {"basis": "consent"}, False),
        (TWICE, {"basis": "consent", "confirmed": True}, True),
        (TWICE, {"basis": "contract", "confirmed": True}, False),
    ],
)
def test_what_needs_consent_is_allowed_by_a_consent_alone(topic: Topic, words: dict[str, Any], allowed: bool) -> None:
    found = on("email", row("news", "email", "wanted", **words), topic=topic)
    assert (found.allowed, found.reason) == (allowed, None if allowed else "no_consent")


def test_a_broad_consent_counts_until_something_narrower_is_withdrawn() -> None:
    broad = row("*", "*", "wanted", basis="consent")
    assert on("email", broad, topic=ASKED).allowed
    assert on("email", broad, row("news", "email", "wanted"), topic=ASKED).allowed
    withdrawn = [broad, row("news", "*", "unwanted"), row("news", "email", "wanted")]
    assert on("email", *withdrawn, topic=ASKED).reason == "no_consent", "an older yes does not outlive the no"
    assert on("email", *withdrawn).allowed


def test_the_consent_of_one_address_is_none_for_another() -> None:
    home = row("news", "email", "wanted", address="home", basis="consent", confirmed=True)
    assert on("email", home, topic=TWICE, address="home").allowed
    assert not on("email", home, topic=TWICE, address="work").allowed


def test_the_latest_pause_holds_up_to_an_exception() -> None:
    month, week = NOW + timedelta(days=30), NOW + timedelta(days=7)
    everything = row("*", "*", paused_until=month)
    assert on("email", everything).paused_until == month
    assert on("email", everything, row("news", "email", paused_until=week)).paused_until == month
    assert on("email", everything, row("news", "*", paused_until=RESUMED)).paused_until is None
    assert on("email", row("*", "*", paused_until=NOW)).paused_until is None, "it is over"
    assert on("email", everything).allowed, "a pause is no refusal"


def test_all_limits_that_cover_it_hold() -> None:
    rows = [
        row("*", "*", limit_count=5, limit_s=60.0),
        row("news", "*", limit_count=1, limit_s=60.0),
        row("coupons", "*", limit_count=9, limit_s=60.0),
        row("*", "sms", limit_count=9, limit_s=60.0),
    ]
    assert sorted(limit.limit_count or 0 for limit in on("email", *rows).limits) == [1, 5]


def test_a_message_without_a_topic_is_covered_by_words_about_everything_alone() -> None:
    none = Topic("")
    assert on("email", row("news", "email", "unwanted"), topic=none).allowed
    assert on("email", row("*", "*", "unwanted"), topic=none).reason == "unwanted"
