"""What `choose` keeps to, whoever it chooses for."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.kernel.records import (
    DeliveryId,
    NotificationId,
    ProfileId,
    Purpose,
)
from antiphon.kernel.settings import FrequencyCap
from antiphon.orchestration.choose import choose
from antiphon.orchestration.options import CRITICAL
from antiphon.orchestration.records import (
    Attempt,
    Live,
    OpenNotification,
    PersonCase,
    Policy,
    Reach,
)
from antiphon.profiles import Topic, effective
from orchestration.choosing import ALL_UP, BOTH, CHANNELS, NOW, cases, pairs, places_at, policies, source


@given(cases, policies)
def test_what_is_sent_is_allowed(case, policy):
    """Never to an address opted out or dead, a channel unwanted, unticked or without a provider, or twice at once."""
    for notification, verdict in pairs(case, policy):
        if verdict.act != "send":
            continue
        reach = next(r for r in case.reach if (r.channel, r.value) == (verdict.channel, verdict.address))
        assert reach.opted_out != "everything"
        assert reach.opted_out is None or notification.source.purpose is not Purpose.CAMPAIGN
        assert not reach.dead
        assert verdict.channel in notification.source.channels
        assert verdict.provider in {choice.id for choice in policy.providers[verdict.channel]}
        topic = policy.topics.get("coupons", Topic("coupons"))
        said = effective(case.preferences, topic, verdict.channel, now=NOW, address=verdict.address)
        if not (topic.critical and notification.source.purpose in CRITICAL):
            assert said.allowed
            assert said.paused_until is None
        assert not any(attempt.state in Live for attempt in notification.attempts)
        assert notification.source.state == "running"
        assert notification.expires_at is None or notification.expires_at > NOW


@given(cases, policies)
def test_what_was_tried_is_never_tried_again(case, policy):
    """Not to the same address by the same provider; and by another one only where it was the first one's fault."""
    for notification, verdict in pairs(case, policy):
        if verdict.act != "send":
            continue
        left = [a for a in notification.attempts if a.state not in ("cancelled", "superseded")]
        same = [a for a in left if (a.channel, a.address) == (verdict.channel, verdict.address)]
        assert verdict.provider not in {a.provider for a in same}
        for attempt in same:
            silent = attempt.state == "expired" and notification.source.failover_on == "silence"
            assert silent or attempt.failure in ("temporary", "policy")


@given(cases, policies)
def test_every_notification_gets_one_verdict_and_the_same_again(case, policy):
    first = choose(case, policy, now=NOW)
    turned = replace(case, notifications=list(reversed(case.notifications)), reach=list(case.reach))
    assert sorted(v.notification for v in first) == sorted(n.id for n in case.notifications)
    assert first == choose(turned, policy, now=NOW)


@given(cases, policies)
def test_a_wait_has_an_end_in_the_future_that_the_message_lives_to_see(case, policy):
    for notification, verdict in pairs(case, policy):
        if verdict.act == "wait" and verdict.reason != "paused":
            assert verdict.until is not None
            assert verdict.until > NOW
            assert notification.expires_at is None or verdict.until < notification.expires_at


@given(cases, policies)
def test_expired_is_dropped(case, policy):
    for notification, verdict in pairs(case, policy):
        live = any(attempt.state in Live for attempt in notification.attempts)
        if notification.expires_at is not None and notification.expires_at <= NOW and not live:
            assert (verdict.act, verdict.reason) in {("drop", "expired"), ("drop", "cancelled"), ("rest", None)}
            assert verdict.act != "rest" or any(attempt.state == "expired" for attempt in notification.attempts)


