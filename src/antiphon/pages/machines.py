"""Which visits no person made. A machine's open or click proves that the message arrived, and nothing more.

One visit, by what it says of itself and by when it comes:

| sign | why |
|---|---|
| HEAD | people's programs ask for the content (OPTIONS reaches no link at all) |
| `Sec-Purpose` and its older forms say prefetch or preview | the browser looks ahead (W3C Speculation Rules) |
| a User-Agent of a program (`kernel.devices.is_machine`) | Apple's privacy, Gmail's prefetch, gateways, previews |
| a click that names no program, or an image proxy | every browser names itself; a proxy fetches pictures |
| an e-mail opened or clicked within two seconds of its hand-over | nobody has read it by then |
| an open through an image proxy within five seconds | it looked ahead: later, somebody has the message before them |

Several visits together: `sessions.py`. Time says nothing while product time is held or jumps, so the last two rules and
those of sessions do not apply in the sandbox. What cannot be told apart counts as a person. Why these figures, and what
is not decided at all: docs/explanation/opens-and-clicks.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from antiphon.kernel import agents, devices

TOO_QUICK = timedelta(seconds=2)
PROXY_TOO_QUICK = timedelta(seconds=5)

_LOOKING_AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")


def is_machine(method: str, headers: Mapping[str, str], *, clicks: bool = False, sandbox: bool = False) -> bool:
    """By what the visit says of itself. Names of headers are in lower case. In the sandbox customers are played by
    programs, so a library for HTTP is a person there."""
    agent = headers.get("user-agent", "").strip()
    if sandbox and method == "GET" and agents.is_library(agent[: agents.AGENT_CHARS_MAX].lower()):
        return False
    return (
        method == "HEAD"
        or any("prefetch" in (said := headers.get(name, "").lower()) or "preview" in said for name in _LOOKING_AHEAD)
        or devices.is_machine(agent)
        or (clicks and (not agent or is_proxy(headers)))
    )


def is_proxy(headers: Mapping[str, str]) -> bool:
    return agents.is_proxy(headers.get("user-agent", "")[: agents.AGENT_CHARS_MAX].lower())


def is_too_quick(channel: str, handed_at: datetime | None, now: datetime, *, proxy: bool = False) -> bool:
    """Before a person could have seen the message. Both times are product time."""
    if channel != "email" or handed_at is None:
        return False
    return timedelta() <= now - handed_at < (PROXY_TOO_QUICK if proxy else TOO_QUICK)
