"""The decision, for any case: what it never does, and what it does with the last place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon import metrics
from antiphon.kernel.records import (
    DeliveryId,
    MessageId,
    NotificationId,
    ProfileId,
    ProviderId,
    Purpose,
    SourceId,
)
from antiphon.kernel.settings import FrequencyCap, Jurisdiction, QuietHours
from antiphon.orchestration.choose import choose
from antiphon.orchestration.options import CRITICAL
from antiphon.orchestration.quiet import quiet_until
from antiphon.orchestration.records import (
    Attempt,
    Live,
    OpenNotification,
    PersonCase,
    Place,
    Policy,
    ProviderChoice,
    Reach,
    Source,
    Told,
    Verdict,
)
from antiphon.profiles import Standing, Topic, effective
from antiphon.profiles.consent_fold import RESUMED

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CHANNELS = ("email", "sms", "push")
ALL_UP = {channel: (ProviderChoice(ProviderId(n)),) for n, channel in enumerate(CHANNELS, 1)}
SEVERAL = {
    channel: (ProviderChoice(ProviderId(n)), ProviderChoice(ProviderId(n + 10), up=n != 2, rank=n % 2))
    for n, channel in enumerate(CHANNELS, 1)
}


def source(**changes: object) -> Source:
    made = Source(
        id=SourceId(1),
        kind="campaign",
        name="c",
        message=MessageId(1),
        version=1,
        topic="coupons",
        purpose=Purpose.CAMPAIGN,
        channels=CHANNELS,
        failover_on="definite",
        state="running",
    )
    return replace(made, **changes)


def places_at(times: Iterable[datetime]) -> list[Place]:
    return [Place(at, SourceId(9), "coupons", "email") for at in times]


attempts = st.builds(
    Attempt,
    id=st.just(DeliveryId(1)),
    n=st.just(1),
    channel=st.sampled_from(CHANNELS),
    address=st.sampled_from(["a", "b"]),
    state=st.sampled_from(["queued", "sending", "accepted", "expired", "failed", "cancelled", "superseded"]),
    failure=st.sampled_from([None, "address", "message", "temporary", "policy"]),
    provider=st.sampled_from([1, 2, 3, 11, 12, 13]).map(ProviderId),
)
sources = st.builds(
    source,
    purpose=st.sampled_from(list(Purpose)),
    channels=st.permutations(CHANNELS).flatmap(lambda all: st.integers(1, 3).map(lambda n: tuple(all[:n]))),
    failover_on=st.sampled_from(["definite", "silence"]),
    state=st.sampled_from(["running", "running", "running", "paused", "cancelled"]),
    prefer=st.none() | st.sampled_from(CHANNELS),
)
notifications = st.builds(
    OpenNotification,
    id=st.integers(1, 10**6).map(NotificationId),
    source=sources,
    created_at=st.integers(0, 100).map(lambda n: NOW - timedelta(minutes=n)),
    expires_at=st.none() | st.integers(-60, 60 * 24).map(lambda n: NOW + timedelta(minutes=n)),
    attempts=st.lists(attempts, max_size=3).map(tuple),
)
times_about_now = st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(hours=1), NOW + timedelta(days=3)])
standing = st.lists(
    st.builds(
        Standing,
        topic=st.sampled_from(["coupons", "*"]),
        channel=st.sampled_from([*CHANNELS, "*"]),
        state=st.sampled_from(["wanted", "wanted", "unwanted", None]),
        address=st.sampled_from(["", "", "a", "b"]),
        basis=st.sampled_from(["", "consent"]),
        confirmed=st.booleans(),
        expires_at=st.none() | times_about_now,
        paused_until=st.none() | times_about_now | st.just(RESUMED),
        limit_count=st.none() | st.integers(0, 2),
        limit_s=st.just(86400.0),
    ),
    max_size=4,
    unique_by=lambda row: row.key,
)
topics = st.builds(
    Topic,
    name=st.just("coupons"),
    state=st.sampled_from(["wanted", "wanted", "unwanted"]),
    channels=st.lists(st.sampled_from(CHANNELS), unique=True).map(tuple),
    needs=st.sampled_from(["nothing", "nothing", "consent", "double_opt_in"]),
    critical=st.booleans(),
)
reaches = st.lists(
    st.builds(
        Reach,
        st.sampled_from(CHANNELS),
        st.sampled_from(["a", "b"]),
        st.sampled_from([None, None, "marketing", "everything"]),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda reach: (reach.channel, reach.value),
)
cases = st.builds(
    PersonCase,
    profile=st.just(ProfileId(1)),
    notifications=st.lists(notifications, min_size=1, max_size=4, unique_by=lambda n: n.id),
    reach=reaches,
    counts=st.dictionaries(
        st.sampled_from([f"{channel}:campaign" for channel in CHANNELS]),
        st.integers(0, 50).flatmap(lambda sent: st.builds(metrics.Counts, st.just(sent), st.integers(0, sent))),
        max_size=3,
    ),
    zones=st.lists(
        st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Nowhere/At_All"]),
        max_size=3,
        unique=True,
    ).map(tuple),
    regions=st.sampled_from([(), ("US",), ("US-FL", "US-TX"), ("FR",), ("IN",), ("XX",)]),
    places=st.lists(st.integers(0, 48), max_size=3).map(
        lambda ago: places_at(NOW - timedelta(hours=h) for h in sorted(ago, reverse=True))
    ),
    preferences=standing,
    told=st.lists(
        st.builds(
            Told,
            st.integers(0, 48).map(lambda h: NOW - timedelta(hours=h)),
            st.sampled_from(["coupons", "news"]),
            st.sampled_from(CHANNELS),
            st.sampled_from(["a", "b"]),
        ),
        max_size=3,
    ),
)
policies = st.builds(
    Policy,
    providers=st.tuples(st.sets(st.sampled_from(CHANNELS)), st.sampled_from([ALL_UP, SEVERAL])).map(
        lambda some: {c: p for c, p in some[1].items() if c in some[0]}
    ),
    quiet_hours=st.none()
    | st.builds(QuietHours, start=st.just("21:00"), end=st.just("08:00"), channels=st.just(("sms", "push"))),
    caps=st.lists(st.builds(FrequencyCap, count=st.integers(1, 3), within_s=st.just(86400.0)), max_size=1).map(tuple),
    topics=st.just({}) | topics.map(lambda topic: {topic.name: topic}),
)


def pairs(case: PersonCase, policy: Policy) -> list[tuple[OpenNotification, Verdict]]:
    by_id = {notification.id: notification for notification in case.notifications}
    return [(by_id[verdict.notification], verdict) for verdict in choose(case, policy, now=NOW)]


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


def one(case_of: list[Reach], *said: Standing, policy: Policy | None = None, **changes: object) -> Verdict:
    """The verdict of one notification for somebody who said this."""
    told = changes.pop("told", ())
    notification = OpenNotification(NotificationId(1), source(**changes), NOW)
    case = PersonCase(ProfileId(1), [notification], case_of, preferences=said, told=told)
    return choose(case, policy or Policy(ALL_UP), now=NOW)[0]


BOTH = [Reach("email", "a"), Reach("sms", "b")]


def test_a_pause_of_everything_is_a_wait_that_ends_and_a_pause_of_one_channel_takes_the_other():
    until = NOW + timedelta(days=2)
    verdict = one(BOTH, Standing("*", "*", paused_until=until))
    assert (verdict.act, verdict.reason, verdict.until) == ("wait", "unwanted", until)
    assert verdict.because == "paused by the person until 2026-01-03 12:00 UTC"
    verdict = one(BOTH, Standing("*", "email", paused_until=until))
    assert (verdict.act, verdict.channel) == ("send", "sms")
    assert [o.reason for o in verdict.options] == ["unwanted", None, "unreachable"]


def test_what_expires_before_the_pause_ends_is_dropped():
    notification = OpenNotification(NotificationId(1), source(), NOW, expires_at=NOW + timedelta(days=1))
    said = [Standing("*", "*", paused_until=NOW + timedelta(days=2))]
    (verdict,) = choose(PersonCase(ProfileId(1), [notification], BOTH, preferences=said), Policy(ALL_UP), now=NOW)
    assert (verdict.act, verdict.reason) == ("drop", "unwanted")


@pytest.mark.parametrize(
    ("topic", "said", "answer"),
    [
        (Topic("coupons", needs="consent"), (), ("drop", "no_consent")),
        (Topic("coupons", needs="consent"), (Standing("coupons", "email", "wanted"),), ("drop", "no_consent")),
        (Topic("coupons", needs="consent"), (Standing("coupons", "email", "wanted", basis="consent"),), ("send", None)),
        (
            Topic("coupons", needs="consent"),
            (Standing("coupons", "email", "wanted", basis="consent", expires_at=NOW),),
            ("drop", "no_consent"),
        ),
        (
            Topic("coupons", needs="double_opt_in"),
            (Standing("coupons", "email", "wanted", basis="consent"),),
            ("drop", "no_consent"),
        ),
        (Topic("coupons", state="unwanted"), (), ("drop", "unwanted")),
        (Topic("coupons", state="unwanted"), (Standing("coupons", "*", "wanted"),), ("send", None)),
        (Topic("coupons"), (Standing("*", "*", "unwanted"),), ("drop", "unwanted")),
        (Topic("coupons"), (Standing("*", "*", "unwanted"), Standing("coupons", "*", "wanted")), ("send", None)),
    ],
)
def test_what_the_topic_needs_and_the_person_said(topic, said, answer):
    policy = Policy(ALL_UP, topics={"coupons": topic})
    verdict = one([Reach("email", "a")], *said, policy=policy)
    assert (verdict.act, verdict.reason) == answer
    assert verdict.because


def test_the_topics_own_order_goes_before_where_people_answer_and_after_the_persons_word():
    policy = Policy(ALL_UP, topics={"coupons": Topic("coupons", channels=("sms", "email"))})
    assert one(BOTH, policy=policy).channel == "sms"
    assert one(BOTH, policy=policy).because == "this topic goes by sms as long as the person says nothing else"
    assert one(BOTH, Standing("coupons", "email", "wanted"), policy=policy).channel == "email"


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("scope", ["marketing", "everything"])
def test_how_far_an_opt_out_of_an_address_reaches(purpose, scope):
    verdict = one([Reach("email", "a", opted_out=scope)], topic="", purpose=purpose)
    stopped = purpose is Purpose.CAMPAIGN or scope == "everything"
    assert (verdict.act, verdict.reason) == (("drop", "opted_out") if stopped else ("send", None))


@pytest.mark.parametrize("scope", ["marketing", "everything"])
def test_the_answer_to_a_stop_passes_it_and_is_tried_once(scope):
    stopped = [Reach("sms", "b", opted_out=scope)]
    assert one(stopped, topic="", purpose=Purpose.SYSTEM, kind="system").act == "send"
    taken_back = Attempt(DeliveryId(1), 1, "sms", "b", "cancelled")
    notification = OpenNotification(
        NotificationId(1), source(topic="", purpose=Purpose.SYSTEM, kind="system"), NOW, attempts=(taken_back,)
    )
    (verdict,) = choose(PersonCase(ProfileId(1), [notification], stopped), Policy(ALL_UP), now=NOW)
    assert (verdict.act, verdict.reason) == ("drop", "cancelled")


def test_the_law_lets_three_messages_by_telephone_through_in_a_day():
    """Florida: the fourth waits until the first is a day old; e-mail is not counted and does not wait."""
    at = NOW.replace(hour=18)
    told = [
        Told(at - timedelta(hours=h), "coupons", channel, "b") for h, channel in ((23, "sms"), (5, "voice"), (1, "sms"))
    ]
    told.append(Told(at - timedelta(hours=1), "coupons", "email", "a"))

    def verdict(reach: list[Reach], **policy: object) -> Verdict:
        open_one = OpenNotification(NotificationId(1), source(), at)
        case = PersonCase(ProfileId(1), [open_one], reach, zones=("America/New_York",), regions=("US-FL",), told=told)
        return choose(case, Policy(ALL_UP, **policy), now=at)[0]

    waiting = verdict([Reach("sms", "b")])
    assert (waiting.act, waiting.reason, waiting.until) == ("wait", "capped", at + timedelta(hours=1))
    assert verdict(BOTH).channel == "email"
    assert verdict([Reach("sms", "b")], jurisdictions={"US-FL": Jurisdiction(enabled=False)}).act == "send"


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("topic", [Topic(""), Topic("coupons", critical=True), Topic("coupons", needs="consent")])
def test_codes_and_alerts_pass_wishes_where_their_topic_is_critical_or_they_have_none(purpose, topic):
    said = (Standing("*", "*", "unwanted", paused_until=NOW + timedelta(days=1)),)
    policy = Policy(ALL_UP, topics={"coupons": topic})
    verdict = one([Reach("email", "a")], *said, policy=policy, purpose=purpose, topic=topic.name)
    passes = purpose in (Purpose.CODE, Purpose.ALERT, Purpose.SYSTEM) and topic.needs == "nothing"
    assert verdict.act == ("send" if passes else "drop")
    assert ("it is urgent" in verdict.because) == passes


def test_a_code_takes_the_channel_that_is_not_refused_first():
    said = Standing("*", "sms", "unwanted")
    assert one(BOTH, purpose=Purpose.CODE, topic="").channel == "sms"
    assert one(BOTH, said, purpose=Purpose.CODE, topic="").channel == "email"


def test_a_persons_own_limit_counts_what_it_is_about():
    """At most one coupon a day by e-mail: the news does not count, an SMS is another channel."""
    limit = Standing("coupons", "email", limit_count=1, limit_s=86400.0)
    email = [Reach("email", "a")]
    hour_ago = NOW - timedelta(hours=1)
    assert one(email, limit, told=[Told(hour_ago, "news", "email", "a")]).act == "send"
    assert one(email, limit, told=[Told(hour_ago, "coupons", "sms", "b")]).act == "send"
    told = [Told(hour_ago, "coupons", "email", "a")]
    verdict = one(email, limit, told=told)
    assert (verdict.act, verdict.reason, verdict.until) == ("wait", "capped", hour_ago + timedelta(days=1))
    assert one(BOTH, limit, told=told).channel == "sms"
    assert one(email, limit, told=told, purpose=Purpose.TRANSACTIONAL).act == "send"


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 4)), max_size=25), st.integers(0, 3), st.integers(1, 4))
def test_the_stricter_of_the_companys_cap_and_the_persons_limit_holds(steps, own, company):
    policy = Policy(providers=ALL_UP, caps=(FrequencyCap(count=company, within_s=86400),))
    limit = Standing("*", "*", limit_count=own, limit_s=86400.0)
    now, sent, number = NOW, [], 0
    for minutes, arriving in steps:
        now += timedelta(minutes=minutes)
        number += arriving
        fresh = [OpenNotification(NotificationId(number + i), source(), now) for i in range(arriving)]
        told = [Told(at, "coupons", "email", "a") for at in sent]
        case = PersonCase(
            ProfileId(1), fresh, [Reach("email", "a")], places=places_at(sent), preferences=[limit], told=told
        )
        sent += [now for verdict in choose(case, policy, now=now) if verdict.act == "send"]
        assert len([at for at in sent if at > now - timedelta(days=1)]) <= min(own, company)


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


ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "Africa/Cairo", "UTC"]
).map(ZoneInfo)
times = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from([0, 15, 30]))
instants = st.integers(0, 2 * 366 * 24 * 12).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * n))


@given(times, times, instants, ZONES)
def test_quiet_hours_end_when_it_is_not_quiet(start, end, at, where):
    """Any zone, any day of two years, changes of the clock too."""
    hours = QuietHours(start=start, end=end)
    until = quiet_until(hours, at, where)
    local = at.astimezone(where).strftime("%H:%M")
    asleep = start <= local < end if start <= end else (local >= start or local < end)
    assert (until is not None) == asleep
    if until is not None:
        assert at < until <= at + timedelta(hours=25)
        assert quiet_until(hours, until, where) is None


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-10-25T00:10Z", "2026-10-25T00:30Z"),  # 02:10 summer time
        ("2026-10-25T01:10Z", "2026-10-25T01:30Z"),  # 02:10 again, an hour later
        ("2026-03-28T22:30Z", "2026-03-29T01:30Z"),  # the night of the change to summer time
    ],
)
def test_the_night_of_the_change(at, until):
    hours = QuietHours(start="22:00", end="02:30")
    instant = datetime.fromisoformat(at)
    assert quiet_until(hours, instant, ZoneInfo("Europe/Berlin")) == datetime.fromisoformat(until)
