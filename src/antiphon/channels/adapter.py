"""The contract that every adapter fills: one provider of one channel.

An adapter translates: our `Outgoing` into the provider's protocol, the provider's answers into `Result`,
`Receipt` and `Inbound`. Retry, failover, pacing, redaction and storage are the caller's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from antiphon.kernel.errors import NotFound, Problem
from antiphon.kernel.records import Channel, DeliveryId, Inbound, Outgoing, ProviderId, Receipt, Result

Sink = Callable[[Sequence[Receipt | Inbound]], Awaitable[None]]
"""Stores receipts and inbound durably; only after it returned may the provider be told "got it"."""


class Limits(Struct, frozen=True):
    """What a provider bears. `source` says where the figures come from."""

    in_flight_max: int
    size_max: int
    source: str


class Memory(Protocol):
    """What an account must not forget between two lives, such as how far a mailbox was read: small JSON by name.
    On disk when `write` returns."""

    async def read(self, key: str) -> Any: ...

    async def write(self, key: str, value: Any) -> None: ...


class Surroundings(Struct, frozen=True):
    """What an adapter gets beside its settings.

    `now` is product time. `private` admits addresses that are not public (sandbox, tests). `delivery_of` reads an
    attempt token of ours: None where it is none. `callback_url` is where the provider is to call.
    """

    provider: ProviderId
    now: Callable[[], datetime]
    delivery_of: Callable[[str], DeliveryId | None]
    private: bool = False
    callback_url: str = ""
    memory: Memory | None = None


class Callback(Struct, frozen=True):
    """A provider calls us. Names of headers are in lower case; `body` is as it came. `wall`: when, in seconds."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    wall: float


class Called(Struct, frozen=True):
    """What a call said, and what it is answered with once that is on disk."""

    items: Sequence[Receipt | Inbound] = ()
    status: int = 200
    body: bytes = b""


class Forged(Problem):
    """This call is not signed by the provider whose it claims to be, or too long ago."""

    status = 401
    code = "forged_callback"


class Sent(Struct, frozen=True):
    """A message that was handed over, as far as is needed to take it back."""

    delivery: DeliveryId
    token: str
    to: str
    provider_message_id: str | None = None


class Recalled(Enum):
    """`DONE`: it will not arrive. `TOO_LATE`: it may have. `CANNOT`: nothing of the kind can be asked here."""

    DONE = "done"
    TOO_LATE = "too_late"
    CANNOT = "cannot"


class OneWay:
    """For adapters that nobody calls back and that can take nothing back."""

    async def callback(self, request: Callback) -> Called:
        raise NotFound("This provider calls nobody back.")

    async def recall(self, sent: Sequence[Sent]) -> Sequence[Recalled]:
        return [Recalled.CANNOT] * len(sent)


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

    async def callback(self, request: Callback) -> Called:
        """Reads a call of the provider, its signature first. Raises `Forged`, or Invalid for what makes no sense."""

    async def recall(self, sent: Sequence[Sent]) -> Sequence[Recalled]:
        """Take back what was handed over, where the channel can. Answers in the order given; never raises for one."""


class Unreachable(Exception):
    """The provider could not be reached: nothing was sent."""
