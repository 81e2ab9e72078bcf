"""All inputs of the decision together, generated: no cap is passed, every wait ends, and it replays the same."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.kernel.clock import FOREVER
from antiphon.kernel.records import (
    DeliveryId,
    MessageId,
    NotificationId,
    ProfileId,
    ProviderId,
    Purpose,
    SourceId,
)
from antiphon.kernel.settings import FrequencyCap, QuietHours
from antiphon.orchestration.choose import choose
from antiphon.orchestration.limits import standing
from antiphon.orchestration.quiet import quiet_from, quiet_somewhere
from antiphon.orchestration.records import (
    Attempt,
    Live,
    OpenNotification,
    PersonCase,
    Place,
    Policy,
    ProviderChoice,
    Reach,
    Reason,
    Source,
    Withdrawn,
)
from antiphon.orchestration.silence import end_of
from antiphon.orchestration.store import decision_json
from antiphon.orchestration.terms import Terms
from orchestration.together import CHANNELS, MANY, NEVER_ENDS, NOW, TOPICS, cases, pairs, policies


def counted(cap: FrequencyCap, taken: Sequence[Place], end: datetime) -> int:
    """In the period that ends then, as a person with a calendar counts."""
    begin = end - timedelta(seconds=cap.within_s)
    return sum(
        begin < place.at <= end
        and (place.topic == cap.topic if cap.topic else True)
        and (place.channel == cap.channel if cap.channel else not place.further)
        for place in taken
    )


@MANY
@given(cases, policies)
def test_no_cap_is_passed_by_anything_that_is_sent(case, policy):
    before = standing(case)
    new = [v.place for v in choose(case, policy, now=NOW) if v.act == "send" and v.place]
    for cap in policy.caps:
        if any(counted(cap, [place], NOW) for place in new):
            assert counted(cap, [*before, *new], NOW) <= cap.count


@MANY
@given(cases, policies)
def test_every_wait_ends_or_is_ended_by_somebody(case, policy):
    """At its end it is decided again, and then it is not the same wait for the same time."""
    for notification, verdict in pairs(case, policy):
        if verdict.act != "wait":
            assert verdict.until is None
            continue
        end = end_of(notification.source, created_at=notification.created_at, expires_at=notification.expires_at)
        if verdict.until is None:
            assert verdict.reason in NEVER_ENDS
            assert end is None, "nobody would notice that its time is over"
            continue
        assert verdict.until > NOW
        assert end is None or verdict.until <= end
        if verdict.until >= FOREVER:
            continue
        again = next(v for n, v in pairs(case, policy, verdict.until) if n.id == notification.id)
        assert again.until is None or again.until > verdict.until


@MANY
@given(cases, policies, st.randoms())
def test_the_order_of_what_was_read_decides_nothing(case, policy, chance):
    def turned(some: Sequence) -> list:
        return chance.sample(list(some), len(some))

    other = replace(
        case,
        notifications=turned(case.notifications),
        preferences=turned(case.preferences),
        told=turned(case.told),
        places=turned(case.places),
        shared=tuple(turned(case.shared)),
    )
    assert choose(case, policy, now=NOW) == choose(other, replace(policy, caps=tuple(turned(policy.caps))), now=NOW)


@MANY
@given(cases, policies)
def test_what_was_packed_and_unpacked_decides_the_same(case, policy):
    expected = choose(case, policy, now=NOW)
    for coding in (msgspec.msgpack, msgspec.json):
        there = coding.decode(coding.encode(case), type=PersonCase)
        rules = coding.decode(coding.encode(policy), type=Policy)
        again = choose(there, rules, now=NOW)
        assert again == expected
        assert [decision_json(v, at=NOW) for v in again] == [decision_json(v, at=NOW) for v in expected]


@MANY
@given(cases, policies)
def test_every_verdict_tells_why_in_words_and_in_a_word_of_the_contract(case, policy):
    words = set(Reason.__args__)
    for notification, verdict in pairs(case, policy):
        said = verdict.because
        assert said
        assert said == said.strip()
        assert "  " not in said
        assert said[-1] not in ".,;:"
        assert "None" not in said
        assert verdict.reason is None or verdict.reason in words
        assert (verdict.reason is None) == (verdict.act in ("send", "keep", "rest")) or verdict.act == "wait"
        assert {option.channel for option in verdict.options} <= set(notification.source.channels)
        assert all(option.reason is None or option.reason in words for option in verdict.options)
        expired = any(a.state == "expired" for a in notification.attempts)
        if verdict.act == "drop" and verdict.reason not in ("cancelled", "merged"):
            assert not expired, "it may have arrived"


@MANY
@given(cases, policies)
def test_what_is_sent_holds_every_single_rule(case, policy):
    for notification, verdict in pairs(case, policy):
        if verdict.act != "send":
            continue
        source = notification.source
        assert source.state == "running"
        assert not case.moving
        assert not any(attempt.state in Live for attempt in notification.attempts)
        assert (source.id, verdict.channel, verdict.address) not in case.shared
        assert source.terms.cost_max is None or verdict.cost <= source.terms.cost_max + 1e-6
        assert verdict.cost <= case.money.get(source.id, verdict.cost) + 1e-6
        assert verdict.propensity is None or 0 < verdict.propensity <= 1
        if source.purpose is Purpose.CAMPAIGN:
            assert verdict.place is not None
            assert quiet_somewhere(
                case.zones, case.regions, verdict.channel, source.purpose, policy, NOW, own=case.quiet
            ) is None  # fmt: skip


RANK: Mapping[str, int] = {"send": 0, "keep": 0, "wait": 1, "rest": 2, "fail": 2, "drop": 2}


@pytest.mark.parametrize("right", ["an opt-out less", "an account more", "a cap less", "no quiet hours", "more money"])
@MANY
@given(cases, policies)
def test_one_right_more_never_makes_it_worse(right, case, policy):
    """Of one notification: of several, one that may now be sent may take another's place."""
    case, more, free = replace(case, notifications=case.notifications[:1]), None, policy
    if right == "an opt-out less":
        more = replace(case, reach=[replace(reach, opted_out=None) for reach in case.reach])
    elif right == "an account more":
        free = replace(policy, providers={c: (ProviderChoice(ProviderId(50)),) for c in CHANNELS} | policy.providers)
    elif right == "a cap less":
        free = replace(policy, caps=policy.caps[1:])
    elif right == "no quiet hours":
        more, free = replace(case, quiet=None), replace(policy, quiet_hours=None)
    else:
        more = replace(case, money={})
    (before,), (after,) = choose(case, policy, now=NOW), choose(more or case, free, now=NOW)
    if before.reason == "capped":
        return  # its cap may have hidden what stands in the way for longer, or for good
    assert RANK[after.act] <= RANK[before.act], (before, after)
    if before.until and after.until:
        assert after.until <= before.until


