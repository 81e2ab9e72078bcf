"""Which visits no person made. A machine's open or click proves that the message arrived, and nothing more.

| sign | why |
|---|---|
| HEAD | people's programs ask for the content |
| `Sec-Purpose` and its older forms say prefetch or preview | the browser looks ahead (W3C Speculation Rules) |
| User-Agent is `Mozilla/5.0` alone | Apple's Mail Privacy Protection opens every message |
| `GoogleImageProxy`, `YahooMailProxy` | Gmail and Yahoo fetch pictures on their own account |
| scanners and link previews by name | they follow every link of a message before, or instead of, its reader |
| a click on an e-mail within two seconds of its hand-over | gateways follow links before they let it in |

Time says nothing while product time is held or jumps, so the last rule does not apply in the sandbox. What cannot be
told apart counts as a person: a browser driven by a scanner under a browser's name is one, unless it was too quick.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

TOO_QUICK = timedelta(seconds=2)

_LOOKING_AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy")
# BOIE9;ENUS is Microsoft's scanner; the others name themselves. Cubot makes telephones.
_SCANNERS = re.compile(
    r"BOIE9;ENUS|(?<!cu)bot\b|crawler|spider|barracuda|proofpoint|mimecast|safelinks|symantec|ironport|fortinet"
    r"|trendmicro|urlscan|virustotal|preview|facebookexternalhit|facebot|whatsapp/|snapchat|embedly|iframely",
    re.IGNORECASE,
)


def is_machine(method: str, headers: Mapping[str, str]) -> bool:
    """By what the visit says of itself. Names of headers are in lower case."""
    agent = headers.get("user-agent", "").strip()
    return (
        method == "HEAD"
        or any("prefetch" in (said := headers.get(name, "").lower()) or "preview" in said for name in _LOOKING_AHEAD)
        or agent == "Mozilla/5.0"
        or bool(_PROXIES.search(agent) or _SCANNERS.search(agent))
    )


def is_too_quick(channel: str, handed_at: datetime | None, now: datetime) -> bool:
    """A click before a person could have seen the message. Both times are product time."""
    return channel == "email" and handed_at is not None and timedelta() <= now - handed_at < TOO_QUICK
