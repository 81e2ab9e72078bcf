"""Loads a part's `sql/queries.sql` and `sql/queries/*.sql`: statements with a name, a line of purpose and `:name`
parameters. A part that has many keeps one file per matter in the folder."""

from __future__ import annotations

import re
from importlib import resources

from msgspec import Struct

_HEAD = re.compile(r"^-- name:(.*)$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TOKEN = re.compile(
    r"""
    '(?:[^']|'')*' | "[^"]*"                # strings and quoted names: left alone, whatever is in them
    | (?P<comment> --[^\n]* )
    | (?<![:\w]) : (?P<parameter> [a-z_][a-z0-9_]* )
    """,
    re.VERBOSE,
)


class Statement(Struct, frozen=True):
    """`text` has `$1 … $n`; `parameters` names them in that order."""

    name: str
    purpose: str
    text: str
    parameters: tuple[str, ...]


def parse(source: str, *, origin: str) -> dict[str, Statement]:
    """Split a file of statements. Raises ValueError for a name that is none or stands twice, or a missing purpose."""
    pieces = _HEAD.split(source)
    statements: dict[str, Statement] = {}
    for name, body in zip(map(str.strip, pieces[1::2]), pieces[2::2], strict=True):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{origin}: a statement cannot have the name {name!r}")
        if name in statements:
            raise ValueError(f"{origin}: the statement {name} stands twice")
        first = body.strip().split("\n", 1)[0]
        if not first.startswith("--"):
            raise ValueError(f"{origin}: the statement {name} has no line of purpose")
        statements[name] = number(name, body, purpose=first.lstrip("- "))
    return statements


def number(name: str, text: str, *, purpose: str = "") -> Statement:
    """Turn `:name` parameters into `$n` and drop comments; casts (`::`) and strings are left alone."""
    parameters: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if match["comment"]:
            return ""
        parameter = match["parameter"]
        if parameter is None:
            return match[0]
        if parameter not in parameters:
            parameters.append(parameter)
        return f"${parameters.index(parameter) + 1}"

    text = _TOKEN.sub(replace, text).strip().rstrip(";")
    return Statement(name=name, purpose=purpose, text=text, parameters=tuple(parameters))


def load(part: str) -> dict[str, Statement]:
    """The statements of `antiphon.<part>`. Raises ValueError for a name that two files have."""
    folder = resources.files(f"antiphon.{part}").joinpath("sql")
    more = folder.joinpath("queries")
    files = [folder.joinpath("queries.sql")] + (list(more.iterdir()) if more.is_dir() else [])
    found: dict[str, Statement] = {}
    for file in sorted((file for file in files if file.is_file()), key=lambda file: file.name):
        read = parse(file.read_text("utf-8"), origin=f"{part}/sql/{file.name}")
        if twice := found.keys() & read.keys():
            raise ValueError(f"{part}/sql: the statement {min(twice)} stands twice")
        found |= read
    return found
