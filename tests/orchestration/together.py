"""Persons with all that can be known and said of them at once, and policies with all their caps, drawn."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
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
from antiphon.orchestration.records import (
    Attempt,
    OpenNotification,
    PersonCase,
    Place,
    Policy,
    ProviderChoice,
    Reach,
    Seen,
    Source,
    Told,
    Verdict,
    Window,
    Withdrawn,
)
from antiphon.orchestration.terms import BetterThan, Follow, Group, SendAt, Terms
from antiphon.profiles import Standing, Topic
from antiphon.profiles.consent_fold import RESUMED
from scale import sized

NOW = datetime(2026, 3, 28, 20, 30, tzinfo=UTC)
"""A Saturday evening; the clocks of Europe change in the night."""

EXAMPLES = int(os.environ.get("DECIDE_EXAMPLES", sized(30, 60)))
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
