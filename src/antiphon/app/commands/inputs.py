"""What is given: JSON from a file or the standard input, times. Every fault names its place."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Never, TypeVar

from cyclopts import Parameter, Token

if TYPE_CHECKING:
    from msgspec import Struct

JSON_BYTES_MAX = 2_000_000
STDIN = "-"
S = TypeVar("S", bound="Struct")


def read_json(file: str) -> Any:
    """The document in `file`, or on the standard input for `-`. Raises Invalid with line and column."""
    return _parsed(_text(file), file)


def read_rule(file: str) -> dict[str, Any] | str:
    """A rule: JSON in a file `….json` or where the first character is `{` or `[`, else words."""
    text = _text(file)
    if file.endswith(".json") or text.lstrip().startswith(("{", "[")):
        found: dict[str, Any] = _parsed(text, file)  # what is no object is refused where rules are read
        return found
    return text


def _text(file: str) -> str:
    from antiphon.kernel.errors import Invalid

    try:
        return _read(file).decode("utf-8-sig")
    except OSError as error:
        raise Invalid(f"{_named(file)} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{_named(file)} is not UTF-8: byte {error.start}.") from error


def _named(file: str) -> str:
    return "The standard input" if file == STDIN else file


def _parsed(text: str, file: str) -> Any:
    from antiphon.kernel.errors import Flaw, Invalid

    name = _named(file)
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise Invalid(f"{name} is not JSON.", flaws=[Flaw(at, error.msg)]) from error
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{name} is not JSON: {error}") from error


def _read(file: str) -> bytes:
    from antiphon.kernel.errors import TooLarge

    if file == STDIN:
        found = sys.stdin.buffer.read(JSON_BYTES_MAX + 1)
    else:
        with open(file, "rb") as opened:
            found = opened.read(JSON_BYTES_MAX + 1)
    if len(found) > JSON_BYTES_MAX:
        raise TooLarge(f"A document has at most {JSON_BYTES_MAX} bytes.")
    return found


def _refuse(word: str) -> Never:
    raise ValueError(f"{word} is not a number of JSON.")


def read_record(file: str, kind: type[S]) -> S:
    """The document as a record. Raises Invalid that names the field."""
    import msgspec

    from antiphon.kernel.errors import Invalid
    from antiphon.kernel.http import flaw_of

    try:
        return msgspec.convert(read_json(file), kind)
    except msgspec.ValidationError as error:
        raise Invalid("The input is not valid.", flaws=[flaw_of(str(error))]) from error


@contextlib.contextmanager
def as_file(file: str) -> Iterator[Path]:
    """A path that can be read twice: the standard input is kept in a temporary file."""
    if file != STDIN:
        yield Path(file)
        return
    with tempfile.TemporaryDirectory(prefix="antiphon-") as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield path


def _no_option(_kind: object, value: str) -> None:
    if value.startswith("-") and value != STDIN:
        raise ValueError(f"There is no such option; a file of that name is ./{value}.")


File = Annotated[str, Parameter(allow_leading_hyphen=True, validator=_no_option)]
"""A path, or `-`."""


def _instant(_kind: object, tokens: Sequence[Token]) -> datetime:
    text = tokens[0].value
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(f"{text!r} is not a time with its zone, such as 2026-01-31T12:00:00Z.")
    return found.astimezone(UTC)


Instant = Annotated[datetime, Parameter(converter=_instant, n_tokens=1, accepts_keys=False)]
"""RFC 3339; a time without its zone is wrong usage."""
