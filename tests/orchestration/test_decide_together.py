"""All inputs of the decision together, generated: no cap is passed, every wait ends, and it replays the same."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon import metrics
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
    Seen,
    Source,
    Told,
    Verdict,
    Window,
    Withdrawn,
)
from antiphon.orchestration.silence import end_of
from antiphon.orchestration.store import decision_json
from antiphon.orchestration.terms import BetterThan, Follow, Group, SendAt, Terms
from antiphon.profiles import Standing, Topic
from antiphon.profiles.consent_fold import RESUMED

NOW = datetime(2026, 3, 28, 20, 30, tzinfo=UTC)
"""A Saturday evening; the clocks of Europe change in the night."""

EXAMPLES = int(os.environ.get("DECIDE_EXAMPLES", "60"))
MANY = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
"""Making a case takes longer than deciding it."""

CHANNELS = ("email", "sms", "push", "chat")
TOPICS = ("coupons", "news")
ADDRESSES = {"email": ("a@example.org", "b@example.org"), "sms": ("+447400123456", "+12025550123"),
             "push": ("device",), "chat": ("whatsapp:1",)}  # fmt: skip
NEVER_ENDS = ("paused", "budget_spent", "merged")
"""Why a wait may have no end: somebody else ends it."""


def ago(most: timedelta) -> st.SearchStrategy[datetime]:
    return st.integers(0, int(most.total_seconds())).map(lambda s: NOW - timedelta(seconds=s))


terms = st.builds(
    Terms,
    priority=st.integers(-2, 2),
    inside=st.sampled_from([(), (), (Group(1, "new"),)]),
    outside=st.sampled_from([(), (), (Group(2, "paying"),)]),
    better_than=st.sampled_from([None, None, BetterThan("discount", 20.0)]),
    follow=st.sampled_from([None, None, Follow(SourceId(99), "the coupon", "opened")]),
    send_at=st.sampled_from([
        None, None, None, SendAt(local=datetime.fromisoformat("2026-03-29T02:30")),
        SendAt(local=datetime.fromisoformat("2026-03-28T18:00")),
        SendAt(best_hour=True), SendAt(best_hour=True, within_s=3600.0 * 72)]),
    give_up_s=st.sampled_from([None, None, None, 600.0, 86_400.0, 3 * 86_400.0]),
    cost_max=st.sampled_from([None, None, 0.01, 0.05]),
    budget=st.sampled_from([None, None, 1.0]),
    explore=st.sampled_from([0.0, 0.0, 0.3]),
    units=st.sampled_from([{}, {"sms": 3}]),
    templates=st.sampled_from([(), ("chat",)]),
)  # fmt: skip
sources = st.builds(
    Source,
    id=st.integers(1, 6).map(SourceId),
    kind=st.sampled_from(["campaign", "campaign", "journey", "api", "system"]),
    name=st.sampled_from(["Autumn", "Winter"]),
    message=st.just(MessageId(1)),
    version=st.just(1),
    topic=st.sampled_from([*TOPICS, ""]),
    purpose=st.sampled_from([Purpose.CAMPAIGN] * 4 + list(Purpose)),
    channels=st.permutations(CHANNELS).flatmap(lambda all: st.integers(1, 4).map(lambda n: tuple(all[:n]))),
    failover_on=st.sampled_from(["definite", "silence"]),
    state=st.sampled_from(["running"] * 6 + ["paused", "cancelled"]),
    prefer=st.sampled_from([None, None, *CHANNELS]),
    terms=terms,
)
attempts = st.sampled_from(CHANNELS).flatmap(
    lambda channel: st.builds(
        Attempt,
        id=st.just(DeliveryId(1)),
        n=st.just(1),
        channel=st.just(channel),
        address=st.sampled_from(ADDRESSES[channel]),
        state=st.sampled_from(["failed"] * 4 + ["queued", "sending", "accepted", "expired", "cancelled", "superseded"]),
        failure=st.sampled_from([None, "address", "message", "temporary", "policy"]),
        provider=st.integers(1, 8).map(ProviderId),
    )
)
notifications = st.builds(
    OpenNotification,
    id=st.integers(1, 10**6).map(NotificationId),
    source=sources,
    created_at=ago(timedelta(days=2)),
    number=st.sampled_from([1, 1, 1, 2]).map(ProfileId),
    told_elsewhere=st.sampled_from([False] * 9 + [True]),
    expires_at=st.none() | st.integers(-60, 60 * 48).map(lambda n: NOW + timedelta(minutes=n)),
    attempts=st.lists(attempts, max_size=3).map(tuple),
    seen=st.none() | st.builds(Seen, st.sampled_from(CHANNELS), st.sampled_from(["delivered", "opened", "clicked"])),
    withdrawn=st.none() | st.builds(Withdrawn, ago(timedelta(hours=30)), st.just(0.04)),
)
wishes = st.lists(
    st.builds(
        Standing,
        topic=st.sampled_from([*TOPICS, "*"]),
        channel=st.sampled_from([*CHANNELS, "*"]),
        state=st.sampled_from(["wanted", "unwanted", None, None]),
        basis=st.sampled_from(["", "consent"]),
        confirmed=st.booleans(),
        expires_at=st.sampled_from([None, None, NOW - timedelta(days=1), NOW, NOW + timedelta(hours=3)]),
        paused_until=st.sampled_from(
            [None, None, NOW - timedelta(days=1), NOW, NOW + timedelta(hours=1), FOREVER, RESUMED]
        ),
        limit_count=st.sampled_from([None, None, 0, 1, 3]),
        limit_s=st.sampled_from([1.0, 3600.0, 86_400.0, 366 * 86_400.0]),
    ),
    max_size=3,
    unique_by=lambda row: row.key,
)
reaches = st.lists(
    st.sampled_from([(channel, value) for channel, values in ADDRESSES.items() for value in values]).flatmap(
        lambda where: st.builds(
            Reach,
            st.just(where[0]),
            st.just(where[1]),
            st.sampled_from([None, None, None, "marketing", "everything"]),
            st.sampled_from([False, False, False, True]),
            st.just(where[0] == "chat"),
            st.none()
            | st.builds(Window, st.sampled_from(["free", "human"]), st.sampled_from([NOW, NOW + timedelta(hours=2)])),
        )
    ),
    max_size=6,
    unique_by=lambda reach: (reach.channel, reach.value),
)
places = st.lists(
    st.builds(
        Place, ago(timedelta(days=8)), st.integers(1, 8).map(SourceId), st.sampled_from([*TOPICS, ""]),
        st.sampled_from(CHANNELS), st.booleans(),
    ),
    max_size=6,
).map(lambda found: sorted(found, key=lambda place: place.at))  # fmt: skip


def with_their_places(case: PersonCase) -> PersonCase:
    """What was withdrawn had taken a place when it was decided."""
    own = [Place(n.withdrawn.at, n.source.id, n.source.topic, "email") for n in case.notifications if n.withdrawn]
    return replace(case, places=sorted([*case.places, *own], key=lambda place: place.at))


cases = st.builds(
    PersonCase,
    profile=st.just(ProfileId(1)),
    notifications=st.lists(notifications, min_size=1, max_size=5, unique_by=lambda n: n.id),
    reach=reaches,
    counts=st.dictionaries(
        st.sampled_from([f"{channel}:campaign" for channel in CHANNELS]),
        st.integers(0, 50).flatmap(lambda sent: st.builds(metrics.Counts, st.just(sent), st.integers(0, sent))),
        max_size=3,
    ),
    hours=st.sampled_from([(), (0,) * 9 + (40,) + (0,) * 14, (0,) * 2 + (40,) + (0,) * 21, (0,) * 23 + (40,)]),
    zones=st.sampled_from([
        (), ("Europe/Berlin",), ("America/New_York",), ("Europe/Lisbon", "Pacific/Auckland"), ("Nowhere/At_All",)]),
    regions=st.sampled_from([(), (), ("FR",), ("US-FL",), ("US-FL", "US-TX"), ("IN",), ("XX",)]),
    places=places,
    quiet=st.sampled_from([None, None, ("22:00", "07:00"), ("00:00", "23:59"), ("12:00", "12:00")]),
    groups=st.sampled_from([(), (1,), (1, 2)]),
    held=st.sampled_from([{}, {"discount": 25.0}]),
    preferences=wishes,
    told=st.lists(
        st.builds(
            Told, ago(timedelta(days=2)), st.sampled_from(TOPICS), st.sampled_from(CHANNELS), st.just("a@example.org")
        ),
        max_size=4,
    ),
    moving=st.sampled_from([False] * 9 + [True]),
    shared=st.sampled_from([(), (), ((1, "email", "a@example.org"), (2, "sms", "+447400123456"))]),
    money=st.dictionaries(st.integers(1, 6), st.sampled_from([-1.0, 0.0, 0.04, 10.0]), max_size=3),
).map(with_their_places)  # fmt: skip
accounts = st.builds(
    ProviderChoice,
    id=st.integers(1, 8).map(ProviderId),
    unit_cost=st.sampled_from([0.0, 0.04]),
    up=st.sampled_from([True, True, False]),
    rank=st.integers(0, 1),
    weight=st.sampled_from([0, 100]),
    health=st.sampled_from([1.0, 0.2]),
    costs=st.sampled_from([{}, {"GB": 0.001, "US": 0.08}]),
)
caps = st.lists(
    st.builds(
        FrequencyCap,
        count=st.integers(0, 3),
        within_s=st.sampled_from([1.0, 3600.0, 86_400.0, 604_800.0]),
        topic=st.sampled_from([None, None, *TOPICS]),
        channel=st.sampled_from([None, None, *CHANNELS]),
    ),
    max_size=4,
).map(tuple)
policies = st.builds(
    Policy,
    providers=st.dictionaries(
        st.sampled_from(CHANNELS),
        st.lists(accounts, min_size=1, max_size=3, unique_by=lambda each: each.id).map(tuple),
        min_size=1,
    ),
    quiet_hours=st.sampled_from([
        None, QuietHours("21:00", "08:00", channels=CHANNELS), QuietHours("02:15", "02:45", channels=CHANNELS),
        QuietHours("21:00", "08:00", channels=("sms",), holidays=("2026-03-29",))]),
    caps=caps,
    topics=st.dictionaries(st.just("coupons"), st.builds(
        Topic, st.just("coupons"), state=st.sampled_from(["wanted", "unwanted"]),
        channels=st.sampled_from([(), ("sms", "email")]), needs=st.sampled_from(["nothing", "consent"]),
        critical=st.booleans())),
    cheapest=st.sampled_from([frozenset(), frozenset({"sms"})]),
    exploration=st.sampled_from([0.0, 0.2]),
    answer_worth=st.sampled_from([0.0, 0.5]),
    habits=st.sampled_from([{}, {"FR": {"email": 1.3}}]),
)  # fmt: skip


def pairs(case: PersonCase, policy: Policy, now: datetime = NOW) -> list[tuple[OpenNotification, Verdict]]:
    by_id = {notification.id: notification for notification in case.notifications}
    return [(by_id[verdict.notification], verdict) for verdict in choose(case, policy, now=now)]


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
