"""Loads a part's `sql/queries.sql`: statements with a name, a line of purpose and `:name` parameters."""

from __future__ import annotations

import re
from importlib import resources

from msgspec import Struct

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")
_PARAMETER = re.compile(r"'(?:[^']|'')*'|(?<![:\w]):([a-z_][a-z0-9_]*)")


class Statement(Struct, frozen=True):
    """`text` has `$1 … $n`; `parameters` names them in that order."""

    name: str
    purpose: str
    text: str
    parameters: tuple[str, ...]


def parse(source: str, *, origin: str) -> dict[str, Statement]:
    """Split a file of statements. Raises ValueError for a name that stands twice or a missing purpose."""
    pieces = _NAME.split(source)
    statements: dict[str, Statement] = {}
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        if name in statements:
            raise ValueError(f"{origin}: the statement {name} stands twice")
        first = body.strip().split("\n", 1)[0]
        if not first.startswith("--"):
            raise ValueError(f"{origin}: the statement {name} has no line of purpose")
        statements[name] = number(name, _COMMENT.sub("", body).strip().rstrip(";"), purpose=first.lstrip("- "))
    return statements


def number(name: str, text: str, *, purpose: str = "") -> Statement:
    """Turn `:name` parameters into `$n`; casts (`::`) and string literals are left alone."""
    parameters: list[str] = []

    def replace(match: re.Match[str]) -> str:
        parameter = match.group(1)
        if parameter is None:
            return match.group(0)
        if parameter not in parameters:
            parameters.append(parameter)
        return f"${parameters.index(parameter) + 1}"

    return Statement(name=name, purpose=purpose, text=_PARAMETER.sub(replace, text), parameters=tuple(parameters))


def load(part: str) -> dict[str, Statement]:
    """The statements of `antiphon.<part>`."""
    source = resources.files(f"antiphon.{part}").joinpath("sql/queries.sql").read_text("utf-8")
    return parse(source, origin=f"{part}/sql/queries.sql")
