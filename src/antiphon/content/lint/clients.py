"""Which mail clients leave out what a message uses: data/mail_clients.toml, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

from msgspec import Struct

from antiphon.content.lint.records import Finding, Severity
from antiphon.kernel.said import worded


class Feature(Struct, frozen=True):
    """`finds`: what shows that it is used, as `markup.uses` names it. `support`: a letter a client: y, a, n or u."""

    slug: str
    name: str
    matters: str
    finds: tuple[str, ...]
    support: str


class Table(Struct, frozen=True):
    as_of: str
    clients: tuple[tuple[str, str], ...]
    features: tuple[Feature, ...]


@lru_cache(maxsize=1)
def table() -> Table:
    text = resources.files("antiphon.content").joinpath("data/mail_clients.toml").read_text("utf-8")
    facts = tomllib.loads(text)
    features = (
        Feature(slug, said["name"], said["matters"], tuple(said["finds"]), said["support"])
        for slug, said in facts["features"].items()
    )
    return Table(facts["as_of"], tuple((key, name) for key, name in facts["clients"]), tuple(features))


@lru_cache(maxsize=1)
def _by_find() -> dict[str, Feature]:
    return {find: feature for feature in table().features for find in feature.finds}


_LOSES = {
    "layout": "{feature}: the layout falls back in {clients}.",
    "looks": "{feature}: it looks plainer in {clients}.",
    "content": "{feature}: it is not shown in {clients}.",
}


def judge(uses: Iterable[str], at: str) -> list[Finding]:
    """One finding a feature that some client leaves out altogether; what is shown in part is not told."""
    used = dict.fromkeys(feature for use in uses if (feature := _by_find().get(use)))
    found = []
    for feature in used:
        without = tuple(
            name for (_, name), letter in zip(table().clients, feature.support, strict=True) if letter == "n"
        )
        if without:
            severity: Severity = "hint" if feature.matters == "looks" else "warning"
            clients, more = ", ".join(without[:4]), len(without) - 4
            shown = worded("{clients} and {n} more", clients=clients, n=more) if more > 0 else clients
            said = worded(_LOSES[feature.matters], feature=feature.name, clients=shown)
            found.append(Finding(severity, at, f"client.{feature.slug}", said, without))
    return found
