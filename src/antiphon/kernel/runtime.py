"""What a running process knows: the database, its secrets and where it stands."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from antiphon.kernel.db import Database
from antiphon.kernel.secrets import Secrets
from antiphon.kernel.tokens import Signer

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""Of this machine, as a host in a URL has them without brackets."""


def is_https(base_url: str) -> bool:
    return base_url.startswith("https:")


@dataclass(frozen=True)
class Runtime:
    """`base_url` is how customers reach us (links in messages), without a slash at the end.

    `sandbox`: product time may be moved and private addresses may be called; never for real customers.
    `world_url`: where the program that plays the outside takes its faults, if one runs beside us.
    """

    database: Database
    secrets: Secrets
    base_url: str
    sandbox: bool = False
    data: Path | None = None
    world_url: str = ""

    @property
    def is_https(self) -> bool:
        return is_https(self.base_url)

    @cached_property
    def signer(self) -> Signer:
        return Signer(self.secrets.derive("public links"))

    @cached_property
    def link_token(self) -> str:
        """With it the first owner comes in from elsewhere than this machine. It never changes."""
        return base64.urlsafe_b64encode(self.secrets.derive("staff link")[:24]).decode()
