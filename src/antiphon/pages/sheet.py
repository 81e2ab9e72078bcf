"""What the preference centre shows of a person: topics by channels, breaks, how often. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from antiphon import profiles
from antiphon.kernel import i18n
from antiphon.kernel.records import Channel
from antiphon.pages.bearer import Bearer, Place
from antiphon.pages.words import in_language
from antiphon.profiles import Standing, Topic

EVERY = "*"
WEEK_S, MONTH_S = 7 * 86_400.0, 30 * 86_400.0
DAYS: Mapping[str, int] = {"week": 7, "month": 30, "quarter": 90}
PAUSE_MAX = timedelta(days=731)
TOPICS_MAX = 60
"""With more of them a page would be heavier than 30 kB; the first by name are shown."""


class Sheet(Struct, frozen=True):
    """`open` and `stopped` are the addresses that can be written to, and those that were opted out."""

    locale: str
    now: datetime
    zone: ZoneInfo
    topics: Sequence[Topic]
    standing: Sequence[Standing]
    open: Mapping[str, Sequence[str]]
    stopped: Sequence[Place]
    own: Place | None = None
    own_at: datetime | None = None

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def is_on(self, topic: Topic, channel: str) -> bool:
        return any(
            profiles.effective(self.standing, topic, channel, now=self.now, address=address).allowed
            for address in self.open[channel]
        )

    def is_stated(self, topic: Topic, channel: str) -> bool:
        return any(
            profiles.effective(self.standing, topic, channel, now=self.now, address=address).why == "stated"
            for address in self.open[channel]
        )

    def channels(self, topic: Topic) -> list[str]:
        """Where a box can be ticked. What needs double opt-in can be asked for here only where this link arrived."""
        own = self.own[0] if self.own else None
        return [
            channel
            for channel in self.open
            if topic.needs != "double_opt_in" or channel == own or self.is_on(topic, channel)
        ]

    def paused_until(self, topic: str = EVERY) -> datetime | None:
        row = next((row for row in self.standing if (row.topic, row.channel, row.address) == (topic, EVERY, "")), None)
        until = row.paused_until if row else None
        return until if until is not None and until > self.now else None

    @property
    def often(self) -> str:
        """any, week or month; `other` is what was agreed elsewhere."""
        row = next((row for row in self.standing if (row.topic, row.channel, row.address) == (EVERY, EVERY, "")), None)
        if row is None or row.limit_count is None:
            return "any"
        return {(1, WEEK_S): "week", (1, MONTH_S): "month"}.get((row.limit_count, row.limit_s or 0.0), "other")

    def date_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def title(self, topic: Topic) -> str:
        if topic.name == EVERY:
            return i18n.translate(self.locale, "preferences.everything")
        return in_language(self.locale, topic.titles, default=topic.name)

    def text(self, topic: Topic) -> str:
        return in_language(self.locale, topic.texts)


def sheet_of(
    held: Bearer, topics: Sequence[Topic], standing: Sequence[Standing], *, locale: str, now: datetime, zone: ZoneInfo
) -> Sheet:
    order = [str(channel) for channel in Channel]
    alive = [address for address in held.person.addresses if address.state != "dead" and address.channel in order]
    reachable: dict[str, list[str]] = defaultdict(list)
    for address in sorted(alive, key=lambda each: order.index(each.channel)):
        if not address.opted_out:
            reachable[address.channel].append(address.value)
    return Sheet(
        locale=locale,
        now=now,
        zone=zone,
        topics=_shown(topics, standing, held.topic),
        standing=standing,
        open=reachable,
        stopped=[(address.channel, address.value) for address in alive if address.opted_out],
        own=held.sent_to if held.sent_to and held.sent_to[1] in reachable.get(held.sent_to[0], ()) else None,
        own_at=held.sent_at,
    )


def _shown(topics: Sequence[Topic], standing: Sequence[Standing], of_link: str) -> list[Topic]:
    """Those written down for people to see, those they spoke about, and that of the message that led here."""
    written = {topic.name: topic for topic in topics}
    spoken = {row.topic for row in standing if row.state is not None} | {of_link}
    names = {name for name, topic in written.items() if topic.shown} | (spoken - written.keys() - {EVERY, ""})
    return [written.get(name) or Topic(name) for name in sorted(names)][:TOPICS_MAX] or [Topic(EVERY)]
