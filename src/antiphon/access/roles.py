"""Roles of staff, and what each may do: values in, values out."""

from __future__ import annotations

from typing import Literal, get_args

from antiphon.kernel.permissions import PERMISSIONS, READING, Permission

Role = Literal["owner", "manager", "marketer", "agent", "analyst", "developer"]
ROLES: tuple[Role, ...] = get_args(Role)

_EVERYTHING: frozenset[Permission] = frozenset(PERMISSIONS)
_LOOKS: frozenset[Permission] = READING - {"team.read", "audit.read", "developer.read"}

MAY: dict[Role, frozenset[Permission]] = {
    "owner": _EVERYTHING,
    "manager": _EVERYTHING - {"providers.write", "keys.write"},
    "marketer": _LOOKS
    | {
        "public", "self", "enrol", "people.write", "segments.write", "messages.write", "campaigns.write",
        "campaigns.launch", "sandbox",
    },
    "agent": frozenset(
        {"public", "self", "enrol", "people.read", "people.write", "messages.read", "segments.read", "campaigns.read"}
    ),
    "analyst": _LOOKS | {"public", "self", "enrol"},
    "developer": _LOOKS
    | {
        "public", "self", "enrol", "developer.read", "events.write", "send", "keys.write", "providers.write",
        "settings.write", "sandbox", "audit.read",
    },
}  # fmt: skip
"""At least one owner stays."""

ADMINS: tuple[Role, ...] = tuple(
    role for role in ROLES if MAY[role] & {"team.write", "settings.write", "providers.write", "keys.write"}
)
"""Who changes how this installation works, or who works here."""

SCOPES_OF_KEYS: dict[str, frozenset[Permission]] = {
    "write": frozenset({"public", "events.write"}),
    "read": _LOOKS | {"public", "events.write", "developer.read"},
    "admin": _EVERYTHING - {"self", "enrol", "team.read", "team.write", "keys.write", "audit.read"},
}
"""A key in a program cannot make staff or other keys: who steals it does not stay once it is revoked."""


def may_give(giver: Role, *, before: Role | None, after: Role) -> bool:
    """Whether someone with this role may make a colleague's role `after`; `before` is None for a new colleague.

    Nobody gives what they do not have, and nobody takes it from somebody else.
    """
    return all(MAY[role] <= MAY[giver] for role in (before, after) if role is not None)
