"""Rules and ladders that are often wanted."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from antiphon.app.commands.answers import print_line, tell
from antiphon.app.commands.context import current

COLUMNS = ("name", "makes", "title", "description")
Settings = Annotated[list[str] | None, Parameter(negative=())]


def presets() -> None:
    """Rules and ladders that are often wanted: `antiphon segments preset` opens one. Needs no database."""
    from antiphon.segments import presets as known

    found = known.presets()
    tell(found, columns=COLUMNS)


def preset(name: str, /, *, set: Settings = None) -> None:
    """Open a preset as an ordinary rule, in words. With --json it is what `segments create` or `ladders create` takes.

    Needs no database.

    Parameters
    ----------
    name
        One of `antiphon segments presets`.
    set
        KEY=VALUE, such as `days=30`; several may be given. Lists are joined by commas.
    """
    from antiphon.segments.language.text import to_text
    from antiphon.segments.presets import open_preset

    made = open_preset(name, dict(_pair(each) for each in set or []))
    if current.get().json:
        stages = [{"name": stage, "rule": rule} for stage, rule in made.stages]
        tell({"name": name, "stages": stages} if made.rule is None else {"version": 1, "rule": made.rule})
        return
    for line in to_text(made.rule).splitlines() if made.rule is not None else ():
        print_line(line)
    for stage, rule in made.stages:
        print_line(f"# {stage}")
        for line in to_text(rule).splitlines():
            print_line(line)


def _pair(given: str) -> tuple[str, str]:
    from antiphon.kernel.errors import invalid

    key, equals, value = given.partition("=")
    if not equals:
        raise invalid("set", f"{given!r} is not KEY=VALUE.")
    return key, value
