"""The command line from within this process, and as a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import commands
from antiphon.app.cli import main

SOURCE = Path(__file__).parents[2] / "src"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        (line,) = self.out.splitlines()  # one document, one line
        return json.loads(line)


@dataclass(frozen=True)
class CommandLine:
    """Calls `main` with the options of all commands in front."""

    options: tuple[str, ...]

    def __call__(self, *arguments: str, stdin: str | bytes = b"") -> Said:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main([*self.options, *arguments])
        return Said(code, out.getvalue(), err.getvalue())

    def json(self, *arguments: str, stdin: str | bytes = b"") -> Any:
        return self(*arguments, "--json", stdin=stdin).json


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANTIPHON_")}
    return kept | {"PYTHONPATH": str(SOURCE), "ANTIPHON_TEST_FAST_DATABASE": "1"} | changes


def run(*arguments: str, stdin: str = "", **changes: str) -> Said:
    """As a process of its own."""
    done = commands.run(arguments, given=stdin, environment=environment(**changes))
    return Said(done.returncode, done.stdout, done.stderr)


def _heed_interrupts() -> None:
    """Who runs the tests in the background has them ignored, and a process inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended, if it did not end by itself."""
    with subprocess.Popen(
        [sys.executable, "-m", "antiphon", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=_heed_interrupts,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
