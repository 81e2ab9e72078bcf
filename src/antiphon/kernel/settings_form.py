"""Settings as a form: each with its section, title, help, JSON Schema, default and value.

Titles and helps are English here; whoever shows them in another language looks them up by `title_key` and `help_key`,
for a field of a setting by its path: `setting.quiet_hours.start.title`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.kernel.settings_records import Settings

GROUPS = {
    "brand": "Brand and senders",
    "quiet": "Quiet hours and the law",
    "limits": "Limits",
    "routing": "Ways and prices",
    "replies": "Replies and sign-ups",
    "data": "Data",
}
PAGE = "reference/settings.md"


class SettingForm(Struct, frozen=True):
    """`schema`: JSON Schema, no references. `is_set`: else `value` is the default. `docs`: a page and its heading."""

    name: str
    group: str
    title: str
    title_key: str
    help: str
    help_key: str
    schema: dict[str, Any]
    default: Any
    value: Any
    is_set: bool
    docs: str


class SettingGroup(Struct, frozen=True):
    name: str
    title: str
    title_key: str
    settings: list[SettingForm]


def groups(now: Settings, is_set: Collection[str]) -> list[SettingGroup]:
    found = forms(now, is_set)
    return [
        SettingGroup(name, title, f"setting-group.{name}.title", [each for each in found if each.group == name])
        for name, title in GROUPS.items()
    ]


def forms(now: Settings, is_set: Collection[str]) -> list[SettingForm]:
    values, defaults = msgspec.to_builtins(now), msgspec.to_builtins(Settings())
    return [
        SettingForm(
            name=name,
            group=schema["x-group"],
            title=schema["title"],
            title_key=f"setting.{name}.title",
            help=schema.get("description", ""),
            help_key=f"setting.{name}.help",
            schema=schema,
            default=defaults[name],
            value=values[name],
            is_set=name in is_set,
            docs=f"{PAGE}#{name}",
        )
        for name, schema in _schemas().items()
    ]


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    return dict(properties(Settings))


def properties(kind: type[Struct]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field and its JSON Schema, in the order in which they are written, whole: no references."""
    document = msgspec.to_builtins(msgspec.json.schema(kind))
    definitions = document.get("$defs", {})
    whole = _resolved(document, definitions)
    required = frozenset(whole.get("required", ()))
    for name, schema in whole["properties"].items():
        yield name, schema | ({"x-required": True} if name in required else {})


def _resolved(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema of ours never holds itself. What a field says goes before what its type says."""
    if isinstance(schema, list):
        return [_resolved(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    named = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else {}
    own = {name: value for name, value in schema.items() if name not in ("$ref", "$defs")}
    return {name: _resolved(value, definitions) for name, value in {**named, **own}.items()}
