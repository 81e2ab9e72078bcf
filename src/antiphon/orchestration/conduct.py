"""How each kind of message is treated: one table, so that the purposes can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from antiphon.kernel.records import FailoverOn, Lane, Purpose


class Conduct(Struct, frozen=True):
    """`passes`: whether it passes wishes, pauses and missing consent: never, or where its topic is critical or it has
    none. `limited`: caps, limits and quiet hours hold. `failover_on`: unless its source says otherwise.
    `give_up_s`: so long after it was made no further attempt begins; None: until it expires.
    """

    lane: Lane
    passes: Literal["never", "critical"] = "never"
    limited: bool = False
    failover_on: FailoverOn = "definite"
    give_up_s: float | None = None


CONDUCT: Mapping[Purpose, Conduct] = {
    Purpose.CODE: Conduct(Lane.CODE, passes="critical", failover_on="silence", give_up_s=900.0),
    Purpose.ALERT: Conduct(Lane.ALERT, passes="critical", failover_on="silence", give_up_s=86_400.0),
    Purpose.SYSTEM: Conduct(Lane.ALERT, passes="critical"),
    Purpose.REPLY: Conduct(Lane.REPLY),
    Purpose.TRANSACTIONAL: Conduct(Lane.TRANSACTIONAL),
    Purpose.TEST: Conduct(Lane.TRANSACTIONAL),
    Purpose.CAMPAIGN: Conduct(Lane.CAMPAIGN, limited=True),
}
"""A code is worthless after a quarter of an hour. A test heeds wishes like everything else: whoever could pass them by
naming a purpose would."""

CRITICAL = frozenset(purpose for purpose, conduct in CONDUCT.items() if conduct.passes != "never")
"""May pass wishes: never sent to many, and counted per person and hour."""
