"""What MJML allows where: data/mjml.toml, read once."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources

from msgspec import Struct

EVERYWHERE = frozenset({"css-class", "mj-class"})


class Kind(Struct, frozen=True):
    """`inside`: the tags that it may stand in. `html`: what it holds is HTML, text or CSS, never MJML."""

    name: str
    inside: tuple[str, ...]
    takes: frozenset[str]
    html: bool = False


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    facts = tomllib.loads(resources.files("antiphon.content").joinpath("data/mjml.toml").read_text("utf-8"))
    groups: dict[str, list[str]] = facts["groups"]
    return {
        name: Kind(
            name,
            tuple(said["inside"]),
            frozenset(name for taken in said["takes"] for name in groups.get(taken, [taken])) | EVERYWHERE,
            said.get("html", False),
        )
        for name, said in facts["tags"].items()
    }


def holds(name: str) -> list[str]:
    """The tags that may stand in this one."""
    return [kind.name for kind in kinds().values() if name in kind.inside]


@lru_cache(maxsize=1)
def attributes() -> frozenset[str]:
    """Every attribute that any tag takes: what mj-all and mj-class may set."""
    return frozenset[str]().union(*(kind.takes for kind in kinds().values()))
