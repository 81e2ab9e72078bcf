"""A connection to the database: how it says that it was cut, how values of the product go in and come out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
from asyncpg.protocol import Protocol

from antiphon.kernel.clock import FOREVER

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # what the protocol counts microseconds from
_MICROSECOND = timedelta(microseconds=1)
_INFINITY = 2**63 - 1


class Connection(asyncpg.Connection):
    """The driver's. Four of these run whatever is outside a transaction; where one is cut, its end says so itself."""

    async def execute(self, *args: Any, **options: Any) -> Any:
        with self._telling_of_a_cut():
            return await super().execute(*args, **options)

    async def fetch(self, *args: Any, **options: Any) -> Any:
        with self._telling_of_a_cut():
            return await super().fetch(*args, **options)

    async def fetchrow(self, *args: Any, **options: Any) -> Any:
        with self._telling_of_a_cut():
            return await super().fetchrow(*args, **options)

    async def fetchval(self, *args: Any, **options: Any) -> Any:
        with self._telling_of_a_cut():
            return await super().fetchval(*args, **options)

    def get_reset_query(self) -> str:
        """Nothing is put back when the pool gets it again, which would be a trip for every transaction: what we set,
        we set for one transaction, and the driver itself ends one that is open."""
        return ""

    @contextlib.contextmanager
    def _telling_of_a_cut(self) -> Iterator[None]:
        """The driver (0.32) lets go of its protocol when a connection is cut, and calls it once a statement is ready.

        Raises what the driver raises for a cut a moment earlier or later.
        """
        try:
            yield
        except AttributeError as error:
            if self.is_closed() and error.obj is None and hasattr(Protocol, error.name or ""):
                text = "connection was closed while it prepared a statement"
                raise asyncpg.ConnectionDoesNotExistError(text) from error
            raise


async def prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_json, decoder=_decode_json, format="binary"
    )
    # The driver's own reads `infinity` without a time zone: it equals nothing and compares with nothing.
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_encode_instant, decoder=_decode_instant, format="tuple"
    )


_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _encode_json(value: Any) -> bytes:
    """Binary, for a COPY takes nothing else: the version of the format, then the text."""
    return b"\x01" + (value.encode() if isinstance(value, str) else msgspec.json.encode(value))


def _decode_json(value: bytes) -> Any:
    return msgspec.json.decode(memoryview(value)[1:])


def _encode_instant(value: datetime) -> tuple[int]:
    return (_INFINITY if value == FOREVER else (value - _EPOCH) // _MICROSECOND,)


def _decode_instant(value: tuple[int]) -> datetime:
    """The database knows times after the year 9999 and before year 1: for ever, and the first of all."""
    if not _FIRST < value[0] < _LAST:
        return FOREVER if value[0] > 0 else datetime.min.replace(tzinfo=UTC)
    return _EPOCH + timedelta(microseconds=value[0])
