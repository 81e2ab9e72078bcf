"""How many decisions one core makes: the pure function, over cases as the database gives them.

    python -m bench.decision [--people 20000]

Three kinds of people: one channel and nothing said; three channels with wishes, caps, quiet hours, a law and a history;
several open notifications of several sources at once. The reference is a bare pass that builds a verdict for each.
Goal: at least 15,000 a second on a core.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from antiphon import metrics
from antiphon.kernel.records import MessageId, NotificationId, ProfileId, ProviderId, Purpose, SourceId
from antiphon.kernel.settings import FrequencyCap, QuietHours
from antiphon.orchestration.choose import choose
from antiphon.orchestration.records import (
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
from antiphon.orchestration.terms import Group, Terms
from antiphon.profiles import Standing, Topic
from bench.machine import machine

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
ZONES = ("Europe/London", "America/New_York", "Europe/Madrid", "Asia/Kolkata")
REGIONS = ("GB", "US-NY", "ES", "IN")


def source(n: int, *, channels: tuple[str, ...], terms: Terms) -> Source:
    return Source(
        id=SourceId(n),
        kind="campaign",
        name=f"campaign {n}",
        message=MessageId(1),
        version=1,
        topic=("coupons", "news")[n % 2],
        purpose=Purpose.CAMPAIGN,
        channels=channels,
        failover_on="definite",
        state="running",
        terms=terms,
    )


PLAIN = source(1, channels=("email",), terms=Terms())
RICH = [
    source(n, channels=("email", "sms", "push"), terms=Terms(priority=n, outside=(Group(5, "paying"),)))
    for n in range(2, 6)
]
PROVIDERS = {
    "email": (ProviderChoice(ProviderId(1), 0.0004, weight=200), ProviderChoice(ProviderId(2), 0.0004)),
    "sms": (ProviderChoice(ProviderId(3), 0.04, costs={"US": 0.008}), ProviderChoice(ProviderId(4), 0.045, rank=1)),
    "push": (ProviderChoice(ProviderId(5)),),
}
BARE = Policy({"email": (ProviderChoice(ProviderId(1)),)})
FULL = Policy(
    PROVIDERS,
    quiet_hours=QuietHours("21:00", "08:00"),
    caps=(FrequencyCap(4, 604_800), FrequencyCap(1, 86_400, channel="sms"), FrequencyCap(2, 604_800, topic="coupons")),
    topics={name: Topic(name) for name in ("coupons", "news")},
    exploration=0.05,
    answer_worth=0.5,
)


def plain(n: int, _chance: random.Random) -> PersonCase:
    made = OpenNotification(NotificationId(n), PLAIN, NOW, number=ProfileId(n), is_new=True)
    return PersonCase(ProfileId(n), [made], [Reach("email", f"p{n}@example.org")])


def rich(n: int, chance: random.Random, *, notifications: int = 1) -> PersonCase:
    where = n % len(ZONES)
    counts = {
        f"{channel}:campaign": metrics.Counts(sent, chance.randint(0, sent // 3))
        for channel in ("email", "sms", "push")
        if (sent := chance.randint(0, 20))
    }
    said = [Standing("coupons", "sms", "unwanted")] if n % 5 == 0 else []
    return PersonCase(
        ProfileId(n),
        [
            OpenNotification(NotificationId(n * 8 + k), RICH[k], NOW - timedelta(minutes=k), number=ProfileId(n))
            for k in range(notifications)
        ],
        [Reach("email", f"p{n}@example.org"), Reach("sms", f"+44740{n % 10_000_000:07d}"), Reach("push", f"device{n}")],
        counts=counts,
        zones=(ZONES[where],),
        regions=(REGIONS[where],),
        places=[Place(NOW - timedelta(days=k), SourceId(9), "news", "email") for k in range(n % 4)],
        preferences=said,
        told=[Told(NOW - timedelta(days=2), "news", "email", f"p{n}@example.org")] if n % 7 == 0 else (),
    )


def several(n: int, chance: random.Random) -> PersonCase:
    return rich(n, chance, notifications=4)


def measure(name: str, make: Callable[[int, random.Random], PersonCase], policy: Policy, people: int) -> None:
    chance = random.Random(7)
    cases = [make(n, chance) for n in range(1, people + 1)]
    decided, took = _best(lambda: sum(len(choose(case, policy, now=NOW)) for case in cases))
    built, reference = _best(lambda: sum(len(_bare(case)) for case in cases))
    assert decided == built
    print(
        f"{name}: {decided / took:,.0f} decisions/s, {took / decided * 1e6:.1f} µs each;"
        f" the bare pass {built / reference:,.0f}/s, ratio {reference / took:.3f}"
    )


def _bare(case: PersonCase) -> Sequence[Verdict]:
    return [Verdict(each.id, "send", channel="email", because="x") for each in case.notifications]


def _best(run: Callable[[], int]) -> tuple[int, float]:
    """The quickest of three, in CPU time of this process: what else runs here does not count."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        n = run()
        times.append(time.process_time() - begun)
    return n, min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    people = parser.parse_args().people
    print(machine())
    measure("one channel, nothing said", plain, BARE, people)
    measure("three channels, caps, wishes, law, history", rich, FULL, people)
    measure("four notifications of one person", several, FULL, people // 4)


if __name__ == "__main__":
    main()
