"""A file as it lies there: what it is, and its rows one after the other in bounded memory.

CSV (the delimiter is the one that the header has most of) or JSON lines, each also as `.gz`. UTF-8 with or without a
byte order mark, else Latin-1; the report says which.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
from msgspec import Struct

from antiphon.integrations.times import as_number
from antiphon.kernel.errors import Invalid

LINE_CHARS_MAX = 256 * 1024
TEXT_CHARS = 2_000
COLUMNS_MAX = 1_000
_CHUNK = 1 << 20
_DELIMITERS = ",;\t|"
_BAD_GZIP = (gzip.BadGzipFile, EOFError, zlib.error)


class Shape(Struct, frozen=True, kw_only=True):
    """What the first reading found. `digest` is of the clear contents: packing a file does not make it another."""

    format: Literal["csv", "json lines"]
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    digest: str


class Form(Shape, frozen=True, kw_only=True):
    """And where. `lines` ends of lines are in the clear contents."""

    path: Path
    size: int
    lines: int

    def shape(self) -> Shape:
        return Shape(**{name: getattr(self, name) for name in Shape.__struct_fields__})


def placed(shape: Shape, path: Path, *, size: int, lines: int) -> Form:
    """The form of a file that was examined before."""
    known = {name: getattr(shape, name) for name in Shape.__struct_fields__}
    return Form(path=path, size=size, lines=lines, **known)


class Row(Struct, frozen=True):
    """One row, or the fault that it has. `line` is where it begins, the first line of the file being 1."""

    line: int
    values: dict[str, Any]
    fault: str = ""
    text: str = ""


def examine(path: Path, *, bytes_max: int | None = None) -> Form:
    """Reads the whole file once. Raises Invalid for a file that cannot be imported at all; `bytes_max` is of the clear
    contents."""
    try:
        digest, encoding, lines = _fingerprint(path, bytes_max)
        with _open(path) as binary, _text(binary, encoding) as text:
            head = next((line for _, line, _ in _lines(text) if line.strip()), "")
        size = path.stat().st_size
    except _BAD_GZIP as error:
        raise Invalid("{name} is not whole gzip: {why}", name=path.name, why=error) from error
    except OSError as error:
        raise Invalid("{path} cannot be read: {why}", path=path, why=error.strerror or error) from error
    if not head.strip():
        raise Invalid("{name} is empty.", name=path.name)
    if head.lstrip().startswith("["):
        raise Invalid("{name} is a JSON array; write one object on a line (JSON lines).", name=path.name)
    if head.lstrip().startswith("{"):
        columns, delimiter = _keys(head), ""
    else:
        delimiter = max(_DELIMITERS, key=head.count)
        columns = _header(path, head, delimiter)
    return Form(
        format="csv" if delimiter else "json lines",
        encoding=encoding,
        delimiter=delimiter,
        columns=columns,
        digest=digest,
        path=path,
        size=size,
        lines=lines,
    )


class Reader:
    """The rows of an examined file. `bytes_done` counts as the file lies there, packed or not."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._raw = form.path.open("rb")
        self._binary = gzip.GzipFile(fileobj=self._raw) if _packed(form.path) else self._raw
        self._text = _text(self._binary, form.encoding)
        self._rows = _csv_rows(self._text, form) if form.format == "csv" else _json_rows(self._text)

    @property
    def bytes_done(self) -> int:
        return self._raw.tell()

    def take(self, rows_max: int) -> list[Row]:
        """The next rows; none at the end."""
        return [row for _, row in zip(range(rows_max), self._rows, strict=False)]

    def close(self) -> None:
        self._text.close()
        self._raw.close()


def _packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _open(path: Path) -> gzip.GzipFile | IO[bytes]:
    return gzip.open(path, "rb") if _packed(path) else path.open("rb")


def _text(binary: Any, encoding: str) -> io.TextIOWrapper:  # GzipFile is no IO[bytes] for the type checker
    return io.TextIOWrapper(binary, encoding=encoding, newline="")


def _fingerprint(path: Path, bytes_max: int | None) -> tuple[str, str, int]:
    """A hash, the encoding, how many ends of lines. Without one at the end the last line counts too."""
    hash, decoder, encoding, start = hashlib.sha256(), getincrementaldecoder("utf-8")(), "utf-8", b""
    size, lines, last = 0, 0, b""
    with _open(path) as binary:
        while chunk := binary.read(_CHUNK):
            size, lines, last = size + len(chunk), lines + chunk.count(b"\n"), chunk[-1:]
            if bytes_max is not None and size > bytes_max:
                raise Invalid("{name} unpacks to more than {most} MB; part it.", name=path.name, most=bytes_max >> 20)
            start = start or chunk[:3]
            hash.update(chunk)
            if encoding == "utf-8":
                encoding = "utf-8" if _decodes(decoder, chunk) else "latin-1"
    if encoding == "utf-8" and not _decodes(decoder, b"", final=True):
        encoding = "latin-1"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    if encoding == "utf-8" and start.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    return hash.hexdigest()[:32], encoding, lines + (last not in (b"", b"\n"))


