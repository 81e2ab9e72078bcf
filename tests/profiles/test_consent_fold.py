"""What holds, from all that was said: the order of arrival does not matter, the order of saying does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.profiles.consent_fold import RESUMED, Said, Standing, fold

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(n: int) -> datetime:
    return START + timedelta(days=n)


def say(n: int, topic: str, channel: str, state: Any, **more: Any) -> Said:
    return Said(id=n, at=day(n), topic=topic, channel=channel, state=state, **more)


def wishes(rows: list[Standing]) -> dict[tuple[str, str], str]:
    return {(row.topic, row.channel): row.state for row in rows if row.state is not None}


@st.composite
def histories(draw: Any) -> list[Said]:
    said = []
    for n in range(draw(st.integers(0, 12))):
        state = draw(st.sampled_from(["wanted", "unwanted", "unset", "paused", "resumed", "limited", "pending"]))
        channel = draw(st.sampled_from(["email", "sms", "*"]))
        count = draw(st.sampled_from([None, 1, 5])) if state == "limited" else None
        said.append(
            Said(
                id=n,
                at=day(draw(st.integers(0, 5))),
                topic=draw(st.sampled_from(["news", "coupons", "*"])),
                channel=channel,
                state=state,
                address=draw(st.sampled_from(["", "a", "b"])) if channel != "*" else "",
                until=day(draw(st.integers(6, 9))) if state == "paused" else None,
                expires_at=day(draw(st.integers(1, 9))) if state == "wanted" and draw(st.booleans()) else None,
                limit_count=count,
                limit_s=60.0 if count else None,
                basis=draw(st.sampled_from(["", "consent"])),
                confirmed=draw(st.booleans()),
                scope=draw(st.sampled_from([None, None, None, "everything"])),
            )
        )
    return said


@settings(max_examples=300)
@given(histories(), st.randoms())
def test_any_order_of_arrival_ends_the_same(said: list[Said], random: Any) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(said)


@settings(max_examples=300)
@given(histories(), st.integers(0, 12))
def test_a_later_statement_on_top_ends_as_all_from_scratch(said: list[Said], cut: int) -> None:
    ordered = sorted(said, key=lambda each: (each.at, each.id))
    assert fold(ordered[cut:], since=fold(ordered[:cut])) == fold(said)


@settings(max_examples=300)
@given(histories())
def test_the_last_broad_no_leaves_no_yes(said: list[Said]) -> None:
    """Withdrawing everything needs one word, whatever was said before."""
    rows = fold([*said, say(20, "*", "*", "unwanted")])
    assert {row.state for row in rows if row.state} == {"unwanted"}


@settings(max_examples=300)
@given(histories())
def test_what_was_said_twice_holds_once(said: list[Said]) -> None:
    """Said again with the next breath, nothing changes but when."""
    last = max(said, key=lambda each: (each.at, each.id), default=None)
    if last is not None and last.scope is None:
        again = Said(**{f: getattr(last, f) for f in Said.__struct_fields__} | {"id": 99, "at": last.at})
        once, twice = fold(said), fold([*said, again])
        assert [(r.key, r.state, r.paused_until, r.limit_count, r.basis) for r in twice] == [
            (r.key, r.state, r.paused_until, r.limit_count, r.basis) for r in once
        ]


def test_a_broad_word_replaces_the_narrow_ones_and_a_narrow_one_after_it_is_an_exception() -> None:
    said = [
        say(1, "coupons", "sms", "wanted"),
        say(2, "*", "sms", "unwanted"),
        say(3, "news", "sms", "wanted"),
    ]
    assert wishes(fold(said)) == {("*", "sms"): "unwanted", ("news", "sms"): "wanted"}


def test_unset_takes_back_the_wish_and_the_narrower_ones() -> None:
    said = [say(1, "news", "email", "wanted"), say(2, "news", "*", "unwanted"), say(3, "news", "email", "wanted")]
    assert wishes(fold([*said, say(4, "news", "*", "unset")])) == {}
    assert wishes(fold([*said, say(4, "news", "email", "unset")])) == {("news", "*"): "unwanted"}


def test_saying_yes_again_or_more_broadly_takes_no_consent_back() -> None:
    consent = say(1, "news", "email", "wanted", basis="consent", confirmed=True)
    (again,) = fold([consent, say(2, "news", "email", "wanted")])
    assert (again.basis, again.confirmed) == ("consent", True)
    broadly = fold([consent, say(2, "*", "*", "wanted")])
    assert [(row.topic, row.confirmed) for row in broadly] == [("*", False), ("news", True)]
    assert [row.basis for row in fold([consent, say(2, "news", "email", "unwanted")])] == [""]


def test_a_consent_that_ran_out_does_not_come_back_with_a_plain_yes() -> None:
    consent = say(1, "news", "email", "wanted", basis="consent", expires_at=day(3))
    (row,) = fold([consent, say(5, "news", "email", "wanted")])
    assert (row.basis, row.expires_at) == ("", None)


def test_a_word_about_one_address_leaves_the_others() -> None:
    said = [
        say(1, "news", "email", "wanted", address="a"),
        say(2, "news", "email", "wanted", address="b"),
        say(3, "news", "email", "unwanted", address="a"),
    ]
    assert [(row.address, row.state) for row in fold(said)] == [("a", "unwanted"), ("b", "wanted")]
    assert [(row.address, row.state) for row in fold([*said, say(4, "news", "email", "unwanted")])] == [
        ("", "unwanted")
    ]


def test_a_pause_leaves_the_wish_and_the_wish_leaves_the_pause() -> None:
    rows = fold(
        [
            say(1, "news", "email", "wanted"),
            say(2, "news", "email", "paused", until=day(9)),
            say(3, "news", "email", "unwanted"),
        ]
    )
    assert [(row.state, row.paused_until) for row in rows] == [("unwanted", day(9))]


def test_pausing_everything_does_not_end_a_longer_pause_and_resuming_everything_ends_all() -> None:
    said = [
        say(1, "news", "*", "paused", until=day(9)),
        say(2, "coupons", "*", "paused", until=day(5)),
        say(3, "*", "*", "paused", until=day(7)),
    ]
    assert [(row.topic, row.paused_until) for row in fold(said)] == [("*", day(7)), ("news", day(9))]
    assert fold([*said, say(4, "*", "*", "resumed")]) == []


def test_one_topic_resumed_under_a_broader_pause_is_an_exception_until_the_next_pause() -> None:
    said = [say(1, "*", "*", "paused", until=day(7)), say(2, "news", "*", "resumed")]
    assert [(row.topic, row.paused_until) for row in fold(said)] == [("*", day(7)), ("news", RESUMED)]
    assert [row.topic for row in fold([*said, say(3, "*", "*", "paused", until=day(8))])] == ["*"]


def test_a_broad_and_a_narrow_limit_both_hold_until_the_broad_one_is_lifted() -> None:
    said = [
        say(1, "news", "*", "limited", limit_count=1, limit_s=60.0),
        say(2, "*", "*", "limited", limit_count=5, limit_s=60.0),
    ]
    assert [(row.topic, row.limit_count) for row in fold(said)] == [("*", 5), ("news", 1)]
    assert fold([*said, say(3, "*", "*", "limited")]) == []


def test_the_opt_out_of_an_address_is_proof_and_no_wish() -> None:
    assert fold([say(1, "*", "sms", "unwanted", address="+1", scope="everything")]) == []
