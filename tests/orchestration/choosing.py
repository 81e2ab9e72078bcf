"""People, sources and policies to choose for: some drawn, some written down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

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
from antiphon.kernel.settings import FrequencyCap, QuietHours
from antiphon.orchestration.choose import choose
from antiphon.orchestration.records import (
    Attempt,
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
from antiphon.profiles import Standing, Topic
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


def one(case_of: list[Reach], *said: Standing, policy: Policy | None = None, **changes: object) -> Verdict:
    """The verdict of one notification for somebody who said this."""
    told = changes.pop("told", ())
    notification = OpenNotification(NotificationId(1), source(**changes), NOW)
    case = PersonCase(ProfileId(1), [notification], case_of, preferences=said, told=told)
    return choose(case, policy or Policy(ALL_UP), now=NOW)[0]


BOTH = [Reach("email", "a"), Reach("sms", "b")]
times = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from([0, 15, 30]))
