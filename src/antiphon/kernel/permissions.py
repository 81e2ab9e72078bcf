"""What somebody may do here: the words that routes name, roles gather and keys are given.

`public` answers everybody and `sandbox` exists only under --sandbox; the rest is `area.act`. Whoever may write in an
area need not be able to read it: a key that sends events in stands in public web pages.
"""

from __future__ import annotations

from typing import Literal, get_args

Permission = Literal[
    "public",
    "self",
    "enrol",
    "people.read",
    "people.write",
    "people.privacy",
    "segments.read",
    "segments.write",
    "messages.read",
    "messages.write",
    "campaigns.read",
    "campaigns.write",
    "campaigns.launch",
    "events.write",
    "send",
    "settings.read",
    "settings.write",
    "providers.read",
    "providers.write",
    "developer.read",
    "keys.write",
    "team.read",
    "team.write",
    "audit.read",
    "sandbox",
]
"""`self`: whoever is signed in, about their own account. `enrol`: the same, and who must set up a second factor before
anything else. `people.privacy`: export, erase. `campaigns.launch`: what leaves the building: launch, pause, resume,
shift. `send`: one message by the API. `developer.read`: the debugger."""

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

READING: frozenset[Permission] = frozenset(name for name in PERMISSIONS if name.endswith(".read"))
"""Change nothing: no line in the audit log, no check that one of our own pages asks."""
