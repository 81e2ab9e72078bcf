"""What came in last over HTTP, for the debugger, in the memory of this process: the newest that was taken, and the
newest that was refused.

Chosen over a table: it costs a call one append and the database nothing, and what must not be lost (refused events,
messages from people) is in tables anyway. With several web processes each knows what it took itself.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Literal
from weakref import WeakKeyDictionary

from msgspec import Struct

from antiphon.kernel.db import Database
from antiphon.kernel.errors import Flaw

KEPT = 500
"""Of what was taken, and as many of what was refused: a flood of the one leaves the other."""
BODY_BYTES_MAX = 2_000

Kind = Literal["event", "webhook"]
Outcome = Literal["accepted", "partly", "refused", "forged"]


class Arrival(Struct):
    """`source`: the key or the account that it came by. `what`: in words, `n`: how many things it held. `at` is product
    time. `body`: how it began."""

    number: int
    at: datetime
    kind: Kind
    outcome: Outcome
    source: str
    what: str
    n: int
    body: bytes
    errors: Sequence[Flaw] = ()


class Arrivals:
    """The newest of this process. Only appended to where speed counts."""

    def __init__(self) -> None:
        self._taken: deque[Arrival] = deque(maxlen=KEPT)
        self._refused: deque[Arrival] = deque(maxlen=KEPT)
        self._numbers = count(1)

    def note(
        self,
        kind: Kind,
        outcome: Outcome,
        *,
        at: datetime,
        source: str,
        what: str,
        body: bytes,
        n: int = 0,
        errors: Sequence[Flaw] = (),
    ) -> None:
        kept = self._taken if outcome in ("accepted", "partly") else self._refused
        kept.append(Arrival(next(self._numbers), at, kind, outcome, source, what, n, body[:BODY_BYTES_MAX], errors))

    def forget(self, until: datetime) -> None:
        """What came until then: somebody was erased who may stand in it."""
        for kept in (self._taken, self._refused):
            left = [each for each in kept if each.at > until]
            if len(left) < len(kept):
                kept.clear()
                kept.extend(left)

    def newest(self) -> list[Arrival]:
        return sorted([*self._taken, *self._refused], key=lambda each: each.number, reverse=True)


_kept: WeakKeyDictionary[Database, Arrivals] = WeakKeyDictionary()


def arrivals(database: Database) -> Arrivals:
    found = _kept.get(database)
    if found is None:
        found = _kept[database] = Arrivals()
    return found


_PROOF = r"[\w.-]*(?:write_?key|signature|secret|password|token|api_?key|authorization|certurl|subscribeurl)[\w.-]*"
_JSON = re.compile(rf'("{_PROOF}"\s*:\s*)("(?:[^"\\]|\\.)*"?|\{{[^{{}}]*\}}?)', re.IGNORECASE)
_FORM = re.compile(rf"((?:^|&){_PROOF}=)[^&]*", re.IGNORECASE)


def shown(body: bytes) -> str:
    """As text, without what proves who sent it: keys, signatures and tokens."""
    text = body.decode("utf-8", "replace").replace("\0", "\ufffd")
    return _FORM.sub(r"\1…", _JSON.sub(r'\1"…"', text))
