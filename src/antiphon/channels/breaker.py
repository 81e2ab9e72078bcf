"""The breaker of an account: closed, open for a while, half open with one probe. Pure: times are seconds of wall time.

Closed, everything goes. What tells against the provider itself opens it; the pause grows with failures in a row. When
the pause is over, it is half open: one process gets a few messages as a probe, the others get none. A probe that is
taken closes it; one that is not opens it for longer. A probe that is never heard of again is another's after `PROBE_S`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from antiphon.kernel.records import Accepted, NotSent, Refused, Result

Cause = Literal["unreachable", "refused", "credentials"]
State = Literal["closed", "open", "half_open"]

PAUSES_S: dict[Cause, tuple[float, ...]] = {
    "unreachable": (0.5, 1.0, 2.0, 5.0, 10.0, 30.0),
    "refused": (5.0, 15.0, 60.0, 300.0, 900.0),
    "credentials": (300.0, 900.0, 3600.0),  # nobody is let in by knocking: a person must act
}
RETRY_AFTER_MAX_S = 3600.0
PROBE_MESSAGES = 3
PROBE_S = 10.0
"""Longer than a hand-over takes to be answered, mostly; shorter than anybody wants to wait after a crash."""
ANSWERS_MIN, BLAMED_SHARE = 20, 0.5
"""In a minute: of fewer answers nothing is concluded."""
MINUTE_S = 60.0
REASON_CHARS_MAX = 200


class Breaker(Struct, frozen=True):
    failures: int = 0
    paused_until: float = 0.0
    probing_until: float = 0.0
    reason: str = ""

    def state(self, at: float) -> State:
        if self.paused_until > at:
            return "open"
        return "half_open" if self.failures else "closed"

    def room(self, wanted: int, at: float) -> tuple[int, Breaker]:
        """How many may go; half open, the first to ask gets the probe."""
        state = self.state(at)
        if state == "closed":
            return wanted, self
        if state == "open" or self.probing_until > at or wanted < 1:
            return 0, self
        return min(wanted, PROBE_MESSAGES), replace(self, probing_until=at + PROBE_S)

    def failed(self, at: float, *, cause: Cause, reason: str, retry_after_s: float = 0.0) -> Breaker:
        """Opened for longer each time. While it is open, what was under way counts no more."""
        if self.state(at) == "open":
            return self
        failures = self.failures + 1
        pause = max(pause_s(failures, cause), min(retry_after_s, RETRY_AFTER_MAX_S))
        return Breaker(failures, at + pause, 0.0, reason[:REASON_CHARS_MAX] or cause)

    def succeeded(self, at: float) -> Breaker:
        """Closed where it was half open. While it is open, what was under way proves nothing."""
        return Breaker() if self.state(at) == "half_open" else self


def pause_s(failures: int, cause: Cause = "unreachable") -> float:
    pauses = PAUSES_S[cause]
    return pauses[min(max(failures, 1), len(pauses)) - 1]


def is_tripped(answered: int, blamed: int) -> bool:
    """By the answers of the last minute."""
    return answered >= ANSWERS_MIN and blamed > BLAMED_SHARE * answered


# What an answer says, and of whom. SMTP: RFC 5321, RFC 3463, RFC 4954; HTTP: RFC 9110; SMPP 3.4 5.1.3.

_CREDENTIALS = re.compile(r"(?:530|534|535|538)(?=[ .]|$)|5\.7\.8\b|40[13](?= |$)|0x0000000[DEF]$", re.IGNORECASE)
_CREDENTIALS_AT_CONNECT = re.compile(r": (?:530|534|535|538) |refused the bind with status 0x0[def]\b|\b401\b")
_THROTTLED_BY_RECEIVER = re.compile(r"(?:421|450|451|452)(?: (4\.\d+\.\d+))?$")
_THROTTLES = re.compile(r"4\.7\.\d+|4\.3\.2|4\.2\.1|4\.4\.5|4\.5\.3")


def is_credentials(result: Result) -> bool:
    """The provider does not know us, or no more."""
    return isinstance(result, Refused) and result.failure == "policy" and bool(_CREDENTIALS.match(result.code))


def cause_of(reason: str) -> Cause:
    """Why no connection came about, by what was said."""
    return "credentials" if _CREDENTIALS_AT_CONNECT.search(reason) else "unreachable"


def is_deferral(result: Result) -> bool:
    """Of e-mail: whoever receives it wants it later, or slower. A full mailbox (4.2.2) is no matter of pace."""
    if not isinstance(result, Refused) or result.failure != "temporary":
        return False
    found = _THROTTLED_BY_RECEIVER.match(result.code)
    return found is not None and (found[1] is None or _THROTTLES.fullmatch(found[1]) is not None)


def is_blame(result: Result) -> bool:
    """The provider refuses us, not this recipient or message: policy, credentials, or it asks us to come later."""
    if not isinstance(result, Refused):
        return False
    if result.failure == "policy":
        return True
    return result.failure == "temporary" and result.retry_after_s is not None and not result.code.startswith("45")


def is_proof(results: Sequence[Result]) -> bool:
    """It works: more of these were answered in earnest than refused for our sake."""
    good = sum(1 for each in results if isinstance(each, Accepted) or _is_about_recipient(each))
    return good > sum(1 for each in results if is_blame(each) or (isinstance(each, NotSent) and not each.late))


def _is_about_recipient(result: Result) -> bool:
    return isinstance(result, Refused) and result.failure in ("address", "message", "optout")
