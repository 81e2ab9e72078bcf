"""Files of people and events."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from antiphon.app.commands.answers import say, tell
from antiphon.app.commands.inputs import File, as_file
from antiphon.app.commands.invocation import within

if TYPE_CHECKING:
    from antiphon.integrations import Report
    from antiphon.kernel.runtime import Runtime

app = App(name="import", help="Take in a file: CSV or JSON lines, also packed with gzip.")
Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
Progress = Callable[[int, int, int], None]
"""Rows done, bytes of the file done, bytes of the file."""

TOLD_EVERY_S = 5.0


@app.command
def people(
    file: File,
    /,
    *,
    map: Path | None = None,
    mode: Literal["upsert", "create", "update", "suppress"] = "upsert",
    dry_run: Flag = False,
    refused: Path | None = None,
) -> None:
    """Take in customers: identifiers and traits.

    The good rows are kept, the bad ones told. The same file twice changes nothing.

    Parameters
    ----------
    file
        CSV or JSON lines, also `.gz`; `-` reads the standard input.
    map
        MAP.json: which field is what. Without it, columns with usual names are recognised.
    mode
        `create` only makes new people, `update` only changes known ones, `upsert` does both; `suppress` opts the
        addresses out and makes nobody.
    dry_run
        Do everything and take it back: says what would happen.
    refused
        Write the refused rows to this file, each with the reason.
    """
    from antiphon.integrations import PeopleMap, import_people, read_map

    mapping = read_map(map, PeopleMap) if map else None

    async def work(runtime: Runtime, path: Path, progress: Progress) -> Report:
        return await import_people(
            runtime.database, path, mapping, mode=mode, dry_run=dry_run, refused_path=refused, progress=progress
        )

    _run(file, work)


@app.command
def events(file: File, /, *, map: Path | None = None, dry_run: Flag = False, refused: Path | None = None) -> None:
    """Take in what customers did.

    The good rows are kept, the bad ones told. The same file twice changes nothing, and equal lines of one file all
    count.

    Parameters
    ----------
    file
        CSV or JSON lines, also `.gz`; `-` reads the standard input.
    map
        MAP.json: which field is what. Without it, columns with usual names are recognised.
    dry_run
        Do everything and take it back: says what would happen.
    refused
        Write the refused rows to this file, each with the reason.
    """
    from antiphon.integrations import EventMap, import_events, read_map

    mapping = read_map(map, EventMap) if map else None

    async def work(runtime: Runtime, path: Path, progress: Progress) -> Report:
        return await import_events(
            runtime.database, path, mapping, dry_run=dry_run, refused_path=refused, progress=progress
        )

    _run(file, work)


def _run(file: str, work: Callable[[Runtime, Path, Progress], Awaitable[Report]]) -> None:
    with as_file(file) as path, progress_bar() as progress:
        report = within(lambda runtime: work(runtime, path, progress))
    tell(report)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on a terminal, else a line every few seconds; on stderr."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.BarColumn(),
        progress.TextColumn("{task.fields[rows]:,} rows"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rows=0)
        yield lambda rows, done, size: bar.update(task, total=size, completed=done, rows=rows)


class _Lines:
    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, rows: int, done: int, size: int) -> None:
        if time.monotonic() - self._told >= TOLD_EVERY_S:
            self._told = time.monotonic()
            say(f"{rows} rows, {100 * done // max(1, size)} %")
