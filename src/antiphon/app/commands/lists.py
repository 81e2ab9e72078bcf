"""Lists: segments whose members are put in and taken out by hand; and the members of any segment as a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from antiphon.app.commands.answers import tell
from antiphon.app.commands.imports import progress_bar
from antiphon.app.commands.inputs import File, as_file
from antiphon.app.commands.invocation import change, within

if TYPE_CHECKING:
    from antiphon.kernel.runtime import Runtime

app = App(name="lists", help="Lists: segments whose members are put in and taken out by hand.")
Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
Columns = Annotated[list[str] | None, Parameter(negative=())]


@app.command
def create(name: str, /) -> None:
    """Make a list; it is empty.

    Parameters
    ----------
    name
        Not only digits.
    """
    from antiphon import segments

    made = change(lambda tx: segments.make_list(tx, name))
    tell({"id": str(made.id), "name": made.name, "state": made.state})


@app.command
def add(name: str, file: File, /, *, column: Columns = None, skip_unknown: Flag = False) -> None:
    """Put people into a list. Whoever is in it already stays.

    Parameters
    ----------
    name
        The list, by id or name.
    file
        CSV or JSON lines, also `.gz`; `-` reads the standard input.
    column
        KIND=COLUMN, such as `email=mail`: the column that names the person. Without it, columns with usual names are
        recognised. Several may be given; a row is whoever any of them leads to.
    skip_unknown
        Leave out rows that name nobody; else, if there is one, nothing is done.
    """
    _change(name, file, column or [], "add", skip_unknown=skip_unknown)


@app.command
def remove(name: str, file: File, /, *, column: Columns = None, skip_unknown: Flag = False) -> None:
    """Take people out of a list.

    Parameters
    ----------
    name
        The list, by id or name.
    file
        CSV or JSON lines, also `.gz`; `-` reads the standard input.
    column
        KIND=COLUMN, such as `email=mail`.
    skip_unknown
        Leave out rows that name nobody; else, if there is one, nothing is done.
    """
    _change(name, file, column or [], "remove", skip_unknown=skip_unknown)


def _change(name: str, file: str, columns: list[str], act: Literal["add", "remove"], *, skip_unknown: bool) -> None:
    from antiphon.integrations.imports.lists import change_list, read_columns

    wanted = read_columns(columns)
    with as_file(file) as path, progress_bar() as told:
        report = within(
            lambda runtime: change_list(
                runtime.database, name, path, wanted, act=act, skip_unknown=skip_unknown, progress=told
            )
        )
    tell(report)


def export(segment: str, /, *, columns: str = "") -> None:
    """Write the members of a segment as CSV to the standard output.

    Parameters
    ----------
    segment
        Id or name.
    columns
        Joined by commas: `profile`, `entered_at`, kinds of identifiers such as `email`, traits by their path;
        `trait:email` is the trait of that name. Default: profile,external_id,entered_at.
    """
    within(lambda runtime: _write(runtime, segment, columns))


async def _write(runtime: Runtime, segment: str, columns: str) -> None:
    from antiphon.segments import lists

    wanted = [name.strip() for name in columns.split(",")] if columns else lists.COLUMNS
    async for page in await lists.export(runtime.database, segment, wanted):
        sys.stdout.write(page)
