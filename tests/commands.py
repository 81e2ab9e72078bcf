"""The command line as a process of its own, forked from one that has read the program already.

To read it takes seconds on a busy machine, and most commands take hundredths.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from antiphon.app.cli import main

_ready = multiprocessing.get_context("forkserver")
_ready.set_forkserver_preload(["antiphon.app.cli", "antiphon.app.opening"])  # the second is what a command reads late


def run(
    arguments: Sequence[str], *, environment: Mapping[str, str], given: str = "", timeout_s: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """What `subprocess.run` of `python -m antiphon` gives, the time-out too."""
    with tempfile.TemporaryDirectory() as folder:
        source, out, err = (Path(folder) / name for name in ("in", "out", "err"))
        source.write_text(given)
        process = _ready.Process(target=_become, args=(list(arguments), dict(environment), source, out, err))
        process.start()
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["antiphon", *arguments], timeout_s)
        code = process.exitcode
        process.close()
        return subprocess.CompletedProcess(["antiphon", *arguments], code, out.read_text(), err.read_text())


def _become(arguments: list[str], environment: dict[str, str], source: Path, out: Path, err: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT
    for number, opened in enumerate((os.open(source, os.O_RDONLY), os.open(out, flags), os.open(err, flags))):
        os.dup2(opened, number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - of the whole process
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["antiphon", *arguments]
    sys.exit(main(arguments))
