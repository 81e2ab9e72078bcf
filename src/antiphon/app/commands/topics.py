"""Topics: kinds of messages that a person can want or not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cyclopts import App

from antiphon.app.commands.answers import tell
from antiphon.app.commands.invocation import ask, change

if TYPE_CHECKING:
    from antiphon.kernel.db import Transaction
    from antiphon.profiles import Topic

app = App(name="topics", help="Topics: kinds of messages, and what they need.")
COLUMNS = ("name", "state", "needs", "basis", "channels", "critical", "shown")


@app.command(name="list")
def list_all() -> None:
    """All that were written down. Any other topic is wanted and needs nothing."""
    from antiphon import profiles

    async def read(tx: Transaction) -> list[dict[str, object]]:
        return [_view(topic) for topic in await profiles.topics(tx)]

    tell(ask(read), columns=COLUMNS)


@app.command(name="set")
def write(name: str, fields: str = "{}", /) -> None:
    """Write a topic down, or change what is named of it; the rest stays.

    Parameters
    ----------
    name
        Such as `newsletter`.
    fields
        JSON, such as `{"needs": "double_opt_in", "titles": {"en": "News"}, "channels": ["email"]}`.
    """
    import msgspec

    from antiphon import profiles

    given = _fields(fields)

    async def work(tx: Transaction) -> dict[str, object]:
        known = {topic.name: topic for topic in await profiles.topics(tx)}
        before = msgspec.structs.asdict(known.get(name) or profiles.Topic(name))
        return _view(await profiles.write_topic(tx, _topic(before | given)))

    tell(change(work))


def _fields(text: str) -> dict[str, Any]:
    from antiphon.kernel.errors import Flaw, Invalid

    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("The fields are not JSON.", flaws=[Flaw("fields", str(error))]) from error
    if not isinstance(given, dict) or "name" in given:
        raise Invalid(flaws=[Flaw("fields", 'An object such as {"needs": "consent"}, without the name, is needed.')])
    return given


def _topic(fields: dict[str, Any]) -> Topic:
    import msgspec

    from antiphon import profiles
    from antiphon.kernel.errors import Invalid
    from antiphon.kernel.http import flaw_of

    try:
        return msgspec.convert(fields, profiles.Topic)
    except msgspec.ValidationError as error:
        raise Invalid("The topic is not valid.", flaws=[flaw_of(str(error))]) from error


def _view(topic: Topic) -> dict[str, object]:
    import msgspec

    return msgspec.structs.asdict(topic)
