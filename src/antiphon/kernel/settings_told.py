"""What a form needs of a setting beside its type stands in the JSON Schema: `format` (time, timezone, color, currency,
uri, email), `x-unit` (s, days, months, share, money), `x-titles` of choices, `x-key` (region, channel, key), `x-group`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Meta


def told(title: str, help: str = "", **schema: Any) -> Meta:
    """Of a field: `schema` is added to its JSON Schema; x_unit is written x-unit."""
    named = {name.replace("_", "-"): value for name, value in schema.items()}
    return Meta(title=title, description=help or None, extra_json_schema=named or None)
