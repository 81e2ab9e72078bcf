"""Messages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from antiphon.app.commands.answers import tell
from antiphon.app.commands.inputs import File, read_json
from antiphon.app.commands.invocation import ask, change

if TYPE_CHECKING:
    from antiphon.content import Message, Stored
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

    document = read_json(file)
    message = content.parse(document)
    stored = change(lambda tx: content.create(tx, message, document, by="command"))
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

    stored = ask(lambda tx: content.look_up(tx, message))
    tell({**_view(stored), "document": stored.message})


@app.command(name="lint")
def lint_message(message: File, /, *, who: Annotated[str, Parameter(name="--as")] = "") -> None:
    """What mail clients would lose of a message, and what could be better. Nothing is kept.

    Parameters
    ----------
    message
        Id, name, or a file: JSON of a message (`.json`, or `-`), or a whole e-mail in MJML (`.mjml`).
    who
        Judge it for this person as well, such as email:ann@shop.example: what comes out empty for them.
    """
    from antiphon import content

    async def read(tx: Transaction) -> list[content.Finding]:
        found = given or (await content.look_up(tx, message)).message
        return content.lint(found, sample=await content.variables_for(tx, who) if who else None)

    given = _given(message)
    found = content.lint(given) if given and not who else ask(read)
    tell(found, columns=("severity", "at", "code", "message"))


@app.command(name="preview")
def preview_message(
    message: File,
    /,
    *,
    who: Annotated[str, Parameter(name="--as")] = "",
    channel: str = "",
    locale: str = "",
    variant: str = "",
    part: Literal["all", "html", "text"] = "all",
) -> None:
    """A message as somebody will get it, without tracking; sent to nobody.

    Parameters
    ----------
    message
        Id, name, or a file, as in `messages lint`.
    who
        The person, such as email:ann@shop.example. Without it, nobody in particular.
    channel
        email, sms or push; the first that the message has.
    locale
        Such as es-MX; the person's language.
    variant
        The base unless given.
    part
        `html` and `text` write that part alone, as it is.
    """
    from antiphon import content
    from antiphon.kernel.errors import invalid
    from antiphon.kernel.records import Channel

    async def read(tx: Transaction) -> content.Preview:
        found = given or (await content.look_up(tx, message)).message
        way = channel or min(content.channels_of(found), key=list(Channel).index)
        if way not in list(Channel):
            raise invalid("channel", f"One of {', '.join(sorted(content.channels_of(found)))}.")
        return await content.preview(tx, found, channel=Channel(way), who=who or None, locale=locale, variant=variant)

    given = _given(message)
    shown = ask(read)
    if part == "all":
        tell(shown)
    else:
        sys.stdout.write(shown.html if part == "html" else shown.text)


def _given(message: str) -> Message | None:
    """The message of a file; None for the name of one that is kept."""
    from antiphon import content
    from antiphon.kernel.errors import Invalid

    if message.endswith(".mjml"):
        try:
            source = Path(message).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"{message} cannot be read: {error}.") from error
        email = {"subject": "Subject", "mjml": source}
        return content.parse({"name": message[-200:], "topic": "check", "locales": {"en": {"email": email}}})
    return content.parse(read_json(message)) if message == "-" or message.endswith(".json") else None


def _view(stored: Stored) -> dict[str, object]:
    from antiphon import content

    return {
        "id": str(stored.id),
        "name": stored.name,
        "version": stored.version,
        "topic": stored.message.topic,
        "channels": sorted(channel.value for channel in content.channels_of(stored.message)),
    }
