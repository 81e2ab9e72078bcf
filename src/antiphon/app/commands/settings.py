"""What the operator has set."""

from __future__ import annotations

import json

from cyclopts import App

from antiphon.app.commands.answers import tell
from antiphon.app.commands.invocation import ask, change

app = App(name="settings", help="What the operator has set: quiet hours, caps, sender.")


@app.command
def show() -> None:
    """All settings."""
    from antiphon.kernel import settings

    tell(ask(settings.read))


@app.command
def reset(name: str, /) -> None:
    """Put one back to its default.

    Parameters
    ----------
    name
        Such as `quiet_hours`.
    """
    from antiphon.kernel import settings
    from antiphon.kernel.errors import invalid

    if name not in settings.NAMES:
        raise invalid(name, f"There is no such setting; there are {sorted(settings.NAMES)}.")
    tell(change(lambda tx: settings.reset(tx, name)))


@app.command(name="set")
def write(name: str, value: str, /) -> None:
    """Set one; the others stay.

    Parameters
    ----------
    name
        Such as `quiet_hours`.
    value
        JSON, such as `{"start": "21:00", "end": "08:00"}`; `null` puts it back to nothing. A bare word is a text.
    """
    from antiphon.kernel import settings

    given = _value(value)
    tell(change(lambda tx: settings.write(tx, {name: given})))


def _value(text: str) -> object:
    from antiphon.kernel.errors import Flaw, Invalid

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if text.lstrip()[:1] not in ("{", "[", '"'):
            return text
        at = f"line {error.lineno}, column {error.colno}"
        raise Invalid("The value is not JSON.", flaws=[Flaw(at, error.msg)]) from error
