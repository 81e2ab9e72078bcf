"""Messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App

from antiphon.app.commands.answers import tell
from antiphon.app.commands.inputs import File, read_json
from antiphon.app.commands.invocation import ask, change

if TYPE_CHECKING:
    from antiphon.content import Stored
    from antiphon.kernel.db import Transaction

app = App(name="messages", help="Messages: what is said, in all their forms.")
COLUMNS = ("id", "name", "version", "topic", "channels")


@app.command
def create(file: File, /) -> None:
    """Check a message and keep it.

    Parameters
    ----------
    file
        JSON; `-` reads the standard input.
    """
    from antiphon import content

    message = content.parse(read_json(file))
    stored = change(lambda tx: content.create(tx, message))
    tell({"id": str(stored.id), "name": stored.name, "version": stored.version})


@app.command(name="list")
def list_all() -> None:
    """The messages there are."""
    from antiphon import content

    async def read(tx: Transaction) -> list[dict[str, object]]:
        return [_view(stored) for stored in await content.list_all(tx)]

    tell(ask(read), columns=COLUMNS)


@app.command
def show(message: str, /) -> None:
    """A message as it stands.

    Parameters
    ----------
    message
        Id or name.
    """
    from antiphon import content

    stored = ask(lambda tx: content.find(tx, message))
    tell({**_view(stored), "document": stored.message})


def _view(stored: Stored) -> dict[str, object]:
    from antiphon import content

    return {
        "id": str(stored.id),
        "name": stored.name,
        "version": stored.version,
        "topic": stored.message.topic,
        "channels": sorted(channel.value for channel in content.channels_of(stored.message)),
    }
