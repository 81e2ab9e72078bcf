"""Adapters as forms: what each is for, and the JSON Schema of its settings with titles, helps, order and secrets.

The words stand in `data/adapters.json`, in the order in which a form asks for them; `fields` there are words that
several adapters share. An adapter that is not named there is described by the titles and descriptions that stand at the
fields of its own struct. What nobody described, or what looks like a secret and is not said to be none, is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from antiphon.channels.registry import ADAPTERS, Entry
from antiphon.kernel.settings_form import properties

GUIDE, REFERENCE = "howto/connect-a-provider.md", "reference/adapters.md"
_SECRET = re.compile(r"password|secret|private_key|(^|_)(api|auth|access|server|session|bot)_?(key|token)$|_token$")
_WORDS = {"title": "title", "help": "description", "format": "format", "unit": "x-unit", "titles": "x-titles"}


class AdapterView(Struct, frozen=True):
    """`schema`: of its settings, an object in the order of the form; secrets are `writeOnly`, what hardly anybody sets
    is `x-advanced`. `sends`: else it only brings something in. `recalls`: what was handed over can be taken back.
    `is_called`: the provider calls us. `listens_alone`: one process at a time. `guide`, `docs`: pages with their
    headings."""

    name: str
    channel: str
    title: str
    title_key: str
    about: str
    about_key: str
    schema: dict[str, Any]
    sends: bool
    recalls: bool
    is_called: bool
    listens_alone: bool
    guide: str
    docs: str


@cache
def described(name: str) -> AdapterView:
    entry, said = ADAPTERS[name], _said()["adapters"].get(name, {})
    return AdapterView(
        name=name,
        channel=entry.channel.value,
        title=said.get("title", name),
        title_key=f"adapter.{name}.title",
        about=said.get("for", ""),
        about_key=f"adapter.{name}.about",
        schema=_schema(entry, said.get("fields", {})),
        sends=entry.sends,
        recalls=entry.recalls,
        is_called=entry.is_called,
        listens_alone=entry.listens_alone,
        guide=f"{GUIDE}#{said['docs']}" if "docs" in said else GUIDE,
        docs=f"{REFERENCE}#{name}",
    )


def secrets_of(name: str) -> frozenset[str]:
    """The settings of an adapter that are secret, by path: `password`, `dkim[].private_key`."""
    return frozenset(_secret_paths(described(name).schema))


def shown(name: str, settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What may be shown of an account's settings, and the paths of the secrets that it has."""
    hidden: list[str] = []
    return _shown(described(name).schema, settings, "", hidden), hidden


def _shown(schema: Mapping[str, Any], values: Mapping[str, Any], before: str, hidden: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        said = schema.get("properties", {}).get(name, {"writeOnly": True})
        if said.get("writeOnly"):
            hidden.extend([f"{before}{name}"] if value else [])
        elif "properties" in said.get("items", {}):
            each = enumerate(value)
            found[name] = [_shown(said["items"], inner, f"{before}{name}[{n}].", hidden) for n, inner in each]
        elif "properties" in said and isinstance(value, dict):
            found[name] = _shown(said, value, f"{before}{name}.", hidden)
        else:
            found[name] = value
    return found


def with_kept(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What was given over what there was. A secret that was left out of an entry of a list stays where the rest of the
    entry is what it was."""
    merged = {**old, **new}
    if name not in ADAPTERS:
        return merged
    for field, schema in described(name).schema["properties"].items():
        inner = schema.get("items", {}).get("properties", {})
        secrets = [key for key, each in inner.items() if each.get("writeOnly")]
        if secrets and isinstance(new.get(field), list):
            merged[field] = [_entry_kept(entry, old.get(field, ()), secrets) for entry in new[field]]
    return merged


def _entry_kept(entry: Any, before: Iterable[Mapping[str, Any]], secrets: Sequence[str]) -> Any:
    if not isinstance(entry, dict):
        return entry
    for one in before:
        if all(entry.get(key) == value for key, value in one.items() if key not in secrets):
            return {**{key: one[key] for key in secrets if key in one}, **entry}
    return entry


def _schema(entry: Entry, words: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    found = dict(properties(entry.settings))
    named = [name for name in words if name in found]
    ordered = [*named, *(name for name in found if name not in words)]
    told = {name: _told(found[name], name, words) for name in ordered}
    required = [name for name, schema in told.items() if schema.pop("x-required", False)]
    return {"type": "object", "properties": told, "required": required, "additionalProperties": False}


def _told(schema: dict[str, Any], path: str, words: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """With its words, and those of what is inside it."""
    name = path.rpartition(".")[2]
    said = {**_said()["fields"].get(path, {}), **words.get(path, {})}
    whole = schema | {ours: said[theirs] for theirs, ours in _WORDS.items() if theirs in said}
    if said.get("secret", _SECRET.search(name) is not None or (not said and "title" not in schema)):
        whole |= {"writeOnly": True, "format": "password"}
    for flag in ("advanced", "required", "lines"):
        if said.get(flag):
            whole[f"x-{flag}"] = True
    if "properties" in whole:
        inside = {inner: _told(each, f"{path}.{inner}", words) for inner, each in whole["properties"].items()}
        whole["properties"] = inside
    if isinstance(whole.get("items"), dict):
        whole["items"] = _told_items(whole["items"], path, words)
    return whole


def _told_items(items: dict[str, Any], path: str, words: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    if "properties" not in items:
        return items
    inside = {name: _told(each, f"{path}[].{name}", words) for name, each in items["properties"].items()}
    return {**items, "properties": inside}


def _secret_paths(schema: Mapping[str, Any], before: str = "") -> list[str]:
    found: list[str] = []
    for name, each in schema.get("properties", {}).items():
        if each.get("writeOnly"):
            found.append(f"{before}{name}")
        found += _secret_paths(each, f"{before}{name}.")
        if isinstance(each.get("items"), dict):
            found += _secret_paths(each["items"], f"{before}{name}[].")
    return found


@cache
def _said() -> dict[str, Any]:
    text = files("antiphon.channels").joinpath("data/adapters.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
