"""Mail addresses as reports write them."""

from __future__ import annotations

import re
from typing import Final

ADDRESS: Final = r"[\w.!#$%&*+/=?^`{|}~'-]{1,64}@(?:[\w-]{1,63}\.){1,10}[A-Za-z][\w-]{0,62}"

_ADDRESS = re.compile(ADDRESS)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
TOKEN: Final = re.compile(r"\bbounce\+([A-Za-z0-9_-]{1,40})@", re.IGNORECASE)


def tidy(address: str) -> str:
    """The domain in lower case; empty where this is no address: `user...@domain` is one cut short, not one."""
    address = address.strip().strip("<>()[]\"' ").removesuffix(".").lstrip("'")
    local, _, domain = address.rpartition("@")
    if not local or "..." in local or ".." in domain or not _ADDRESS.fullmatch(address):
        return ""
    return f"{local}@{domain.lower()}"


def in_field(value: str) -> str:
    """The address of a field such as `rfc822; <a@example.org>` (RFC 3464 2.3.1) or `utf-8; …` (RFC 6533 3)."""
    kind, semicolon, rest = value.partition(";")
    if not semicolon:
        kind, rest = "", value
    if kind.strip().lower() in ("utf-8", "utf8") and "\\x{" in rest:
        rest = _UNITEXT.sub(lambda found: _letter(found[1]), rest)
    found = _ADDRESS.search(rest[:500])
    return tidy(found[0]) if found else ""


def of_orcpt(value: str) -> str:
    """As `in_field`, for an address that may be in xtext (RFC 3461 4): `a+2Bb@` is `a+b@`."""
    address = in_field(value)
    return _XTEXT.sub(lambda found: _printable(found[1]), address) if _XTEXT.search(address) else address


def all_in(text: str) -> list[str]:
    return [address for found in _ADDRESS.findall(text) if (address := tidy(found))]


def token_in(*values: str) -> str:
    return next((found[1] for value in values if (found := TOKEN.search(value[:2_000]))), "")


def _letter(code: str) -> str:
    number = int(code, 16)
    return chr(number) if 0x20 < number < 0xD800 or 0xE000 <= number < 0x110000 else ""


def _printable(code: str) -> str:
    letter = chr(int(code, 16))
    return letter if letter in "+=" else "+" + code
