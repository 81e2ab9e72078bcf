"""Mail that a provider took for us and hands over by a call."""

from __future__ import annotations

from antiphon.channels.adapter import Surroundings
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Inbound, Receipt


async def received(raw: bytes, around: Surroundings) -> list[Receipt | Inbound]:
    """`raw` is the whole mail (RFC 5322). Raises NotFound: nothing is answered as taken that was not read."""
    raise NotFound("Mail that arrives is not read by this version.")
