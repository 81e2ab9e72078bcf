"""What a person said, as people say it: the grid of topics, the ledger, addresses. Values in, words out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from antiphon import profiles
from antiphon.app.browser.figures import channel_label
from antiphon.profiles.addresses import mobile_share

EVERY = "*"
ALWAYS_SHOWN = ("email", "sms", "push")
METHODS = {
    "page": "on the preference page",
    "one_click": "by one click in the mail program",
    "stop_keyword": "by a reply",
    "double_opt_in": "by double opt-in",
    "api": "by the API",
    "import": "by an import",
    "form": "by a form",
    "complaint": "by a complaint",
    "agent": "to our staff",
    "suppression": "before an erasure",
}
_DAY_S = 86_400.0


class Holds(Struct, frozen=True):
    """What holds for a topic on a channel. `kind`: yes, no, paused, or off: not used, though nobody said no.

    `since` is when it was said, if it was.
    """

    kind: str
    word: str
    why: str
    since: datetime | None = None


class Line(Struct, frozen=True):
    topic: str
    title: str
    needs: str
    is_critical: bool
    cells: list[Holds]


class Grid(Struct, frozen=True):
    channels: list[str]
    lines: list[Line]


class Said(Struct, frozen=True):
    """A row of the ledger. `facts` are the details of its proof, by name."""

    kind: str
    sentence: str
    at: datetime
    how: str
    version: str
    wording: str
    facts: list[tuple[str, str]]


class Place(Struct, frozen=True):
    address: profiles.Address
    kind: str
    word: str
    read_on: str
    opted_out: profiles.OptedOut | None
    how: str


class Telling(Struct, frozen=True):
    origin: profiles.TraitOrigin | None
    traits: list[tuple[str, object]]


def grid(cells: Iterable[profiles.Cell], topics: Iterable[profiles.Topic], places: Sequence[Place]) -> Grid:
    """Voice and chat only where somebody spoke about them, or can be reached there."""
    by_place = {(cell.topic, cell.channel): cell for cell in cells}
    reached = {place.address.channel for place in places}
    spoken = {cell.channel for cell in by_place.values() if cell.why == "stated" and cell.by_channel == cell.channel}
    columns = list(dict.fromkeys(cell.channel for cell in by_place.values()))
    shown = [each for each in columns if each in ALWAYS_SHOWN or each in reached | spoken]
    known = {topic.name: topic for topic in topics}
    lines = []
    for name in dict.fromkeys(topic for topic, _ in by_place):
        topic = known.get(name) or profiles.Topic(name)
        found = [_reached(_holds(by_place[name, channel], topic), channel, places) for channel in shown]
        lines.append(Line(name, topic.titles.get("en") or name, topic.needs, topic.critical, found))
    return Grid(shown, lines)


def _reached(holds: Holds, channel: str, places: Sequence[Place]) -> Holds:
    """A wish is worth what can be reached there: the widest opt-out of all addresses of the channel goes before it."""
    here = [place for place in places if place.address.channel == channel]
    outs = [place for place in here if place.opted_out is not None]
    if not here:
        return Holds("off", "No", "no address")
    if all(place.address.state == "dead" for place in here):
        return Holds("no", "No", "nobody there")
    if len(outs) < len(here) or holds.kind not in ("yes", "paused"):
        return holds
    marketing = next((place for place in outs if place.opted_out and place.opted_out.scope == "marketing"), None)
    stopped = marketing or outs[0]
    at = stopped.opted_out.at if stopped.opted_out else None
    word = "No campaigns" if marketing and holds.kind == "yes" else "No"
    return Holds("paused" if marketing else "no", word, f"opted out {stopped.how}", at)


def _holds(cell: profiles.Cell, topic: profiles.Topic) -> Holds:
    why = _why(cell, topic)
    if cell.reason == "no_consent":
        return Holds("paused", "Not yet", _lacks(cell))
    if not cell.allowed:
        return Holds("no" if cell.why == "stated" else "off", "No", why, cell.said_at)
    if cell.paused_until is not None and topic.critical:
        return Holds("yes", "Yes", "urgent: passes the pause", cell.said_at)
    if cell.paused_until is not None:
        return Holds("paused", "Paused", f"until {cell.paused_until:%-d %b %Y}")
    limit = f"; {rate(cell.limit_count, cell.limit_s)}" if cell.limit_count is not None else ""
    return Holds("yes", "Yes", why + limit, cell.said_at)


def _lacks(cell: profiles.Cell) -> str:
    return "no double opt-in yet" if cell.needs == "double_opt_in" else "no consent yet"


def _why(cell: profiles.Cell, topic: profiles.Topic) -> str:
    if cell.why == "other_channel":
        return "another channel is wanted"
    if cell.why == "topic":
        return "not one of the topic’s channels" if _is_elsewhere(cell, topic) else "the topic’s default"
    if cell.why == "company":
        return "nothing was said"
    about = {
        (True, True): "said for everything",
        (True, False): "said for the channel",
        (False, True): "said for the topic",
        (False, False): "said",
    }[cell.by_topic == EVERY, cell.by_channel == EVERY]
    basis = " with consent" if cell.basis == "consent" and cell.allowed else ""
    where = f" at {cell.address}" if cell.address else ""
    return f"{about}{basis}{where} {how(cell.method)}".rstrip()


def _is_elsewhere(cell: profiles.Cell, topic: profiles.Topic) -> bool:
    return not cell.allowed and bool(topic.channels) and cell.channel not in topic.channels


def how(method: str | None) -> str:
    return METHODS.get(method or "", f"by {(method or 'us').replace('_', ' ')}")


def rate(count: int | None, within_s: float | None) -> str:
    days = (within_s or _DAY_S) / _DAY_S
    period = {1.0: "a day", 7.0: "a week", 30.0: "a month"}.get(days, f"in {days:g} days")
    return f"at most {count} {period}"


def about(topic: str, channel: str, titles: Mapping[str, str]) -> str:
    what = "everything" if topic == EVERY else titles.get(topic, topic)
    return what if channel == EVERY else f"{what} by {_in_sentence(channel)}"


def _in_sentence(channel: str) -> str:
    label = channel_label(channel)
    return label if label == "SMS" else label[:1].lower() + label[1:]


def standing(rows: Sequence[profiles.Standing], titles: Mapping[str, str], *, now: datetime) -> list[str]:
    """Pauses and limits that hold, a sentence each."""
    found = []
    for row in rows:
        what = about(row.topic, row.channel, titles)
        if row.paused_until is not None and row.paused_until > now:
            found.append(f"Paused: {what}, until {row.paused_until:%-d %b %Y}")
        if row.limit_count is not None:
            found.append(f"{rate(row.limit_count, row.limit_s).capitalize()}: {what}")
    return found


def said(rows: Iterable[profiles.Consent], titles: Mapping[str, str]) -> list[Said]:
    return [_said(row, titles) for row in rows]


def _said(row: profiles.Consent, titles: Mapping[str, str]) -> Said:
    facts = {
        "Source": row.source,
        "Basis": row.basis.replace("_", " "),
        "Language": row.language,
        "Address": row.address or "",
        "IP address": row.ip,
        "Program": row.user_agent,
        "Asked": _day(row.asked_at),
        "Confirmed": _day(row.confirmed_at),
        "Runs out": _day(row.expires_at),
        "Recorded": _day(row.recorded_at) if row.recorded_at != row.at else "",
        "Statement": str(row.id),
    }
    kind = {"wanted": "yes", "unwanted": "no", "paused": "paused", "pending": "paused"}.get(row.state, "")
    return Said(
        kind,
        _sentence(row, about(row.topic, row.channel, titles)),
        row.at,
        how(row.method),
        row.wording_version,
        row.wording,
        [(name, value) for name, value in facts.items() if value],
    )


def _sentence(row: profiles.Consent, what: str) -> str:
    if row.scope is not None:
        return _of_address(row)
    at = f" at {row.address}" if row.address else ""
    match row.state:
        case "wanted":
            return f"Wants {what}{at}"
        case "unwanted":
            return f"Does not want {what}{at}"
        case "unset":
            return f"Took back what was said about {what}{at}"
        case "paused":
            return f"Paused {what}{at} until {_day(row.until)}"
        case "resumed":
            return f"Resumed {what}{at}"
        case "limited" if row.limit_count is None:
            return f"No limit any more: {what}{at}"
        case "limited":
            return f"{rate(row.limit_count, row.limit_s).capitalize()}: {what}{at}"
    return f"Was asked about {what}{at}"


def _of_address(row: profiles.Consent) -> str:
    stops = "" if row.scope == "everything" else " from marketing"
    if row.state == "wanted":
        return f"Opted {row.address} in again"
    return f"Opted {row.address} out{stops}"


def _day(at: datetime | None) -> str:
    return f"{at:%-d %b %Y, %H:%M} UTC" if at else ""


def read_on(share: float | None) -> str:
    if share is None:
        return ""
    return {0.0: "read on a computer", 1.0: "read on a mobile"}.get(share, f"{share:.0%} read on a mobile")


def told(profile: profiles.Profile, origins: Mapping[str, profiles.TraitOrigin]) -> list[Telling]:
    """The traits, by who told us when."""
    found: dict[profiles.TraitOrigin | None, list[tuple[str, object]]] = {}
    for name, value in sorted(profile.traits.items()):
        found.setdefault(origins.get(name), []).append((name, value))
    return [Telling(origin, traits) for origin, traits in found.items()]


def places(addresses: Iterable[profiles.Address], opt_outs: Mapping[tuple[str, str], profiles.OptedOut]) -> list[Place]:
    """Those that can be written to first."""
    found = [_place(one, opt_outs.get((one.channel, one.value))) for one in addresses]
    return sorted(found, key=lambda place: (place.kind == "no", place.kind == "paused"))


def _place(one: profiles.Address, opted_out: profiles.OptedOut | None) -> Place:
    if one.opted_out:
        narrow = opted_out is not None and opted_out.scope == "marketing"
        kind, word = "no", "opted out of marketing" if narrow else "opted out"
    else:
        kind, word = {
            "active": ("yes", "active"),
            "soft": ("paused", "fails for now"),
            "dead": ("no", "nobody there"),
        }.get(one.state, ("", "not known yet"))
    return Place(one, kind, word, read_on(mobile_share([one])), opted_out, how(opted_out.how) if opted_out else "")
