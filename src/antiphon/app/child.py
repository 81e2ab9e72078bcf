"""A process under `antiphon serve`: it dies with its parent, speaks in log lines, runs on uvloop."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
import uvloop
from structlog.typing import EventDict

_PR_SET_PDEATHSIG = 1


def run_child(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run until done or told to stop. SIGTERM cancels; what is in hand is finished by the work itself."""
    die_with_parent()
    set_up_logging()
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_until_stopped(work))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # foreign runtimes' threads may crash while the interpreter is taken down


async def _until_stopped(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    task = asyncio.create_task(work())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def die_with_parent() -> None:
    """The kernel sends SIGTERM when our parent is gone, even by kill -9 (prctl(2), Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""All but the end of line, which the renderer writes as `\\n`."""


def _told_on_one_line(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """What others have sent neither begins a line of its own nor steers a terminal."""
    return {
        name: _CONTROLS.sub(lambda found: repr(found[0])[1:-1], value) if isinstance(value, str) else value
        for name, value in event.items()
    }


LOG_LEVEL = "ANTIPHON_LOG_LEVEL"
"""What is less than this is not logged: `debug`, `info`, `warning`, `error`; unless it is set, `info`."""


def set_up_logging() -> None:
    """One line per event on stderr; never an address or a body."""
    level = logging.getLevelNamesMapping().get(os.environ.get(LOG_LEVEL, "").upper(), logging.INFO)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _told_on_one_line,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
