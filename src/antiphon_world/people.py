"""The customers of the sample company, made from a seed: the same ones every time, and reachable in this world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from unicodedata import combining, normalize

from antiphon_world.addresses import PERSON_MAX, phone_of, user_id
from antiphon_world.draw import draw, pick
from antiphon_world.names import FIRST, LAST
from antiphon_world.webpush import Subscription

HAS_EMAIL, HAS_PHONE, HAS_PUSH = 0.85, 0.80, 0.45
MAIL_HOST = "mail.example"
COUNTRIES = (("US", 0.4), ("ES", 0.25), ("GB", 0.2), ("FR", 0.15))
LANGUAGES = {"US": "en", "GB": "en", "ES": "es", "FR": "fr"}
CITIES = {
    "US": (
        ("New York", "America/New_York"),
        ("Chicago", "America/Chicago"),
        ("Denver", "America/Denver"),
        ("Seattle", "America/Los_Angeles"),
    ),
    "GB": (("London", "Europe/London"), ("Leeds", "Europe/London"), ("Glasgow", "Europe/London")),
    "ES": (("Madrid", "Europe/Madrid"), ("Valencia", "Europe/Madrid"), ("Las Palmas", "Atlantic/Canary")),
    "FR": (("Paris", "Europe/Paris"), ("Lyon", "Europe/Paris"), ("Nantes", "Europe/Paris")),
}


def people(
    seed: int, numbers: Iterable[int], *, until: datetime, push_base: str, user_form: str = "c{n:06d}"
) -> Iterator[dict[str, Any]]:  # Any: JSON
    """One JSON object per number (1 to 7,999,999). Who signed up did so in the three years before `until`."""
    for number in numbers:
        if not 1 <= number <= PERSON_MAX:
            raise ValueError(f"a person's number is 1 to {PERSON_MAX}, not {number}")
        yield {**_who(seed, number, until, user_form), **_addresses(seed, number, push_base)}


def country_of(seed: int, number: int) -> str:
    at = draw(seed, number, "country")
    for country, share in COUNTRIES:
        if at < share:
            return country
        at -= share
    return COUNTRIES[0][0]


def _who(seed: int, number: int, until: datetime, user_form: str) -> dict[str, Any]:  # Any: JSON
    country = country_of(seed, number)
    city, timezone = pick(CITIES[country], seed, number, "city")
    first, last = _name(seed, number)
    tier_at = draw(seed, number, "tier")
    birthday = datetime(1945, 1, 1, tzinfo=until.tzinfo) + timedelta(days=int(draw(seed, number, "birthday") * 22_000))
    return {
        "id": user_id(str(number), user_form),
        "first_name": first,
        "last_name": last,
        "language": LANGUAGES[country],
        "country": country,
        "timezone": timezone,
        "city": city,
        "tier": "gold" if tier_at < 0.1 else "silver" if tier_at < 0.35 else "free",
        "signed_up": signed_up(seed, number, until).date().isoformat(),
        "birthday": birthday.date().isoformat(),
    }


def signed_up(seed: int, number: int, until: datetime) -> datetime:
    return until - timedelta(seconds=draw(seed, number, "signed_up") ** 2 * 3 * 365 * 86_400)


def _name(seed: int, number: int) -> tuple[str, str]:
    language = LANGUAGES[country_of(seed, number)]
    return pick(FIRST[language], seed, number, "first"), pick(LAST[language], seed, number, "last")


def _addresses(seed: int, number: int, push_base: str) -> dict[str, Any]:  # Any: JSON
    """At least one of the three."""
    found: dict[str, Any] = {}  # Any: JSON
    first, last = _name(seed, number)
    has_phone = draw(seed, number, "phone") < HAS_PHONE
    if draw(seed, number, "email") < HAS_EMAIL or not has_phone:
        found["email"] = f"{_ascii(first)}.{_ascii(last)}.{number:06d}@{MAIL_HOST}"
    if has_phone:
        found["phone"] = phone_of(number, country_of(seed, number))
    if draw(seed, number, "push") < HAS_PUSH:
        keys = Subscription(seed, f"{number:06d}").keys
        found["webpush"] = {"endpoint": f"{push_base.rstrip('/')}/push/{number:06d}", "keys": keys}
    return found


def _ascii(name: str) -> str:
    return "".join(char for char in normalize("NFD", name.lower()) if not combining(char))
