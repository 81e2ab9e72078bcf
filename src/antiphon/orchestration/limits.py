"""How much a person may get: the company's caps, the person's own limits, the law. Pure.

A cap counts what it is about: everything, one topic, one channel. A channel's cap counts every attempt on it; the
others count a message once, however many attempts it took.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from antiphon.kernel.said import Said, worded
from antiphon.kernel.settings import FrequencyCap
from antiphon.orchestration.jurisdictions import BY_TELEPHONE, caps_for
from antiphon.orchestration.records import PersonCase, Place, Policy, Reason, Source, Told
from antiphon.profiles import Standing

ROUNDING = 1e-9
"""Money is a float: what lacks less than this lacks nothing."""


class Wait(Struct, frozen=True):
    """It may go at that time, and why not before."""

    until: datetime
    reason: Reason | None
    because: str


def standing(case: PersonCase) -> Sequence[Place]:
    """The places taken, but those of attempts that were taken back before they left."""
    gone = [(n.withdrawn.at, n.source.id) for n in case.notifications if n.withdrawn is not None]
    if not gone:
        return case.places
    stand = []
    for place in case.places:
        if (key := (place.at, place.source)) in gone:
            gone.remove(key)
        else:
            stand.append(place)
    return stand


class Used:
    """Places taken under the caps, and by whom in this very decision: so that who lost the last one is told to whom."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = list(places)
        self._winners: list[tuple[Place, Source]] = []

    def take(self, place: Place, source: Source) -> None:
        self.places.append(place)
        self._winners.append((place, source))

    def winner(self, cap: FrequencyCap) -> Source | None:
        """Who took the newest place under this cap just now."""
        return next((source for place, source in reversed(self._winners) if _counts(cap, place)), None)


def capped(source: Source, policy: Policy, used: Used, *, channel: str | None, now: datetime) -> Wait | None:
    """Until when the company's caps leave no room: those of a channel, or (None) those of none."""
    longest: Wait | None = None
    for cap in policy.caps:
        if cap.channel != channel or (cap.topic is not None and cap.topic != source.topic):
            continue
        until = room_at([place.at for place in used.places if _counts(cap, place)], cap.count, cap.within_s, now=now)
        if until is not None and (longest is None or until > longest.until):
            longest = Wait(until, "capped", _because(cap, source, used))
    return longest


def _counts(cap: FrequencyCap, place: Place) -> bool:
    if cap.channel is None:
        return not place.further and cap.topic in (None, place.topic)
    return place.channel == cap.channel and cap.topic in (None, place.topic)


def _because(cap: FrequencyCap, source: Source, used: Used) -> str:
    winner = used.winner(cap)
    if winner is None:
        return worded("{cap}, and so many were sent", cap=_cap(cap))
    if winner.terms.priority > source.terms.priority:
        why = worded(
            "its priority is higher ({theirs} against {ours})",
            theirs=winner.terms.priority,
            ours=source.terms.priority,
        )
    elif winner.purpose is source.purpose:
        why = worded("it is older")
    else:
        why = worded("it is a message of the purpose {purpose}", purpose=winner.purpose.value)
    return worded("{cap}; the last place went to {winner}: {why}", cap=_cap(cap), winner=winner.name, why=why)


_CAPS = {
    (False, False): "at most {messages} in {span}",
    (True, False): "at most {messages} by {channel} in {span}",
    (False, True): "at most {messages} about {topic} in {span}",
    (True, True): "at most {messages} by {channel} about {topic} in {span}",
}
"""Whether one of a channel, of a topic."""


def _cap(cap: FrequencyCap) -> Said:
    messages = worded("{n} messages", n=cap.count) if cap.count != 1 else worded("1 message")
    of = {"channel": worded(cap.channel)} if cap.channel else {}
    about = {"topic": cap.topic} if cap.topic else {}
    form = _CAPS[bool(of), bool(about)]
    return worded(form, messages=messages, span=_span(cap.within_s), **of, **about)


_SPANS = (
    (86_400, "a day", "{n} days"),
    (3_600, "an hour", "{n} hours"),
    (60, "a minute", "{n} minutes"),
)


def _span(seconds: float) -> Said:
    for unit, one, many in _SPANS:
        if seconds >= unit and seconds % unit == 0:
            n = int(seconds // unit)
            return worded(many, n=n) if n > 1 else worded(one)
    return worded("{n:g} seconds", n=seconds)


def wished(limits: Sequence[Standing], told: Sequence[Told], *, now: datetime) -> Wait | None:
    """What the person asked for, counted over whatever the wish is about: a topic, a channel, all."""
    for limit in limits:
        assert limit.limit_count is not None
        assert limit.limit_s is not None
        used = [t.at for t in told if not t.further and limit.covers(t.topic, t.channel, t.address)]
        if (until := room_at(used, limit.limit_count, limit.limit_s, now=now)) is not None:
            return Wait(
                until,
                "capped",
                worded("the person wants at most {n} in {span}", n=limit.limit_count, span=_span(limit.limit_s)),
            )
    return None


def lawful(case: PersonCase, policy: Policy, channel: str, told: Sequence[Told], *, now: datetime) -> Wait | None:
    caps = caps_for(case.regions, channel, now, settings=policy.jurisdictions)
    if not caps:
        return None
    used = [each.at for each in told if each.channel in BY_TELEPHONE]
    rooms = [room_at(used, cap.count, cap.within_s, now=now) for cap in caps]
    until = max((room for room in rooms if room is not None), default=None)
    if until is None:
        return None
    return Wait(until, "capped", "the law where the person lives lets no more through in such a time")


def room_at(used: Sequence[datetime], count: int, within_s: float, *, now: datetime) -> datetime | None:
    """When one more fits into `count` in any period of this length; None: now."""
    if len(used) < count:
        return None
    within = timedelta(seconds=within_s)
    if count < 1:
        return now + within
    recent = sorted(at for at in used if at > now - within)
    return recent[-count] + within if len(recent) >= count else None


def kept(places: Iterable[Place], caps: Sequence[FrequencyCap], *, now: datetime) -> Iterator[Place]:
    """Those that may still count."""
    longest = max((cap.within_s for cap in caps), default=0.0)
    since = now - timedelta(seconds=longest)
    return (place for place in places if place.at > since)
