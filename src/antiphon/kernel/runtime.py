"""What a running process knows: the database, its secrets and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from antiphon.kernel.db import Database
from antiphon.kernel.secrets import Secrets
from antiphon.kernel.tokens import Signer


@dataclass(frozen=True)
class Runtime:
    """`base_url` is how customers reach us (links in messages), without a slash at the end.

    `sandbox`: product time may be moved and private addresses may be called; never for real customers.
    """

    database: Database
    secrets: Secrets
    signer: Signer
    base_url: str
    sandbox: bool = False
    data: Path | None = None
