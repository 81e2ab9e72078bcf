"""One connection of the pool: how values of the product go in and come out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from antiphon.kernel.clock import FOREVER

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # what the protocol counts microseconds from
_MICROSECOND = timedelta(microseconds=1)
_INFINITY, _INFINITELY_LONG_AGO = 2**63 - 1, -(2**63)


async def prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_json, decoder=_decode_json, format="binary"
    )
    # The driver's own reads `infinity` without a time zone: it equals nothing and compares with nothing.
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_encode_instant, decoder=_decode_instant, format="tuple"
    )


def _encode_json(value: Any) -> bytes:
    """Binary, for a COPY takes nothing else: the version of the format, then the text."""
    return b"\x01" + (value.encode() if isinstance(value, str) else msgspec.json.encode(value))


def _decode_json(value: bytes) -> Any:
    return msgspec.json.decode(memoryview(value)[1:])


def _encode_instant(value: datetime) -> tuple[int]:
    return (_INFINITY if value == FOREVER else (value - _EPOCH) // _MICROSECOND,)


def _decode_instant(value: tuple[int]) -> datetime:
    if value[0] in (_INFINITY, _INFINITELY_LONG_AGO):
        return FOREVER if value[0] > 0 else datetime.min.replace(tzinfo=UTC)
    return _EPOCH + timedelta(microseconds=value[0])
