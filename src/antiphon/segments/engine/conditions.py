"""A condition on a JSON value as SQL: true or false, never null."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import msgspec

from antiphon.segments.engine.frame import Frame
from antiphon.segments.language.parse import INSTANT
from antiphon.segments.language.rules import Condition, Op, Scalar, Value

SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "before": "<", "after": ">"}
_OPPOSITE: dict[Op, Op] = {"ne": "eq", "not_in": "in"}


def condition_sql(condition: Condition, column: str, frame: Frame) -> str:
    """`column` is a jsonb object or null. JSON null is the same as a missing value."""
    op, value = condition.op, condition.value
    if "." not in condition.field and "[]" not in condition.field and _is_plain_text(op, value):
        return _same_text(f"({column} ->> {frame.add(condition.field, 'text')})", op, value, frame)
    if "[]" not in condition.field:
        return compared(path_sql(column, condition.field, frame), op, value, frame)
    if negated := op in _OPPOSITE or (value is False and op == "exists"):
        op, value = _OPPOSITE.get(op, "exists"), True if op == "exists" else value
    holds = compared("v.value", op, value, frame)
    found = f"EXISTS (SELECT FROM {items_sql(column, condition.field, frame)} v WHERE {holds})"
    return f"(NOT {found})" if negated else found


def _is_plain_text(op: Op, value: Value | Decimal) -> bool:
    """Whether the text form of the JSON decides: no number, boolean, list or object is written like these texts."""
    if op in ("eq", "ne"):
        return isinstance(value, str) and not _is_json(value)
    return (
        op in ("in", "not_in")
        and isinstance(value, tuple)
        and all(isinstance(item, str) and not _is_json(item) for item in value)
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _same_text(text: str, op: Op, value: Value | Decimal, frame: Frame) -> str:
    """Twice as quick as to compare JSON."""
    if isinstance(value, tuple):
        same = f"coalesce({text} = ANY ({frame.add(list(value), 'text[]')}), false)"
    else:
        same = f"coalesce({text} = {frame.add(value, 'text')}, false)"
    return f"(NOT {same})" if op in ("ne", "not_in") else same


def path_sql(column: str, path: str, frame: Frame) -> str:
    """The jsonb at `address.city`: a key of that very name goes before the path."""
    whole = f"({column} -> {frame.add(path, 'text')})"
    if "." not in path:
        return whole
    return f"coalesce({whole}, {column} #> {frame.add(path.split('.'), 'text[]')})"


def items_sql(column: str, path: str, frame: Frame) -> str:
    """A table `(value)` of what is at `items[].sku`: of each item of the list. What is no list has none."""
    value = column
    lists: list[str] = []
    for part in path.split("."):
        key, brackets, _ = part.partition("[]")
        value = f"({value} -> {frame.add(key, 'text')})"
        if brackets:
            items = f"CASE WHEN jsonb_typeof({value}) = 'array' THEN {value} ELSE '[]'::jsonb END"
            lists.append(f"jsonb_array_elements({items}) AS i{len(lists)}(value)")
            value = f"i{len(lists) - 1}.value"
    return f"(SELECT {value} AS value FROM {' CROSS JOIN LATERAL '.join(lists)})"  # noqa: S608 - our own words


def compared(field: str, op: Op, value: Value | Decimal, frame: Frame) -> str:
    """`field` is a jsonb expression or null."""
    if op == "exists":
        return f"(nullif({field}, 'null') IS {'NOT ' if value else ''}NULL)"
    if isinstance(value, datetime):
        return f"coalesce({instant_sql(field)} {SIGNS[op]} {frame.add(value, 'timestamptz')}, false)"
    if isinstance(value, tuple):
        among = f"coalesce({field} = ANY ({frame.add([_json(item) for item in value], 'jsonb[]')}), false)"
        return f"(NOT {among})" if op == "not_in" else among
    if op == "contains":
        return _contains(field, value, frame)
    if op in ("starts_with", "ends_with"):
        return _edge(field, op, str(value), frame)
    if op in ("eq", "ne") and not isinstance(value, Decimal):
        same = f"coalesce({field} = {frame.add(_json(value), 'jsonb')}, false)"
        return f"(NOT {same})" if op == "ne" else same
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    return f"coalesce({number_sql(field)} {SIGNS[op]} {frame.add(number, 'numeric')}, {str(op == 'ne').lower()})"


def number_sql(field: str) -> str:
    """The number in a jsonb expression, null for anything else. CASE keeps the cast from being tried on other types."""
    return f"CASE WHEN jsonb_typeof({field}) = 'number' THEN {field}::numeric END"


def _contains(field: str, value: object, frame: Frame) -> str:
    inside = f"WHEN 'array' THEN {field} @> {frame.add(_json([value]), 'jsonb')}"
    if isinstance(value, str):
        inside += f" WHEN 'string' THEN strpos({field} #>> '{{}}', {frame.add(value, 'text')}) > 0"
    return f"coalesce(CASE jsonb_typeof({field}) {inside} END, false)"


def _edge(field: str, op: Op, value: str, frame: Frame) -> str:
    text, edge = f"({field} #>> '{{}}')", frame.add(value, "text")
    test = f"starts_with({text}, {edge})" if op == "starts_with" else f"right({text}, length({edge})) = {edge}"
    return f"coalesce(jsonb_typeof({field}) = 'string' AND {test}, false)"


def instant_sql(field: str) -> str:
    """CASE is evaluated in order: a text that is no instant is never cast. The session's time zone is UTC."""
    text = f"({field} #>> '{{}}')"
    pattern = f"^{INSTANT}$".replace(r"\d", "[0-9]")
    return (
        f"CASE WHEN jsonb_typeof({field}) = 'string' AND {text} ~ '{pattern}'"
        f" THEN CASE WHEN pg_input_is_valid({text}, 'timestamptz') THEN {text}::timestamptz END END"
    )


def _json(value: Scalar | object) -> str:
    return msgspec.json.encode(value).decode()