def _decodes(decoder: Any, chunk: bytes, *, final: bool = False) -> bool:  # codecs' decoders have no public type
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str, bool]]:
    """Number, line, and whether it was too long: of such a line only the beginning is kept."""
    number = 0
    while line := text.readline(LINE_CHARS_MAX):
        number += 1
        too_long = len(line) == LINE_CHARS_MAX and not line.endswith(("\n", "\r"))
        while too_long and (rest := text.readline(LINE_CHARS_MAX)):
            if len(rest) < LINE_CHARS_MAX or rest.endswith(("\n", "\r")):
                break
        yield number, line[:TEXT_CHARS] if too_long else line, too_long


def _keys(head: str) -> tuple[str, ...]:
    try:
        return tuple(msgspec.json.decode(head, type=dict[str, msgspec.Raw]))
    except (msgspec.DecodeError, RecursionError):
        return ()  # the first row is bad; it will be refused with its line


def _header(path: Path, head: str, delimiter: str) -> tuple[str, ...]:
    columns = tuple(name.strip() for name in next(csv.reader([head], delimiter=delimiter)))
    named = [name for name in columns if name]
    twice = sorted({name for name in named if named.count(name) > 1}) if len(columns) <= COLUMNS_MAX else []
    if twice:
        raise Invalid("{name}: the header names {known} twice.", name=path.name, known=", ".join(twice))
    if not named or len(columns) > COLUMNS_MAX:
        raise Invalid("{name}: the first line must name 1 to {most} columns.", name=path.name, most=COLUMNS_MAX)
    return columns


def _json_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    for number, line, too_long in _lines(text):
        if too_long:
            yield Row(number, {}, f"The line is longer than {LINE_CHARS_MAX} characters.", line)
        elif line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row:
    try:
        values = msgspec.json.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return Row(number, {}, f"The line is not JSON: {error}", line[:TEXT_CHARS])
    if not isinstance(values, dict):
        return Row(number, {}, "The line is not a JSON object.", line[:TEXT_CHARS])
    return Row(number, values, text=line[:TEXT_CHARS])


class _Feed:
    """Gives the CSV reader its lines, and remembers where the row began."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._lines = _lines(text)
        self.number = 0
        self.seen: list[str] = []
        self.too_long = False

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        self.number, line, too_long = next(self._lines)
        self.too_long |= too_long
        if sum(map(len, self.seen)) < TEXT_CHARS:
            self.seen.append(line[:TEXT_CHARS])
        return line


def _csv_rows(text: io.TextIOWrapper, form: Form) -> Iterator[Row]:
    feed = _Feed(text)
    reader = csv.reader(feed, delimiter=form.delimiter, strict=False)
    header_passed = False
    while True:
        begins = feed.number + 1
        feed.seen, feed.too_long = [], False
        try:
            cells = next(reader)
            fault = f"A line is longer than {LINE_CHARS_MAX} characters." if feed.too_long else ""
        except StopIteration:
            return
        except csv.Error as error:
            cells, fault = ["?"], f"The row is not CSV ({error}); is a quotation mark not closed?"
        if not any(cells):
            continue
        if header_passed:
            yield _csv_row(form, begins, cells, fault=fault, written="".join(feed.seen)[:TEXT_CHARS])
        header_passed = True


def _csv_row(form: Form, line: int, cells: list[str], *, fault: str, written: str) -> Row:
    if not fault and len(cells) != len(form.columns):
        fault = f"The row has {len(cells)} cells, the header {len(form.columns)}."
    if fault:
        return Row(line, {}, fault, written)
    values = {name: cell for name, cell in zip(form.columns, cells, strict=True) if name and cell.strip()}
    return Row(line, values, text=written)


def typed(cell: Any) -> Any:
    """Cells of a CSV are text: numbers and yes/no become what they look like, if they would be written so again.

    `007`, `+44 20 …` and numbers of more than 15 digits stay text.
    """
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    digits = text.removeprefix("-")
    if (
        len(digits) > 16
        or not digits[:1].isdigit()
        or not digits.isascii()
        or (digits[0] == "0" and digits[1:2].isdigit())
    ):
        return cell
    if digits.isdigit():
        return int(text)
    whole, _, fraction = digits.partition(".")
    number = as_number(text) if whole.isdigit() and fraction.isdigit() else None
    return cell if number is None else number
