"""The contract that every adapter fills: one provider of one channel.

An adapter translates: our `Outgoing` into the provider's protocol, the provider's answers into `Result`,
`Receipt` and `Inbound`. Retry, failover, pacing, redaction and storage are the caller's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Protocol

from msgspec import Struct

from antiphon.kernel.records import Channel, Inbound, Outgoing, Receipt, Result

Sink = Callable[[Sequence[Receipt | Inbound]], Awaitable[None]]
"""Stores receipts and inbound durably; only after it returned may the provider be told "got it"."""


class Limits(Struct, frozen=True):
    """What a provider bears. `source` says where the figures come from."""

    in_flight_max: int
    size_max: int
    source: str


class Adapter(Protocol):
    """One configured provider. `send_many` answers in the order of the batch and never raises for one message."""

    name: ClassVar[str]
    channel: ClassVar[Channel]
    limits: ClassVar[Limits]

    async def connect(self) -> None:
        """Open what is needed to send. Raises `Unreachable` when the provider cannot be reached."""

    async def close(self) -> None: ...

    async def send_many(self, batch: Sequence[Outgoing]) -> Sequence[Result]: ...

    async def listen(self, sink: Sink) -> None:
        """Feed receipts and inbound to `sink` until cancelled. Returns at once where nothing comes back."""


class Unreachable(Exception):
    """The provider could not be reached: nothing was sent."""
