"""What somebody ticked, and what it changes: statements with the words that were read, and a line for each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from antiphon.kernel import i18n
from antiphon.pages.bearer import Place
from antiphon.pages.bearer import digest as digest
from antiphon.pages.sheet import DAYS, EVERY, MONTH_S, PAUSE_MAX, WEEK_S, Sheet
from antiphon.pages.words import channel_words, day, listed, named
from antiphon.profiles import Statement, Topic


class Form(Struct, frozen=True):
    """As it was sent. `topics` and `breaks` stand side by side; `on` and `again` are the boxes that are ticked."""

    topics: tuple[str, ...]
    breaks: tuple[str, ...]
    on: frozenset[str]
    again: frozenset[str]
    often: str
    pause: str
    day: str


class Change(Struct, frozen=True):
    """Said with one wording; `line` tells it back. `asked_at` is set where the link proves a double opt-in."""

    statements: Sequence[Statement]
    wording: str
    line: str
    asked_at: datetime | None = None
    opt_in: Place | None = None


class Unclear(Exception):
    """The sentence that says what to choose instead."""


def box(topic: Topic, channel: str) -> str:
    return f"{channel}:{topic.name}"


def changes(sheet: Sheet, form: Form) -> list[Change]:
    """Nothing for what stays as it is. Raises Unclear."""
    found = [_again(sheet, place) for place in sheet.stopped if str(digest(place)) in form.again]
    for topic in sheet.topics:
        if topic.name in form.topics:
            found += _ticked(sheet, form, topic)
            found += _break(sheet, topic, dict(zip(form.topics, form.breaks, strict=False)).get(topic.name, ""))
    return [*found, *_often(sheet, form.often), *_pause(sheet, form)]


def _again(sheet: Sheet, place: Place) -> Change:
    channel, address = channel_words(sheet.locale, place[0]), named(sheet.locale, *place)
    return Change(
        (),
        _read(
            sheet, "preferences.stopped.text", ("preferences.stopped.again", {"channel": channel, "address": address})
        ),
        i18n.translate(sheet.locale, "preferences.done.again", channel=_upper(channel), address=address),
        opt_in=place,
    )


def _ticked(sheet: Sheet, form: Form, topic: Topic) -> list[Change]:
    """One change for what is wanted now and one for what is not.

    Once a topic has a channel that is wanted, channels that nobody spoke of are not used: so with the first word
    about a topic all of its boxes are said.
    """
    channels = sheet.channels(topic)
    ticked = {channel: box(topic, channel) in form.on for channel in channels}
    differ = {channel for channel in channels if ticked[channel] != sheet.is_on(topic, channel)}
    if not differ:
        return []
    said = [channel for channel in channels if channel in differ or not sheet.is_stated(topic, channel)]
    found = []
    for wanted in (True, False):
        meant = [channel for channel in said if ticked[channel] == wanted]
        shown = [channel for channel in meant if channel in differ]
        proven = [channel for channel in meant if wanted and _is_proven(sheet, topic, channel)]
        plain = [channel for channel in meant if channel not in proven]
        line = _told(sheet, topic, shown, wanted=wanted) if shown else ""
        wording = _wording(sheet, topic)
        if plain:
            said_now = [_statement(topic, channel, wanted, is_ticked=channel in differ) for channel in plain]
            found.append(Change(said_now, wording, line))
        for channel in proven:
            found.append(_confirmed(sheet, topic, channel, wording, line="" if plain else line))
    return found


def _statement(topic: Topic, channel: str, wanted: bool, *, is_ticked: bool) -> Statement:
    """A box that was ticked before anybody came is no consent (CJEU C-673/17, Planet49): only ticking it is."""
    basis = "consent" if wanted and is_ticked else ""
    return Statement(topic.name, channel, "wanted" if wanted else "unwanted", basis=basis)


def _is_proven(sheet: Sheet, topic: Topic, channel: str) -> bool:
    """The link came in a message to the very address, and somebody there pressed the button: a double opt-in."""
    return topic.needs == "double_opt_in" and sheet.own is not None and sheet.own[0] == channel


def _confirmed(sheet: Sheet, topic: Topic, channel: str, wording: str, *, line: str) -> Change:
    assert sheet.own is not None
    said = Statement(topic.name, channel, "wanted", basis="consent", address=sheet.own[1])
    return Change([said], wording, line, asked_at=sheet.own_at or sheet.now)


def _told(sheet: Sheet, topic: Topic, channels: Sequence[str], *, wanted: bool) -> str:
    words = listed(sheet.locale, [channel_words(sheet.locale, channel) for channel in channels])
    key = "preferences.done.wanted" if wanted else "preferences.done.unwanted"
    return i18n.translate(sheet.locale, key, topic=sheet.title(topic), channels=words)


def _break(sheet: Sheet, topic: Topic, chosen: str) -> list[Change]:
    title = sheet.title(topic)
    label = ("preferences.snooze.label", {"topic": title})
    if chosen in DAYS:
        ends = sheet.today + timedelta(days=DAYS[chosen])
        said = Statement(topic.name, EVERY, "paused", until=sheet.start_of(ends))
        line = i18n.translate(sheet.locale, "preferences.done.snoozed", topic=title, date=day(sheet.locale, ends))
        return [Change([said], _read(sheet, label, f"preferences.for_{chosen}"), line)]
    if chosen == "end" and sheet.paused_until(topic.name):
        line = i18n.translate(sheet.locale, "preferences.done.awake", topic=title)
        return [Change([Statement(topic.name, EVERY, "resumed")], _read(sheet, label, "preferences.snooze.end"), line)]
    return []


def _often(sheet: Sheet, chosen: str) -> list[Change]:
    if chosen == sheet.often or chosen not in ("any", "week", "month"):
        return []
    within = {"week": WEEK_S, "month": MONTH_S}.get(chosen)
    said = Statement(state="limited", limit_count=1 if within else None, limit_s=within)
    wording = _read(sheet, "preferences.often", f"preferences.often.{chosen}")
    return [Change([said], wording, i18n.translate(sheet.locale, f"preferences.done.{chosen}"))]


def _pause(sheet: Sheet, form: Form) -> list[Change]:
    if form.pause == "end" and sheet.paused_until():
        wording = _read(sheet, "preferences.pause", "preferences.pause.end")
        line = i18n.translate(sheet.locale, "preferences.done.resumed")
        return [Change([Statement(state="resumed")], wording, line)]
    if form.pause == "date" or (form.day and form.pause not in DAYS):
        ends, option = _day(sheet, form.day), "preferences.pause.date"
    elif form.pause in DAYS:
        ends, option = sheet.today + timedelta(days=DAYS[form.pause]), f"preferences.for_{form.pause}"
    else:
        return []
    shown = day(sheet.locale, ends)
    line = i18n.translate(sheet.locale, "preferences.done.paused", date=shown)
    wording = _read(sheet, "preferences.pause", "preferences.pause.text", option)
    return [Change([Statement(state="paused", until=sheet.start_of(ends))], wording, line)]


def _day(sheet: Sheet, text: str) -> date:
    try:
        given = date.fromisoformat(text)
    except ValueError:
        given = date.min
    if not sheet.today < given <= sheet.today + PAUSE_MAX:
        raise Unclear(i18n.translate(sheet.locale, "preferences.pause.bad"))
    return given


def _wording(sheet: Sheet, topic: Topic) -> str:
    labels = [i18n.translate(sheet.locale, f"channel_name.{channel}") for channel in sheet.channels(topic)]
    save = i18n.translate(sheet.locale, "preferences.save")
    return "\n".join(line for line in (sheet.title(topic), sheet.text(topic), *labels, save) if line)


def _read(sheet: Sheet, *keys: str | tuple[str, dict[str, str]]) -> str:
    """The texts of the page that the choice stands under, and the button."""
    said = [(key, {}) if isinstance(key, str) else key for key in keys]
    lines = [i18n.translate(sheet.locale, key, **values) for key, values in (*said, ("preferences.save", {}))]
    return "\n".join(lines)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
