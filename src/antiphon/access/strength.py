"""How strongly a provider of single sign-on asked who somebody is: values in, values out.

OpenID Connect Core 1.0, 2: `acr` names a level that both sides have agreed on, `amr` the methods (RFC 8176),
`auth_time` when somebody was asked. None of them must be there, and what is not there was not said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from antiphon.access.sso_records import Provider, Told

VALUES_MAX = 50
TEXT_CHARS_MAX = 255
_KNOWN = frozenset({"pwd", "pin", "kba"})
_HELD = frozenset({"otp", "sms", "tel", "hwk", "swk", "sc", "pop", "wia"})
_BEING = frozenset({"fpt", "face", "iris", "retina", "vbm"})
_SEVERAL = frozenset({"mfa", "mca"})


def told_of(said: Mapping[str, Any]) -> Told:
    """From the claims of an ID token; what is not of the right kind was not said."""
    acr, amr, at = (said.get(claim) for claim in ("acr", "amr", "auth_time"))
    methods = amr[:VALUES_MAX] if isinstance(amr, list) else []
    return Told(
        acr=acr if isinstance(acr, str) and len(acr) <= TEXT_CHARS_MAX else "",
        amr=tuple(one for one in methods if isinstance(one, str)),
        at=_time(at),
    )


def is_strong(provider: Provider, told: Told) -> bool:
    """Whether a sign-in there counts as two factors here: always under `assumed`, else where its token says so."""
    if provider.second_factor == "assumed":
        return True
    if told.acr and told.acr in provider.acr:
        return True
    methods = frozenset(told.amr)
    return bool(methods & _SEVERAL) or sum(bool(methods & kind) for kind in (_KNOWN, _HELD, _BEING)) > 1


def _time(at: object) -> datetime | None:
    if isinstance(at, bool) or not isinstance(at, int | float):
        return None
    try:
        return datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None