@given(cases, policies)
def test_a_further_address_never_makes_it_worse(case, policy):
    """One more channel the person can be reached on: what was sent is still sent, and nothing waits longer."""
    rank = {"send": 0, "keep": 0, "wait": 1, "rest": 2, "fail": 2, "drop": 2}
    uncapped = replace(policy, caps=())  # under a cap, more that can be sent takes more places
    for channel in CHANNELS:
        more = replace(case, reach=[*case.reach, Reach(channel, "new")])
        before = {v.notification: v for v in choose(case, uncapped, now=NOW)}
        for verdict in choose(more, uncapped, now=NOW):
            was = before[verdict.notification]
            assert rank[verdict.act] <= rank[was.act]
            if verdict.until is not None and was.until is not None:
                assert verdict.until <= was.until


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 4)), max_size=25), st.integers(1, 4))
def test_a_cap_holds_over_any_sequence_of_decisions(steps, count):
    """Whatever comes when: in no day does a person get more campaign messages than the cap."""
    cap = FrequencyCap(count=count, within_s=86400)
    policy = Policy(providers=ALL_UP, caps=(cap,))
    now, sent, number = NOW, [], 0
    for minutes, arriving in steps:
        now += timedelta(minutes=minutes)
        number += arriving
        fresh = [OpenNotification(NotificationId(number + i), source(), now) for i in range(arriving)]
        case = PersonCase(ProfileId(1), fresh, [Reach("email", "a")], places=places_at(sent))
        sent += [now for verdict in choose(case, policy, now=now) if verdict.act == "send"]
        assert len([at for at in sent if at > now - timedelta(days=1)]) <= count


def test_a_code_is_never_capped_and_the_older_campaign_takes_the_last_place():
    code = OpenNotification(NotificationId(9), source(purpose=Purpose.CODE), NOW)
    older = OpenNotification(NotificationId(7), source(), NOW - timedelta(minutes=2))
    newer = OpenNotification(NotificationId(5), source(), NOW - timedelta(minutes=1))
    policy = Policy(providers=ALL_UP, caps=(FrequencyCap(count=1, within_s=60),))
    case = PersonCase(ProfileId(1), [newer, older, code], [Reach("email", "a")])
    verdicts = choose(case, policy, now=NOW)
    assert [(v.notification, v.act, v.reason) for v in verdicts] == [
        (9, "send", None),
        (7, "send", None),
        (5, "wait", "capped"),
    ]


def test_who_is_being_moved_is_not_decided_and_what_is_over_is_over():
    notification = OpenNotification(NotificationId(1), source(), NOW)
    case = PersonCase(ProfileId(1), [notification], BOTH, moving=True)
    (verdict,) = choose(case, Policy(ALL_UP), now=NOW)
    assert (verdict.act, verdict.reason, verdict.until) == ("wait", "merged", None)
    over = replace(notification, expires_at=NOW)
    (verdict,) = choose(replace(case, notifications=[over]), Policy(ALL_UP), now=NOW)
    assert (verdict.act, verdict.reason) == ("drop", "expired")


def test_of_one_source_under_two_numbers_one_goes_on():
    def numbered(id: int, number: int, **more: object) -> OpenNotification:
        return OpenNotification(NotificationId(id), source(), NOW, number=ProfileId(number), **more)

    case = PersonCase(ProfileId(1), [numbered(1, 1), numbered(2, 257)], BOTH)
    verdicts = {v.notification: (v.act, v.reason) for v in choose(case, Policy(ALL_UP), now=NOW)}
    assert verdicts == {1: ("send", None), 2: ("drop", "merged")}
    told = replace(case, notifications=[numbered(2, 257, told_elsewhere=True)])
    assert [v.reason for v in choose(told, Policy(ALL_UP), now=NOW)] == ["merged"]


def test_no_provider_for_the_second_address_of_a_channel_is_said_and_not_stumbled_over():
    tried = Attempt(DeliveryId(1), 1, "email", "a", "failed", "address")
    case = PersonCase(
        ProfileId(1),
        [OpenNotification(NotificationId(1), source(channels=("email",)), NOW, attempts=(tried,))],
        [Reach("email", "a", dead=True), Reach("email", "b")],
    )
    (verdict,) = choose(case, Policy(providers={}), now=NOW)
    assert (verdict.act, verdict.reason) == ("fail", "provider_down")


def test_a_cap_of_nothing_lets_nothing_through():
    case = PersonCase(ProfileId(1), [OpenNotification(NotificationId(1), source(), NOW)], [Reach("email", "a")])
    (verdict,) = choose(case, Policy(ALL_UP, caps=(FrequencyCap(count=0, within_s=60),)), now=NOW)
    assert (verdict.act, verdict.reason) == ("wait", "capped")
