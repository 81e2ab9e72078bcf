"""Input that nobody should send, made from input that is valid."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

DEEP: Any = json.loads("[" * 150 + "]" * 150)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**31,
    2**63,
    -(2**63) - 1,
    10**400,
    1e308,
    "",
    " ",
    "a" * 5_000,
    "\0",
    "\ud800",
    "💥",
    "1",
    "-1",
    "null",
    "0d",
    "-5s",
    "21d",
    "99999999999999d",
    "2026-13-45T99:99:99Z",
    "2026-01-01",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "%s{{",
    "{% if %}",
    "'; --",
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    {"": ""},
    {"\0": 1},
    DEEP,
)
NAMES = (
    "0",
    "-1",
    "1",
    "999999999999999999999",
    "9" * 400,
    "٣",
    "²",
    "x",
    "%00",
    "%ff",
    "%F0%9F%92%A5",
    "..%2f..%2f",
    "a%2Fb",
    "%20",
    "external_id:",
    ":",
    "external_id:nobody",
    "email:nobody",
    "phone:12",
    "webpush:x",
    "external_id:%00",
    "odd:1",
    "1e5",
    "launch",
    "a" * 3_000,
)
RAW = {
    "nothing": b"",
    "cut short": b'{"name": ',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "no object": b"[]",
    "text": b'"x"',
    "null": b"null",
    "number": b"1e999",
    "NaN": b'{"name": NaN}',
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 50_000,
    "two": b"{}{}",
}


def texts(document: Any) -> bytes:
    """As JSON; halves of surrogate pairs stay escaped."""
    return json.dumps(document).encode()


def each_field_spoiled(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field missing, of every wrong value; and a field too many."""
    for name in body:
        yield f"without {name}", {key: value for key, value in body.items() if key != name}
        for value in VALUES:
            yield f"{name}={str(value)[:30]!r}", {**body, name: value}
    yield "a field too many", {**body, "surprise": 1}


def spoil(document: Any, draw: random.Random, depth: int = 0) -> Any:
    """One or more places anywhere inside replaced, dropped, doubled or renamed."""
    if depth > 6 or not isinstance(document, (dict, list)) or not document or draw.random() < 0.25:
        return draw.choice(VALUES)
    if isinstance(document, list):
        at = draw.randrange(len(document))
        spoiled = list(document)
        spoiled[at] = spoil(spoiled[at], draw, depth + 1)
        return spoiled * draw.choice((1, 1, 1, 3))
    key = draw.choice(list(document))
    match draw.randrange(6):
        case 0:
            return {name: value for name, value in document.items() if name != key}
        case 1:
            return {**document, str(draw.choice(NAMES)): document[key]}
        case _:
            return {**document, key: spoil(document[key], draw, depth + 1)}
