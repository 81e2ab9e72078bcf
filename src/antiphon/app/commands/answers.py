"""What is said: the answer on stdout, as JSON or for people; everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from antiphon.app.commands.context import current

CELL_CHARS_MAX = 80
PIPE_COLUMNS = 240


def say(text: str) -> None:
    """Progress and sentences for people."""
    print(_clean(text), file=sys.stderr, flush=True)


def print_line(text: str) -> None:
    """A line of the answer, for people."""
    print(_clean(text))


def tell(value: object, *, columns: Sequence[str] = ()) -> None:
    """The answer: one JSON document with --json, else lines, or a table of these columns."""
    if current.get().json:
        tell_json(value)
        return
    plain = _plain(value)
    if isinstance(plain, list):
        _table(plain, columns)
    elif isinstance(plain, dict):
        _lines(plain)
    else:
        print(_clean(str(plain)))


def tell_json(value: object) -> None:
    """One line, flushed: whoever reads the pipe sees it at once."""
    import msgspec

    from antiphon.kernel.said import plain

    sys.stdout.write(msgspec.json.encode(value, enc_hook=plain).decode() + "\n")
    sys.stdout.flush()


def _plain(value: object) -> Any:
    import msgspec

    from antiphon.kernel.said import plain

    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=plain))


def _lines(found: Mapping[str, Any]) -> None:
    width = max((len(name) for name in found), default=0)
    for name, value in found.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            print(f"{name}:")
            _table(value, ())
        elif isinstance(value, dict) and value and any(isinstance(inner, (dict, list)) for inner in value.values()):
            print(f"{name}:")
            print(_clean(json.dumps(value, indent=2, ensure_ascii=False)))
        else:
            print(f"{name:<{width}}  {_cell(value)}")


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        say("There are none.")
        return
    shown = list(columns or rows[0])
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in shown:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_short(_cell(row.get(name)))) for name in shown))
    wide = None if sys.stdout.isatty() else PIPE_COLUMNS
    Console(width=wide).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return _clean(", ".join(value)) or "-"
    if isinstance(value, dict) and not any(isinstance(inner, (dict, list)) for inner in value.values()):
        return _clean(", ".join(f"{name} {inner}" for name, inner in value.items())) or "-"
    return _clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= CELL_CHARS_MAX else text[: CELL_CHARS_MAX - 1] + "…"


def _clean(text: str) -> str:
    """Names come from outside: nothing in them may steer the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)