@pytest.mark.parametrize("seed", range(8))
def test_over_three_weeks_of_campaigns_no_cap_is_ever_passed(seed):
    """As workers do it: at every end of a wait and whenever something new comes; some of it is taken back meanwhile."""
    chance = random.Random(seed)
    policy = Policy(
        {channel: (ProviderChoice(ProviderId(n)),) for n, channel in enumerate(CHANNELS, 1)},
        quiet_hours=QuietHours("21:00", "08:00", channels=CHANNELS),
        caps=tuple(
            FrequencyCap(chance.randint(1, 3), chance.choice([3600.0, 86_400.0, 604_800.0]), topic, channel)
            for topic, channel in [(None, None), ("coupons", None), (None, "email"), ("news", "sms")]
        ),
    )
    reach = [Reach("email", "a@example.org"), Reach("sms", "+447400123456")]
    now, number, waiting, taken = NOW, 0, [], []
    for _ in range(150):
        now += timedelta(minutes=chance.choice([1, 20, 300]))
        for _ in range(chance.choice([0, 0, 1, 3])):
            number += 1
            topic, terms = chance.choice(TOPICS), Terms(priority=chance.randint(0, 2), give_up_s=5 * 86_400.0)
            made = Source(SourceId(number), "campaign", f"c{number}", MessageId(1), 1, topic, Purpose.CAMPAIGN,
                          ("email", "sms"), "definite", "running", terms=terms)  # fmt: skip
            waiting.append(OpenNotification(NotificationId(number), made, now))
        if not waiting:
            continue
        case = PersonCase(ProfileId(1), waiting, reach, zones=("Europe/Berlin",), places=list(taken))
        taken, waiting = list(standing(case)), []
        for notification, verdict in pairs(case, policy, now):
            if verdict.act == "wait":
                waiting.append(replace(notification, withdrawn=None))
            elif verdict.act == "send":
                taken.append(verdict.place)
                if chance.random() < 0.3:  # it never left
                    gone = Attempt(DeliveryId(1), 1, verdict.channel, verdict.address, "cancelled")
                    attempts = (*notification.attempts, gone)
                    waiting.append(replace(notification, attempts=attempts, withdrawn=Withdrawn(now)))
        for cap in policy.caps:
            assert counted(cap, taken, now) <= cap.count
    assert taken


@MANY
@given(cases, policies, st.sampled_from(CHANNELS), st.integers(0, 4 * 24))
def test_the_next_quiet_time_is_not_after_the_first_quiet_minute(case, policy, channel, quarters):
    """Looked for by walking: until it is said to begin nothing is quiet, and then it is."""

    def quiet(at: datetime) -> bool:
        return (
            quiet_somewhere(case.zones, case.regions, channel, Purpose.CAMPAIGN, policy, at, own=case.quiet) is not None
        )

    now = NOW + timedelta(minutes=15 * quarters)
    begins = quiet_from(case.zones, case.regions, channel, Purpose.CAMPAIGN, policy, now, own=case.quiet)
    if quiet(now):
        return
    at = now
    while at < (begins or now + timedelta(days=2)):
        assert not quiet(at), at
        at += timedelta(minutes=15)
    assert begins is None or quiet(begins)
