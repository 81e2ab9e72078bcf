"""Which mail system receives for an address: they throttle over all their domains together."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from importlib import resources

EVERYBODY = ""
"""The receiver of an address that is no e-mail address: the provider itself."""

DOMAIN_CHARS_MAX = 255


def receiver_of(address: str) -> str:
    """Such as google; the domain itself where it is not known who serves it."""
    domain = address.rpartition("@")[2]
    return EVERYBODY if len(domain) == len(address) else _receiver(domain)


@lru_cache(maxsize=20_000)
def _receiver(domain: str) -> str:
    domain = domain.lower().rstrip(".")[:DOMAIN_CHARS_MAX]
    return _known().get(domain, domain)


@cache
def _known() -> dict[str, str]:
    table = tomllib.loads(resources.files(__package__).joinpath("data/receivers.toml").read_text("utf-8"))
    return {domain: name for name, domains in table["receivers"].items() for domain in domains}
