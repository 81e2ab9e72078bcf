"""The command line: `antiphon COMMAND`. Exit 0 done, 1 refused or failed, 2 wrong usage, 130 Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Group, Parameter

from antiphon import __version__
from antiphon.app.commands.context import Invocation, current

COMMANDS = "antiphon.app.commands"
DATA = "antiphon-data"
GLOBAL = Group("Options of all commands", sort_key=100)


def _sentence(error: CycloptsError) -> object:
    from rich.text import Text

    path = " ".join(error.command_chain or ())
    return Text(f"{error}\nSee `{f'antiphon {path}'.strip()} --help`.", no_wrap=True, overflow="ignore")


app = App(
    name="antiphon",
    help="One customer, one message, the right channel, once.",
    version=__version__,
    help_format="plaintext",
    error_formatter=_sentence,
)
for _name, (_path, _help) in {
    "serve": ("serving:serve", "Start everything and keep it up, until Ctrl-C or SIGTERM."),
    "demo": ("serving:demo", "Serve a sandbox with the sample company and the world around it."),
    "import": ("imports:app", "Take in a file: CSV or JSON lines, also packed with gzip."),
    "people": ("people:app", "People: found by name, e-mail, phone or id."),
    "segments": ("segments:app", "Segments: rules, and who satisfies them."),
    "lists": ("lists:app", "Lists: segments whose members are put in and taken out by hand."),
    "ladders": ("ladders:app", "Ladders: stages such as new, active, lapsed; the first that fits takes the person."),
    "messages": ("messages:app", "Messages: what is said, in all their forms."),
    "campaigns": ("campaigns:app", "Campaigns: one message to a segment, started and steered."),
    "why": ("asking:why", "What a person was told or not, and why; the newest first."),
    "watch": ("asking:watch", "Live numbers, until Ctrl-C or until the campaign has ended."),
    "export": ("privacy:export", "Write everything that is known of a person to a file."),
    "erase": ("privacy:erase", "Forget a person: everything that is known of them, under every name."),
    "retention": ("privacy:retention", "How long what is kept, what would go now, and the size in twelve months."),
    "staff": ("staff:app", "Colleagues: who there is, inviting, links for who is locked out."),
    "installation-key": ("installation_key:app", "The key that opens what is sealed: in the database, or in a file."),
    "keys": ("keys:app", "Keys of programs: made, listed, revoked."),
    "providers": ("providers:app", "Provider accounts: how messages leave."),
    "topics": ("topics:app", "Topics: kinds of messages, and what they need."),
    "settings": ("settings:app", "What the operator has set: quiet hours, caps, sender."),
    "doctor": ("doctor:doctor", "Check the installation: folder, disk, database, clock, due work, providers, secrets."),
    "openapi": ("asking:openapi", "The OpenAPI document of the HTTP interface, as JSON. Needs no database."),
}.items():
    # The sentences stand here too, so that --help imports no command.
    app.command(f"{COMMANDS}.{_path}", name=_name, help=_help)


@app.meta.default
def launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    data: Annotated[Path | None, Parameter(group=GLOBAL)] = None,
    database: Annotated[str | None, Parameter(group=GLOBAL)] = None,
    json: Annotated[bool, Parameter(group=GLOBAL, negative=(), show_default=False)] = False,
) -> object:
    """One customer, one message, the right channel, once.

    Parameters
    ----------
    data
        The data folder, with a database of its own. Default: `ANTIPHON_DATA`, else `./antiphon-data`.
    database
        The DSN of a PostgreSQL of yours, instead of a data folder. Default: `ANTIPHON_DATABASE`.
    json
        Answer with one JSON document on the standard output.
    """
    if data is None and database is None:  # what is typed goes before the environment
        database = os.environ.get("ANTIPHON_DATABASE") or None
    folder = data or Path(os.environ.get("ANTIPHON_DATA") or DATA)
    current.set(Invocation(folder, database, json))
    return app(tokens, result_action="return_value")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code. Without arguments, those of the process."""
    if arguments is None:
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that a database is stopped
    try:
        result = app.meta(sys.argv[1:] if arguments is None else arguments, result_action="return_value")
    except SystemExit as exit:  # help, wrong usage
        return exit.code if isinstance(exit.code, int) else 0
    except BaseException as error:
        from antiphon.app.commands.failures import fail

        return fail(error, current.get())
    return result if isinstance(result, int) else 0
