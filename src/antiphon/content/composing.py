"""What a composer may put into a message: variables with what they hold, Liquid, blocks, limits; a plausible person."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

import msgspec
from msgspec import Struct

from antiphon import profiles
from antiphon.content import store_composing
from antiphon.content.shape import BLOCKS, FORMS, LIMITS, BlockKind, ChannelForm, Limits
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.said import worded

Kind = Literal["text", "number", "boolean", "date", "list", "object", "mixed"]

_OURS = {
    "brand_name": worded("The name of your company, from the settings."),
    "postal_address": worded("Its postal address, from the settings."),
    "unsubscribe_url": worded("Leads to where people unsubscribe. It is in the footer anyway."),
    "preferences_url": worded("Leads to where people choose what they want."),
    "now": worded("The time at which it is sent."),
}
_PLAUSIBLE: dict[str, Any] = {
    "first_name": "Alex",
    "firstname": "Alex",
    "given_name": "Alex",
    "last_name": "Example",
    "lastname": "Example",
    "family_name": "Example",
    "surname": "Example",
    "name": "Alex Example",
    "full_name": "Alex Example",
    "email": "alex@customer.example",
    "phone": "+12025550143",
    "company": "Example Ltd",
    "company_name": "Example Ltd",
    "street": "1 Example Street",
    "address": {"street": "1 Example Street", "city": "Exampleton", "postal_code": "00000", "country": "XX"},
    "birthday": "1990-05-17",
}
"""Nobody: names and addresses that are kept for examples (RFC 2606; 555-01xx of the North American plan)."""

_OF_KIND: dict[str, Any] = {
    "text": "example",
    "number": 42,
    "boolean": True,
    "date": "2026-03-21",
    "list": ["example"],
    "object": {},
    "mixed": "example",
}
_LANGUAGES = frozenset({"language", "device_language"})


class VariableNote(Struct, frozen=True):
    """`path` as it is written in Liquid. `share` of the people (or accounts) that have it; null: everybody.

    `examples` are what several people share and identifies nobody; a single plausible one where there is none such.
    """

    path: str
    kind: Kind
    share: float | None
    examples: list[Any]
    help: str = ""


class FilterNote(Struct, frozen=True):
    """`example` comes out as `result`."""

    name: str
    help: str
    example: str
    result: str


class TagNote(Struct, frozen=True):
    name: str
    help: str
    example: str


class TopicNote(Struct, frozen=True):
    """`is_known`: somebody wrote it down. `channels`: while a person says nothing these alone; empty: all of them.

    `needs`: what must have been said before anything of it is sent.
    """

    name: str
    is_known: bool
    channels: list[str]
    needs: str
    is_critical: bool


class BrandNote(Struct, frozen=True):
    """One of the further brands. `key` is what a message says."""

    key: str
    name: str


class Fields(Struct, frozen=True):
    topic: TopicNote | None
    brands: list[BrandNote]
    variables: list[VariableNote]
    tags: list[TagNote]
    filters: list[FilterNote]
    forms: list[ChannelForm]
    blocks: list[BlockKind]
    limits: Limits


async def fields(tx: Transaction, *, topic: str = "") -> Fields:
    """Traits as a sample of the people there are has them."""
    tags, filters = _liquid()
    now = await settings.read(tx)
    variables = [*await _of_people(tx), *await _of_accounts(tx), *_ours(tx, now)]
    brands = [BrandNote(key, own.name or now.brand_name) for key, own in sorted(now.brands.items())]
    told = await _topic(tx, topic) if topic else None
    return Fields(told, brands, variables, tags, filters, FORMS, BLOCKS, LIMITS)


async def sample(tx: Transaction) -> dict[str, Any]:
    """The variables of a person that there is not: with every trait that people have, and an account."""
    person = {trait.name: _value(trait) for trait in await profiles.trait_schema.traits(tx)}
    for name in _LANGUAGES:
        person.pop(name, None)  # the language that is looked at is chosen beside
    person = {"first_name": "Alex", "last_name": "Example"} | person
    account = {row["name"]: _OF_KIND[_kind(row["types"])] for row in await _accounts(tx)} | {"key": "example"}
    return {"profile": person, "account": account, "accounts": [account], "now": tx.now}


async def _of_people(tx: Transaction) -> list[VariableNote]:
    found = []
    for trait in await profiles.trait_schema.traits(tx):
        examples = trait.examples or [_value(trait)]
        found.append(VariableNote(_path("profile", trait.name), trait.type, trait.share, examples))
        found += [
            VariableNote(_path("profile", trait.name, *inner.split(".")), "mixed", None, []) for inner in trait.paths
        ]
    return found


def _value(trait: profiles.trait_schema.TraitSchema) -> Any:
    plausible = _PLAUSIBLE.get(trait.name.lower())
    if plausible is not None:
        return plausible
    return trait.examples[0] if trait.examples else _OF_KIND[trait.type]


async def _of_accounts(tx: Transaction) -> list[VariableNote]:
    """Without what any of them holds: an account may be one person's."""
    newest = worded("The key of the account that was joined last.")
    everyone = worded("All accounts, the one that was joined last first.")
    notes = [VariableNote("account.key", "text", None, ["example"], newest)]
    for row in await _accounts(tx):
        kind = _kind(row["types"])
        notes.append(VariableNote(_path("account", row["name"]), kind, round(row["share"], 4), [_OF_KIND[kind]]))
    return [*notes, VariableNote("accounts", "list", None, [], everyone)]


async def _accounts(tx: Transaction) -> list[Any]:
    return [row for row in await store_composing.account_traits(tx) if row["name"] != "key"]


def _kind(types: list[str]) -> Kind:
    words: dict[str, Kind] = {"string": "text", "number": "number", "boolean": "boolean", "array": "list"}
    found = {words.get(each, "object") for each in types if each != "null"}
    return found.pop() if len(found) == 1 else "mixed"


def _ours(tx: Transaction, now: settings.Settings) -> list[VariableNote]:
    values = {"brand_name": now.brand_name, "postal_address": now.imprint, "now": tx.now.isoformat()}
    return [
        VariableNote(path, "date" if path == "now" else "text", None, [values[path]] if values.get(path) else [], said)
        for path, said in _OURS.items()
    ]


def _path(*names: str) -> str:
    """`profile.tier`; `profile["shoe size"]` where a name is no word of Liquid."""
    parts = [names[0]]
    for name in names[1:]:
        if name.isascii() and name.replace("_", "a").replace("-", "a").isalnum() and not name[0].isdigit():
            parts.append(f".{name}")
        else:
            parts.append(f"[{msgspec.json.encode(name).decode()}]" if '"' not in name else f"['{name}']")
    return "".join(parts)


async def _topic(tx: Transaction, name: str) -> TopicNote:
    known = {each.name: each for each in await profiles.topics(tx)}.get(name)
    if known is None:
        return TopicNote(name, False, [], "nothing", False)
    return TopicNote(name, True, list(known.channels), known.needs, known.critical)


@cache
def _liquid() -> tuple[list[TagNote], list[FilterNote]]:
    text = resources.files("antiphon.content").joinpath("data/liquid.toml").read_text("utf-8")
    told = tomllib.loads(text)
    tags = [TagNote(name, worded(help), *shown) for name, (help, *shown) in told["tags"].items()]
    return tags, [FilterNote(name, worded(help), *shown) for name, (help, *shown) in told["filters"].items()]
