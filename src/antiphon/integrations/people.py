"""Whom a call is about: its ids, its traits and its context. No I/O.

| in a call | becomes |
|---|---|
| `userId`, `anonymousId` | `external_id`, `anonymous_id` |
| `traits` and `context.traits`: `email`, `phone`, `webpush` | identifiers, and addresses |
| `context.device.token` | an address, if it is a web push subscription |
| `context.device.id` | `device` |
| `context.externalIds` | `email`, `phone`, `external_id@<type>`: those of users, in plain text |
| `groupId`, `context.groupId` | the account |
| `context.timezone`, `context.locale` | the traits `device_timezone`, `device_language` |

Source: the Segment spec (common fields, context, group; externalIds of its Unify documentation).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw, Struct

from antiphon import profiles
from antiphon.kernel.errors import Flaw, Invalid, invalid
from antiphon.kernel.http import flaw_of
from antiphon.kernel.records import Identifier

EXTERNAL_IDS_MAX = 10
REMEMBERED_MAX = 50_000
ZONE_CHARS_MAX = 64
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_SCOPE = re.compile(r"[^\s:@]{1,100}")
_OWN_KINDS = {"email": "email", "phone": "phone", "anonymous_id": "anonymous_id", "device_id": "device"}


class Context(Struct, rename="camel"):
    """The parts that say who or where somebody is; the rest is skipped. A value of a wrong type is passed over."""

    traits: Any = None
    device: Any = None
    timezone: Any = None
    locale: Any = None
    group_id: Any = None
    external_ids: Any = None


_contexts = msgspec.json.Decoder(Context)
NO_CONTEXT = Context()


def read_context(own: Raw, shared: Raw) -> Context:
    """The batch's context under the event's own. Raises Invalid for one that cannot be read."""
    found = NO_CONTEXT
    for raw in (own, shared):
        text = bytes(memoryview(raw))
        if not text.startswith(b"{"):
            continue
        try:
            read = _contexts.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise invalid("context", flaw_of(str(error)).message) from error
        if read != NO_CONTEXT:
            found = read if found is NO_CONTEXT else _under(found, read)
    return found


def _under(own: Context, shared: Context) -> Context:
    fields = {name: getattr(own, name) for name in Context.__struct_fields__}
    return Context(**{name: getattr(shared, name) if value is None else value for name, value in fields.items()})


def who_of(
    user: str | None, anonymous: str | None, traits: Mapping[str, Any], context: Context
) -> tuple[tuple[Identifier, ...], list[Flaw]]:
    """Raises Invalid without userId and anonymousId; any other name that is none is odd, and the event is kept."""
    who: list[Identifier] = []
    oddities: list[Flaw] = []
    for kind, at, value in (("external_id", "userId", user), ("anonymous_id", "anonymousId", anonymous)):
        if value is not None:
            who.append(named(kind, value, at))
    if not who:
        raise invalid("userId", "An event needs a userId or an anonymousId.")
    if not traits and context is NO_CONTEXT:
        return tuple(who), oddities
    for kind, at, name in _further(traits, context):
        try:
            who.append(named(kind, name, at))
        except Invalid as error:
            reason = error.flaws[0].message if error.flaws else error.message
            oddities.append(Flaw(at, f"{reason} (The rest was kept.)"))
    return tuple(dict.fromkeys(who)), oddities


def named(kind: str, value: Any, at: str) -> Identifier:
    try:
        return profiles.normalise(kind, value)
    except Invalid as error:
        raise invalid(at, error.flaws[0].message if error.flaws else error.message) from error


def text_of(value: object) -> str | None:
    """Some clients send numbers as ids, and null or "" for none; None for what is no id."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def _further(traits: Mapping[str, Any], context: Context) -> Iterator[tuple[str, str, Any]]:
    inner = context.traits if isinstance(context.traits, dict) else {}
    for at, holder in (("traits", traits), ("context.traits", inner)):
        for kind in ("email", "phone", "webpush"):
            value = holder.get(kind)
            if value not in (None, ""):
                yield kind, f"{at}.{kind}", value
    if isinstance(context.device, dict):
        yield from _of_device(context.device)
    if isinstance(context.external_ids, list):
        for n, entry in enumerate(context.external_ids[:EXTERNAL_IDS_MAX]):
            yield from _external(entry, f"context.externalIds[{n}]")


def _of_device(device: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    token = device.get("token")
    # Apps of other makers put the token of their own push service here: not an address of ours, and nothing odd.
    if isinstance(token, dict) or (isinstance(token, str) and token.lstrip().startswith("{")):
        yield "webpush", "context.device.token", token
    id = text_of(device.get("id"))
    if id is not None:
        yield "device", "context.device.id", id


def _external(entry: object, at: str) -> Iterator[tuple[str, str, Any]]:
    """`{"id", "type", "collection", "encoding"}`; ids of other collections or in another encoding are not ours."""
    if not isinstance(entry, dict):
        return
    id, type = text_of(entry.get("id")), entry.get("type")
    of_users = entry.get("collection") in (None, "", "users") and entry.get("encoding") in (None, "", "none")
    if id is None or not of_users or not isinstance(type, str):
        return
    if type == "user_id":
        return  # the userId of some call says it better: one call names one user
    if type in _OWN_KINDS:
        yield _OWN_KINDS[type], f"{at}.id", id
    elif _SCOPE.fullmatch(type):
        yield f"external_id@{type}", f"{at}.id", id


def device_traits(context: Context) -> dict[str, str]:
    """Where the device says that it is, and in which language it speaks. Whatever the person told is not touched."""
    found: dict[str, str] = {}
    if context is NO_CONTEXT:
        return found
    if isinstance(context.timezone, str) and _is_zone(context.timezone):
        found["device_timezone"] = context.timezone
    if isinstance(context.locale, str) and _LOCALE.fullmatch(context.locale):
        found["device_language"] = context.locale.replace("_", "-")
    return found


@lru_cache(maxsize=1_000)
def _is_zone(name: str) -> bool:
    if not 0 < len(name) <= ZONE_CHARS_MAX:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name of a zone, a folder
        return False
    return True


Said = tuple[date, dict[str, str]]
"""On which day of event time a device said what of itself."""


class Remembered:
    """What devices said last: a browser says where it is with every page, and it is written once a day.

    Only what is on disk is noted. It is lost with the process; then it is written once more.
    """

    def __init__(self, most: int = REMEMBERED_MAX) -> None:
        self._most = most
        self._said: OrderedDict[Identifier, Said] = OrderedDict()

    def is_known(self, who: Identifier, said: Said) -> bool:
        return self._said.get(who) == said

    def note(self, said: Mapping[Identifier, Said]) -> None:
        for who, one in said.items():
            self._said[who] = one
            self._said.move_to_end(who)
        while len(self._said) > self._most:
            self._said.popitem(last=False)
