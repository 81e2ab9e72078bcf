"""A condition on a JSON value as SQL: true or false, never null."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from antiphon.segments.parse import INSTANT
from antiphon.segments.rules import Condition

_SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "before": "<", "after": ">"}


class Parameters:
    """The values of a statement that is being made; each stands in it once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._seen: dict[tuple[str, str], str] = {}

    def add(self, value: Any, kind: str) -> str:
        key = (kind, repr(value))
        if key not in self._seen:
            self._seen[key] = self.new(value, kind)
        return self._seen[key]

    def new(self, value: Any, kind: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{kind}"


def sign(op: str) -> str:
    return _SIGNS[op]


def condition_sql(condition: Condition, column: str, parameters: Parameters) -> str:
    """`column` is a jsonb object or null. JSON null is the same as a missing value."""
    op, value = condition.op, condition.value
    field = f"({column} -> {parameters.add(condition.field, 'text')})"
    if op == "exists":
        return f"(nullif({field}, 'null') IS {'NOT ' if value else ''}NULL)"
    if isinstance(value, datetime):
        return f"coalesce({_instant(field)} {sign(op)} {parameters.add(value, 'timestamptz')}, false)"
    if isinstance(value, tuple):
        among = f"coalesce({field} = ANY ({parameters.add([_json(item) for item in value], 'jsonb[]')}), false)"
        return f"NOT {among}" if op == "not_in" else among
    if op == "contains":
        return _contains(field, value, parameters)
    if op in ("eq", "ne"):
        same = f"coalesce({field} = {parameters.add(_json(value), 'jsonb')}, false)"
        return f"NOT {same}" if op == "ne" else same
    return f"coalesce({number_sql(field)} {sign(op)} {parameters.add(Decimal(repr(value)), 'numeric')}, false)"


def number_sql(field: str) -> str:
    """The number in a jsonb expression, null for anything else. CASE keeps the cast from being tried on other types."""
    return f"CASE WHEN jsonb_typeof({field}) = 'number' THEN {field}::numeric END"


def _contains(field: str, value: object, parameters: Parameters) -> str:
    inside = f"WHEN 'array' THEN {field} @> {parameters.add(_json([value]), 'jsonb')}"
    if isinstance(value, str):
        inside += f" WHEN 'string' THEN strpos({field} #>> '{{}}', {parameters.add(value, 'text')}) > 0"
    return f"coalesce(CASE jsonb_typeof({field}) {inside} END, false)"


def _instant(field: str) -> str:
    """CASE is evaluated in order: a text that is no instant is never cast. The session's time zone is UTC."""
    text = f"({field} #>> '{{}}')"
    pattern = f"^{INSTANT}$".replace(r"\d", "[0-9]")
    return (
        f"CASE WHEN jsonb_typeof({field}) = 'string' AND {text} ~ '{pattern}'"
        f" THEN CASE WHEN pg_input_is_valid({text}, 'timestamptz') THEN {text}::timestamptz END END"
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
