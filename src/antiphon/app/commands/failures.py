"""What went wrong, in a sentence; a traceback only with ANTIPHON_DEBUG=1, and in the log."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

from antiphon.app.commands.answers import say
from antiphon.app.commands.context import Invocation

LOG = "errors.log"
LOG_BYTES_MAX = 1_000_000
INTERRUPTED = 130


def fail(error: BaseException, invocation: Invocation) -> int:
    """Says it on stderr. Returns the exit code."""
    from antiphon.kernel.errors import Problem

    if os.environ.get("ANTIPHON_DEBUG") == "1" and not isinstance(error, KeyboardInterrupt):
        traceback.print_exception(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # the interpreter flushes it at the end
        return 1
    if isinstance(error, Problem):
        say(error.message)
        for flaw in error.flaws:
            say(f"  {flaw.at}: {flaw.message}" if flaw.at else f"  {flaw.message}")
        return 1
    say(f"That failed, and we did not foresee it ({type(error).__name__}). {_note(error, invocation)}")
    return 1


def _note(error: BaseException, invocation: Invocation) -> str:
    """Keep the traceback; where it is."""
    folder = invocation.data if invocation.data.is_dir() and not invocation.database else Path(tempfile.gettempdir())
    path = folder / LOG if folder == invocation.data else folder / f"antiphon-{os.geteuid()}-{LOG}"
    try:
        if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
            path.replace(path.with_name(path.name + ".1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as log:
            traceback.print_exception(error, file=log)
    except OSError:
        return "Set ANTIPHON_DEBUG=1 to see where."
    return f"The log is {path}."
