"""Leaves about a person: traits, accounts, segments, what they want, where they live, and chance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from decimal import Decimal
from typing import Any as Json  # JSON that nobody has looked at yet
from typing import get_args

from antiphon.kernel.records import Channel
from antiphon.kernel.said import worded
from antiphon.segments.language.conditions import condition, path
from antiphon.segments.language.measures import NUMBER_OPS
from antiphon.segments.language.reading import Reading
from antiphon.segments.language.rules import (
    AccountTrait,
    Changed,
    Consent,
    Day,
    InAccount,
    InSegment,
    LocalTime,
    Mobile,
    Moved,
    Near,
    Preference,
    Random,
    Reachable,
    Rule,
    Trait,
    Wish,
)

ACCOUNT_CHARS_MAX = 1000
KM_MAX = 20_000
"""Half around the earth and hardly less: beyond it everybody is near."""

_CHANNELS = tuple(channel.value for channel in Channel)
_WISHES: tuple[Wish, ...] = get_args(Wish)
_DAYS: tuple[Day, ...] = get_args(Day)
_PLACE = ("latitude", "longitude", "km")


def trait(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    return Trait(condition(reading, value, at, field="trait"))


def changed(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    return Changed(
        trait=path(reading, value["changed"], f"{at}.changed"),
        within=_optional_duration(reading, value, "within", at),
        before=reading.scalar(value["from"], f"{at}.from") if "from" in value else None,
        after=reading.scalar(value["to"], f"{at}.to") if "to" in value else None,
    )


def account(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    given, here = value["account"], f"{at}.account"
    if isinstance(given, dict):
        return AccountTrait(condition(reading, given, here, field="trait"))
    return InAccount(reading.name(given, here, chars_max=ACCOUNT_CHARS_MAX))


def segment(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    name = reading.name(value["segment"], f"{at}.segment")
    return InSegment(name, _optional_duration(reading, value, "for", at))


def entered(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    name = reading.name(value["entered"], f"{at}.entered")
    return Moved(name, True, _optional_duration(reading, value, "within", at))


def left(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    name = reading.name(value["left"], f"{at}.left")
    return Moved(name, False, _optional_duration(reading, value, "within", at))


def reachable(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    channel = reading.choice(value["reachable"], _CHANNELS, f"{at}.reachable", kind="channel")
    return Reachable(channel, reading.name(value["topic"], f"{at}.topic") if "topic" in value else None)


def preference(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    return Preference(
        topic=reading.name(value["preference"], f"{at}.preference"),
        channel=reading.choice(value.get("channel"), (*_CHANNELS, "*"), f"{at}.channel", kind="channel"),
        state=reading.choice(value.get("state"), _WISHES, f"{at}.state", kind="state"),
    )


def consent(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    return Consent(
        topic=reading.name(value["consent"], f"{at}.consent"),
        channel=reading.choice(value.get("channel"), _CHANNELS, f"{at}.channel", kind="channel"),
        confirmed=reading.flag(value.get("confirmed", False), f"{at}.confirmed"),
    )


def mobile(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    given = reading.form(value["mobile"], ("op", "value"), f"{at}.mobile", example='{"op": "gte", "value": 0.5}')
    channel = None
    if "channel" in value:
        channel = reading.choice(value["channel"], _CHANNELS, f"{at}.channel", kind="channel")
    return Mobile(
        op=reading.choice(given.get("op"), NUMBER_OPS, f"{at}.mobile.op", kind="operator"),
        value=Decimal(repr(reading.number(given.get("value"), f"{at}.mobile.value", least=0, most=1))),
        channel=channel,
    )


def near(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    here = f"{at}.near"
    given = reading.form(value["near"], _PLACE, here, example='{"latitude": 51.5, "longitude": -0.12, "km": 25}')
    km = float(reading.number(given.get("km"), f"{here}.km", least=0, most=KM_MAX))
    if given.get("km") == 0:
        reading.flaw(f"{here}.km", "A distance is more than 0.")
    return Near(
        latitude=float(reading.number(given.get("latitude"), f"{here}.latitude", least=-90, most=90)),
        longitude=float(reading.number(given.get("longitude"), f"{here}.longitude", least=-180, most=180)),
        km=km,
    )


def local_time(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    here = f"{at}.local_time"
    given = reading.form(value["local_time"], ("from", "to", "days"), here, example='{"from": "09:00", "to": "18:00"}')
    return LocalTime(
        begin=_clock(reading, given.get("from"), f"{here}.from"),
        end=_clock(reading, given.get("to"), f"{here}.to"),
        days=_days(reading, given["days"], f"{here}.days") if "days" in given else _DAYS,
    )


def _clock(reading: Reading, value: object, at: str) -> time:
    if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time(int(value[:2]), int(value[3:]))
    reading.flaw(at, "A time from 00:00 to 23:59 is needed, such as 09:00; a day ends at 00:00.")
    return time()


def _days(reading: Reading, value: object, at: str) -> tuple[Day, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= len(_DAYS):
        reading.flaw(at, "A list of days such as mon is needed.")
        return _DAYS
    found = {reading.choice(day, _DAYS, f"{at}[{n}]", kind="day") for n, day in enumerate(value)}
    return tuple(day for day in _DAYS if day in found)


def random(reading: Reading, value: Mapping[str, Json], at: str) -> Rule:
    share = reading.number(value["random"], f"{at}.random", least=0, most=100)
    first = reading.number(value.get("first", 0), f"{at}.first", least=0, most=100)
    if value["random"] == 0:
        reading.flaw(f"{at}.random", "A part is more than 0.")
    # As they are written: in binary 99.9 + 0.1 may be more than 100.
    if Decimal(repr(share)) + Decimal(repr(first)) > 100:
        reading.flaw(
            f"{at}.first",
            worded("A part that begins at {first} and is {share} large ends beyond 100.", first=first, share=share),
        )
    return Random(float(share), float(first), reading.name(value.get("seed"), f"{at}.seed"))


def _optional_duration(reading: Reading, value: Mapping[str, Json], key: str, at: str) -> timedelta | None:
    return reading.duration(value[key], f"{at}.{key}") if key in value else None
