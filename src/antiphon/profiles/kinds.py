"""The kinds of identifiers: how strong each is, and whether it names its scope (`psid@<page>`).

An identifier is unique within its scope: a Messenger id says nothing without its page. Which platform scopes what is
told by the platforms: WhatsApp's BSUID by portfolio, Messenger by page, Instagram by account, Firebase by project,
APNs by topic and environment. A WhatsApp id (`wa_id`) is the same everywhere, so it has none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from antiphon.kernel.errors import invalid
from antiphon.kernel.said import worded

ScopeRule = Literal["needed", "optional", "none"]

SCOPES: dict[str, tuple[ScopeRule, str]] = {
    "external_id": ("optional", "source"),
    "email": ("none", ""),
    "phone": ("none", ""),
    "whatsapp_bsuid": ("needed", "portfolio"),
    "whatsapp_wa_id": ("none", ""),
    "psid": ("needed", "page"),
    "igsid": ("needed", "account"),
    "telegram": ("needed", "bot"),
    "viber": ("needed", "account"),
    "line": ("needed", "channel"),
    "fcm_fid": ("needed", "project"),
    "fcm_token": ("optional", "project"),
    "apns_token": ("needed", "topic+environment"),
    "webpush": ("optional", "key"),
    "device": ("none", ""),
    "anonymous_id": ("none", ""),
}
"""Strongest first: whether the kind has a scope, and what the scope is."""

KINDS = tuple(SCOPES)
SCOPE_CHARS_MAX = 200
_RANK = {kind: n for n, kind in enumerate(KINDS)}
_KIND_CHARS_MAX = max(map(len, KINDS)) + 1 + SCOPE_CHARS_MAX


def base(kind: str) -> str:
    """`external_id` of `external_id@crm`."""
    return kind if kind in _RANK else kind.partition("@")[0]


def is_kind(text: str) -> bool:
    """Whether people are known by it, with or without a scope."""
    return base(text) in KINDS


def scope(kind: str) -> str:
    """`crm` of `external_id@crm`; empty where there is none."""
    return kind.partition("@")[2]


def rank(kind: str) -> int:
    """0 is the strongest; a kind that we do not know is weaker than all others."""
    found = _RANK.get(kind)
    return found if found is not None else _RANK.get(base(kind), len(KINDS))


def fault(kind: str) -> str:
    """Why this is not a kind of identifier, with the way out; empty when it is one."""
    if kind in _RANK and SCOPES[kind][0] != "needed":
        return ""
    if len(kind) > _KIND_CHARS_MAX:
        return worded("It is longer than {most} characters; write it as kind or kind@scope.", most=_KIND_CHARS_MAX)
    return _fault(kind)


def check(kind: str) -> str:
    """The base of a valid kind. Raises Invalid at `kind`."""
    if found := fault(kind):
        raise invalid("kind", found)
    return base(kind)


@lru_cache(maxsize=4_096)
def _fault(kind: str) -> str:
    name, at, scope = kind.partition("@")
    if name not in SCOPES:
        return worded("{kind!a} is not one of {known}.", kind=kind[:60], known=", ".join(map(shown, KINDS)))
    rule, what = SCOPES[name]
    if rule == "none" and at:
        return worded("{name} has no scope; write it as {name} alone.", name=name)
    if rule == "needed" and not at:
        return worded(
            "{name} says nothing without its {what}; write it as {shown}.", name=name, what=what, shown=shown(name)
        )
    return _scope_fault(scope) if at else ""


def _scope_fault(scope: str) -> str:
    if not 1 <= len(scope) <= SCOPE_CHARS_MAX:
        return worded("What stands after the @ needs 1 to {most} characters.", most=SCOPE_CHARS_MAX)
    # The colon ends a kind where kind and value are written as one text.
    if not scope.isprintable() or any(c.isspace() or c == ":" for c in scope):
        return "What stands after the @ may have no spaces, no control characters and no colon."
    return ""


def shown(name: str) -> str:
    """How a kind is written: `psid@<page>`, `external_id[@<source>]`."""
    rule, what = SCOPES[name]
    return {"needed": f"{name}@<{what}>", "optional": f"{name}[@<{what}>]", "none": name}[rule]
