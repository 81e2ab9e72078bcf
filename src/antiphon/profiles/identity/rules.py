"""The rules by which identifiers are put together to people: what an operator can see and change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.said import worded
from antiphon.profiles import kinds

COMPONENT_MAX = 2_000
"""Identifiers that are looked at together; what is larger is no person but a mistake in the data."""

_DAYS_MAX = 36_500


class KindRule(Struct, frozen=True):
    """How far an identifier of one kind is believed.

    merges              False: it belongs to whom its best link names, and never holds two others together
    most                how many of the kind one person has; of `external_id`, how many per scope
    shared_above        linked to more than so many of one stronger kind (and scope), it is everybody's: a kiosk, a
                        call centre's phone. It joins nobody then. None: never
    recycled_after_days the operator gave it to somebody else: a link to an external id ends when a link to another of
                        that scope begins so long after it was last heard of. None: never
    verified_only       while it is only claimed, it behaves as if it did not merge
    """

    merges: bool = True
    most: int = 5
    shared_above: int | None = 5
    recycled_after_days: int | None = None
    verified_only: bool = False


_CHAT = KindRule()
_DEVICE = KindRule(most=500, shared_above=3)


class IdentityRules(Struct, frozen=True):
    """One rule for each kind, whatever its scope."""

    external_id: KindRule = KindRule(most=1, shared_above=None)
    email: KindRule = KindRule(most=10)
    phone: KindRule = KindRule(most=10, recycled_after_days=90)
    whatsapp_bsuid: KindRule = _CHAT
    whatsapp_wa_id: KindRule = KindRule(recycled_after_days=90)
    psid: KindRule = _CHAT
    igsid: KindRule = _CHAT
    telegram: KindRule = _CHAT
    viber: KindRule = _CHAT
    line: KindRule = _CHAT
    fcm_fid: KindRule = _DEVICE
    fcm_token: KindRule = _DEVICE
    apns_token: KindRule = _DEVICE
    webpush: KindRule = _DEVICE
    device: KindRule = _DEVICE
    anonymous_id: KindRule = _DEVICE

    def of(self, kind: str) -> KindRule:
        rule: KindRule = getattr(self, kinds.base(kind))
        return rule


DEFAULTS = IdentityRules()
_FIELDS = {field.name: field.type for field in msgspec.structs.fields(KindRule)}
_BOUNDS = {"most": COMPONENT_MAX, "shared_above": COMPONENT_MAX, "recycled_after_days": _DAYS_MAX}


def read(given: Mapping[str, Any], *, at: str = "identity") -> IdentityRules:
    """Rules from JSON, such as {"phone": {"most": 3}}; what is not said stays as in the defaults.

    Raises Invalid that names every flaw as `identity.phone.most`.
    """
    if not isinstance(given, Mapping):
        raise Invalid(flaws=[Flaw(at, "An object of kinds is needed.")])
    flaws: list[Flaw] = []
    found: dict[str, KindRule] = {}
    for kind, rule in given.items():
        place = f"{at}.{kind!s:.60}"
        if kind not in kinds.SCOPES:
            flaws.append(Flaw(place, worded("It is not one of {known}.", known=", ".join(kinds.KINDS))))
        elif not isinstance(rule, Mapping):
            flaws.append(Flaw(place, worded("An object is needed, with any of {known}.", known=", ".join(_FIELDS))))
        elif wrong := _flaws(kind, rule, place):
            flaws += wrong
        else:
            found[kind] = msgspec.structs.replace(DEFAULTS.of(kind), **rule)
    if flaws:
        raise Invalid("The rules of identity are not valid.", flaws=flaws)
    return msgspec.structs.replace(DEFAULTS, **found)


def dump(rules: IdentityRules) -> dict[str, dict[str, Any]]:
    """All rules as JSON values, the strongest kind first; `read` takes them back."""
    shown: dict[str, dict[str, Any]] = msgspec.to_builtins(rules)
    return shown


def _flaws(kind: str, rule: Mapping[str, Any], place: str) -> list[Flaw]:
    faults = ((name, _fault(kind, name, value)) for name, value in rule.items())
    return [Flaw(f"{place}.{name!s:.60}", fault) for name, fault in faults if fault]


def _fault(kind: str, name: str, value: object) -> str:
    if name not in _FIELDS:
        return worded("It is not one of {known}.", known=", ".join(_FIELDS))
    try:
        msgspec.convert(value, _FIELDS[name], strict=True)
    except msgspec.ValidationError as error:
        return f"{error}."
    if kind == "external_id" and name in ("merges", "verified_only") and value is not (name == "merges"):
        return worded(
            "Your own number for a customer always says who it is: only {only} is possible.",
            only=str(name == "merges").lower(),
        )
    if name in _BOUNDS and isinstance(value, int) and not 1 <= value <= _BOUNDS[name]:
        return worded("It must be from 1 to {most:,}.", most=_BOUNDS[name])
    return ""
