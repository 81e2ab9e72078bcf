"""Where the key lies that opens what is sealed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from antiphon.app.commands.answers import say, tell
from antiphon.app.commands.invocation import ask, change

if TYPE_CHECKING:
    from antiphon.kernel.db import Transaction

app = App(name="installation-key", help="The key that opens what is sealed: in the database, or in a file.")


@app.command(name="out")
def out(file: Path, /) -> None:
    """Move it out of the database, into a new file that only you can read.

    From then on every process needs `ANTIPHON_KEY_FILE`, and a dump of the database opens nothing. Without the file
    nothing that was sealed can be opened again, by anybody: keep a copy, and not beside the dumps.

    Parameters
    ----------
    file
        Where to. It must not exist.
    """
    from antiphon.kernel import secrets

    key = ask(secrets.read_key)
    if key is None:
        raise secrets.Unreadable("The key lies in a file already.")
    _write(file, key)
    # From here on the file stays, whatever happens: the database may have let go of the key without saying so.
    change(lambda tx: secrets.move_out(tx, key))
    say(f"Start again with {secrets.VARIABLE}={file.absolute()}, and keep a copy elsewhere.")
    tell({"file": str(file.absolute()), "variable": secrets.VARIABLE})


@app.command(name="in")
def in_() -> None:
    """Move the key of the file that `ANTIPHON_KEY_FILE` names back into the database. The file stays."""
    from antiphon.kernel import secrets

    async def work(tx: Transaction) -> None:
        key = secrets.given_key()
        if key is None:
            raise secrets.Unreadable("Name the file of the key in {variable}.", variable=secrets.VARIABLE)
        await secrets.move_in(tx, key)

    change(work)
    say(f"It lies in the database now: start again without {secrets.VARIABLE}.")
    tell({"variable": None})


def _write(file: Path, key: bytes) -> None:
    """On the disk before the database lets go of it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(key.hex() + "\n")
        opened.flush()
        os.fsync(opened.fileno())
