"""What the lint says."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning", "hint"]
"""error: it will not do what it says; warning: some people lose something; hint: it could be better."""


class Finding(Struct, frozen=True, omit_defaults=True):
    """`at`: the place in the document, such as `locales.en.email.subject`; `code` is stable; `clients` by name."""

    severity: Severity
    at: str
    code: str
    message: str
    clients: tuple[str, ...] = ()
