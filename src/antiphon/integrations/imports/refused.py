"""The refused rows of an import as CSV: the file's own columns, and before them the line and the reason."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.integrations.imports.source import Shape
from antiphon.kernel import csv_cells

PAGE = 500
WHOLE = "row"


class Told(Struct, frozen=True):
    line: int
    reason: str
    row: str


def as_csv(path: Path, shape: Shape, *, size: int) -> Iterator[str]:
    """Page by page. A row that cannot be taken apart stands as a whole in the last column, `row`."""
    columns = [name for name in shape.columns if name]
    yield csv_cells.lines([["line", "reason", *columns, WHOLE]])
    if not path.exists():
        return
    page: list[list[str]] = []
    with path.open("rb") as file:
        while (text := file.readline()) and file.tell() <= size:
            page.append(_cells(msgspec.json.decode(text, type=Told), shape, columns))
            if len(page) == PAGE:
                yield csv_cells.lines(page)
                page = []
    if page:
        yield csv_cells.lines(page)


def _cells(told: Told, shape: Shape, columns: list[str]) -> list[str]:
    values = _parted(told.row, shape)
    beginning = [str(told.line), told.reason]
    if values is None:
        return [*beginning, *[""] * len(columns), told.row]
    return [*beginning, *(values.get(name, "") for name in columns), ""]


def _parted(row: str, shape: Shape) -> dict[str, str] | None:
    try:
        if shape.format == "json lines":
            decoded = msgspec.json.decode(row)
            return {name: _text(value) for name, value in decoded.items()} if isinstance(decoded, dict) else None
        cells = next(csv.reader(row.splitlines(keepends=True), delimiter=shape.delimiter))
    except (ValueError, RecursionError, csv.Error, StopIteration):
        return None
    return dict(zip(shape.columns, cells, strict=True)) if len(cells) == len(shape.columns) else None


def _text(value: Any) -> str:  # Any: JSON
    return value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
