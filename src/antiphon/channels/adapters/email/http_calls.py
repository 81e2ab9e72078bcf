"""What reading a provider's calls has in common: who calls, when it happened, which delivery it is about."""

from __future__ import annotations

import math
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

import msgspec
import structlog

from antiphon.channels.adapter import Callback, Forged, Surroundings
from antiphon.channels.adapters.email.status import STATUS
from antiphon.kernel.devices import is_machine as is_machine
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import DeliveryId, FailureClass, Receipt, ReceiptKind

log = structlog.get_logger()

AGE_MAX_S = 30 * 86_400.0
"""Providers repeat a call for days; what claims to be older is not believed."""


def require_basic(request: Callback, *, username: str, password: str) -> None:
    """Raises Forged for other credentials than these (RFC 7617), and where there are none to compare with."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        said = b64decode(encoded.strip(), validate=True) if scheme.lower() == "basic" else b""
    except ValueError:
        said = b""
    if not (username and password) or not compare_digest(said, f"{username}:{password}".encode()):
        raise Forged


def require_recent(request: Callback, at_s: float, *, past_s: float, ahead_s: float = 300.0) -> None:
    """Raises Forged for a signature that was made too long ago, or in the future."""
    if not request.wall - past_s <= at_s <= request.wall + ahead_s:
        raise Forged


def decoded(body: bytes) -> Any:
    """Raises Invalid for what is not JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("The call is not JSON.") from error


def mapping(value: Any) -> dict[str, Any]:
    """Providers write an empty list, null or nothing at all where they have no fields."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """As it can be stored."""
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).replace("\0", "")


def happened(around: Surroundings, request: Callback, at: Any) -> datetime:
    """Product time of what the provider dates in wall time: seconds since the epoch, or ISO 8601 in UTC."""
    seconds = _seconds(at)
    age_s = 0.0 if seconds is None else request.wall - seconds
    return around.now() - timedelta(seconds=min(max(age_s, 0.0), AGE_MAX_S))


def _seconds(at: Any) -> float | None:
    if isinstance(at, bool) or not isinstance(at, str | int | float):
        return None
    try:
        if isinstance(at, str) and "-" in at:
            moment = datetime.fromisoformat(at)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        seconds = float(at)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(seconds):
        return None
    return seconds if abs(seconds) < 1e11 else seconds / 1000.0  # some count in milliseconds


class Reader:
    """Makes the receipts of one call, all of one provider account."""

    def __init__(self, adapter: str, around: Surroundings, request: Callback) -> None:
        self._adapter, self._around, self._request = adapter, around, request

    def receipt(
        self,
        kind: ReceiptKind,
        *,
        token: Any,
        message_id: Any,
        at: Any,
        failure: FailureClass | None = None,
        code: Any = "",
        machine: bool = False,
    ) -> list[Receipt]:
        """Empty for a message that is not ours: accounts are shared with other programs."""
        delivery = self._delivery(token)
        known_as = text(message_id)[:200] or None
        if delivery is None and known_as is None:
            return []
        return [
            Receipt(
                kind,
                happened(self._around, self._request, at),
                delivery=delivery,
                provider=self._around.provider,
                provider_message_id=known_as,
                failure=failure,
                code=text(code)[:200],
                machine=machine,
            )
        ]

    def ignored(self, event: Any) -> list[Receipt]:
        """An event that nobody here knows: named in the log, never its contents."""
        log.info("callback.unknown_event", adapter=self._adapter, kind=text(event)[:60])
        return []

    def _delivery(self, token: Any) -> DeliveryId | None:
        return self._around.delivery_of(token) if isinstance(token, str) and token else None


def failure_of(status: str) -> FailureClass | None:
    """What an enhanced status (RFC 3463) means, by itself or by its family; None where it says nothing."""
    if status.startswith("4."):
        return "temporary"
    return STATUS.get(status) or STATUS.get(status.rpartition(".")[0])
