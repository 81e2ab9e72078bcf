"""What the database would refuse is refused before, with its place, so that one bad fact spoils no batch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC

import msgspec

from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.said import worded
from antiphon.profiles import kinds
from antiphon.profiles.identifiers import text_fault
from antiphon.profiles.records import Fact

BATCH_MAX = 5_000
WHO_MAX = 20
EVENT_BYTES_MAX = 500
JSON_BYTES_MAX = 512 * 1024

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_HUGE_NUMBER = re.compile(r"[0-9][eE][+-]?0*[1-9][0-9]{3}|[0-9]{1000}")  # in a string it is harmless
_decode = msgspec.json.Decoder(dict[str, object]).decode


def check(facts: Sequence[Fact]) -> None:
    """Raises Invalid that names every flaw as `facts[3].properties`; nothing is written then."""
    if len(facts) > BATCH_MAX:
        raise Invalid(flaws=[Flaw("facts", worded("A batch holds {most} at most.", most=BATCH_MAX))])
    found = [Flaw(f"facts[{n}].{flaw.at}", flaw.message) for n, fact in enumerate(facts) for flaw in flaws(fact)]
    if found:
        raise Invalid("The facts are not valid.", flaws=found)


def flaws(fact: Fact) -> list[Flaw]:
    """What keeps this fact from being recorded; empty when nothing does."""
    found: list[Flaw] = []
    _name(found, "message_id", fact.message_id)
    _name(found, "source", fact.source)
    if fact.event is not None:
        _name(found, "event", fact.event, bytes_max=EVENT_BYTES_MAX)
    if fact.at.tzinfo is not UTC:
        _time(found, fact)
    if not fact.who:
        found.append(Flaw("who", "Somebody must be named."))
    if fact.who:
        _who(found, fact)
    if fact.properties is not None and (fault := json_fault(fact.properties)):
        found.append(Flaw("properties", fault))
    if fact.traits:
        _traits(found, fact.traits)
    if fact.device:
        _traits(found, fact.device)
    if fact.account is not None:
        found += account_flaws(fact.account.key, fact.account.traits)
    return found


def account_flaws(key: str, traits: Mapping[str, object] | None) -> list[Flaw]:
    """What keeps an account from being stored; empty when nothing does."""
    found: list[Flaw] = []
    _name(found, "account.key", key)
    _traits(found, traits or {}, at="account.traits")
    return found


def json_fault(text: str) -> str:
    """Why this is not a JSON object that can be stored; empty when it is."""
    if len(text) > JSON_BYTES_MAX:
        return worded("It is longer than {most} KiB.", most=JSON_BYTES_MAX // 1024)
    try:
        _decode(text)
    except UnicodeEncodeError:
        return "It has half of a surrogate pair; send whole characters."
    except (msgspec.MsgspecError, ValueError) as error:
        return worded("It is not a JSON object: {why}", why=error)
    except RecursionError:
        return "It is nested too deeply."
    if "\\u0000" in text and _NUL.search(text):
        return "It has the character NUL (U+0000), which cannot be stored."
    if _HUGE_NUMBER.search(text) and not _numbers_fit(text):
        return "It has a number with more than 1,000 digits, which cannot be stored."
    return ""


def _numbers_fit(text: str) -> bool:
    """jsonb keeps numbers as numeric, which has no 1e-200000."""
    numbers: list[str] = []
    json.loads(text, parse_float=numbers.append, parse_int=numbers.append)
    return not any(_HUGE_NUMBER.search(number) for number in numbers)


def _name(found: list[Flaw], at: str, text: str, *, bytes_max: int = 1_000) -> None:
    # The short way is for all but a few: ASCII without NUL.
    if text.isascii() and 0 < len(text) <= bytes_max and "\x00" not in text:
        return
    fault = text_fault(text)
    if not fault and len(text.encode()) > bytes_max:
        fault = f"It is longer than {bytes_max} bytes."
    if fault:
        found.append(Flaw(at, fault))


def _time(found: list[Flaw], fact: Fact) -> None:
    if fact.at.tzinfo is None:
        found.append(Flaw("at", "The time needs a time zone."))
        return
    try:
        fact.at.astimezone(UTC)
    except OverflowError:
        found.append(Flaw("at", "The time is outside of the years 1 to 9999."))


def _who(found: list[Flaw], fact: Fact) -> None:
    if len(fact.who) > WHO_MAX:
        found.append(Flaw("who", worded("It has more than {most} identifiers.", most=WHO_MAX)))
        return
    for n, identifier in enumerate(fact.who):
        if fault := kinds.fault(identifier.kind):
            found.append(Flaw(f"who[{n}].kind", fault))
        _name(found, f"who[{n}].value", identifier.value)


def _traits(found: list[Flaw], traits: Mapping[str, object], *, at: str = "traits") -> None:
    for name, value in traits.items():
        _name(found, f"{at}.{printable(name)}", name)
        try:
            fault = json_fault(msgspec.json.encode({"": value}).decode())
        except (TypeError, ValueError, RecursionError):
            fault = "It cannot be written as JSON."
        if fault:
            found.append(Flaw(f"{at}.{printable(name)}", fault))


def printable(name: str) -> str:
    """A name as part of a place: what cannot be shown is escaped."""
    return name[:60].encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
