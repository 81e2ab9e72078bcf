"""What was asked for all commands alike, and work on the database that it names."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from antiphon.app.commands.answers import say
from antiphon.app.commands.context import current

if TYPE_CHECKING:
    from antiphon.kernel.db import Transaction
    from antiphon.kernel.runtime import Runtime

T = TypeVar("T")


def within(work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Run `work` on the installation: its database is joined, or started for as long as this takes."""
    import asyncio

    with running_server() as dsn:
        return asyncio.run(_opened(dsn, work))


def ask(work: Callable[[Transaction], Awaitable[T]]) -> T:
    """In a transaction that only reads."""

    async def read(runtime: Runtime) -> T:
        async with runtime.database.transaction(read_only=True) as tx:
            return await work(tx)

    return within(read)


def change(work: Callable[[Transaction], Awaitable[T]]) -> T:
    """In a transaction that writes; repeated after a deadlock."""
    return within(lambda runtime: runtime.database.repeat(work))


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    from antiphon.app.opening import server

    _keep_quiet()
    with server(current.get().place, progress=say) as dsn:
        yield dsn


def _keep_quiet() -> None:
    """Warnings of the parts go to stderr; their news is for the log of a server."""
    import logging

    import structlog

    if os.environ.get("ANTIPHON_DEBUG") != "1":
        # A lost database is said once, by the command; the pool adds a traceback for each connection.
        logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


async def _opened(dsn: str, work: Callable[[Runtime], Awaitable[T]]) -> T:
    from antiphon.app.opening import opened
    from antiphon.kernel.db import LOST_CONNECTION, DatabaseError
    from antiphon.kernel.errors import Problem

    async with contextlib.AsyncExitStack() as stack:
        try:
            runtime = await stack.enter_async_context(opened(dsn, data=current.get().data))
        except (DatabaseError, *LOST_CONNECTION) as error:
            raise Problem(f"The database cannot be used: {error or type(error).__name__}.") from error
        try:
            return await work(runtime)
        except LOST_CONNECTION as error:
            if isinstance(error, OSError) and (isinstance(error, BrokenPipeError) or error.filename is not None):
                raise  # a file or a pipe of ours
            raise Problem("The database ended while it was asked. Look what was done, and try again.") from error
