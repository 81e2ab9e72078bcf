"""Where we let ourselves be sent: the guard of every URL that a customer or an account gave us.

The parser is the one of the HTTP client, so what was checked is what gets connected (decimal, octal and
percent-encoded hosts come out as what they mean). `Checked.address` is for pinning: a client built with
`resolve(host, address, port)` cannot be led elsewhere by a second DNS answer. Redirects must be off.
"""

from __future__ import annotations

import asyncio
import socket
import time
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace
from pyreqwest.http import Url

URL_CHARS_MAX = 2048
RESOLVE_TIMEOUT_S = 5.0
REMEMBER_S = 60.0
NAMES_MAX = 1_000

# IANA special-purpose registries (RFC 6890 and its updates, read 2026-11): not the public Internet.
_CLOSED_V4 = [
    IPv4Network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = [IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]


class Refused(Exception):
    """This URL is not one that we connect to. `reason` is a code, the text says what to change."""

    def __init__(self, reason: Literal["malformed", "scheme", "credentials", "address", "dns"], message: str) -> None:
        self.reason = reason
        super().__init__(message)


class Checked(Struct, frozen=True):
    """A URL that may be connected to, and the address that was checked (an IP literal, without brackets)."""

    url: str
    scheme: str
    host: str
    port: int
    address: str

    @property
    def origin(self) -> str:
        """RFC 6454: the port only where it is not the scheme's own."""
        usual = self.port == (443 if self.scheme == "https" else 80)
        return f"{self.scheme}://{self.host}" if usual else f"{self.scheme}://{self.host}:{self.port}"


async def guard(url: str, *, allow_private: bool = False) -> Checked:
    """Raises `Refused` unless `url` is http or https, without credentials, and every address of its host is public.

    `allow_private` (sandbox, tests) admits any address. Resolves names: at most 5 s.
    """
    parsed, host = _parse(url)
    port = parsed.port_or_known_default or 0
    addresses = await _addresses(host, port)
    if not allow_private:
        for address in addresses:
            if not is_public(address):
                raise Refused("address", f"The host {host} leads to {address}, which is not a public address.")
    return Checked(url=str(parsed), scheme=parsed.scheme, host=host, port=port, address=addresses[0])


class Guard:
    """`guard` for many URLs of few hosts: what a name leads to is remembered for a minute, of at most 1,000 names."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._known: dict[str, tuple[Checked, float]] = {}

    async def check(self, url: str) -> Checked:
        """Raises `Refused` like `guard`."""
        parsed, _ = _parse(url)
        now_s = time.monotonic()
        checked, until_s = self._known.get(parsed.origin_ascii, (None, 0.0))
        if checked is None or until_s < now_s:
            checked = await guard(url, allow_private=self._allow_private)
            self._remember(parsed.origin_ascii, checked, until_s=now_s + REMEMBER_S)
        return replace(checked, url=str(parsed))

    def _remember(self, origin: str, checked: Checked, *, until_s: float) -> None:
        self._known.pop(origin, None)
        while len(self._known) >= NAMES_MAX:
            del self._known[next(iter(self._known))]
        self._known[origin] = (checked, until_s)


def is_public(address: str) -> bool:
    """Whether an IP literal lies on the public Internet. IPv4 inside IPv6 is judged as IPv4."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv4Address):
        return not any(ip in net for net in _CLOSED_V4)
    return ip.scope_id is None and ip in _OPEN_V6 and not any(ip in net for net in _CLOSED_V6)


def _parse(url: str) -> tuple[Url, str]:
    if len(url) > URL_CHARS_MAX:
        raise Refused("malformed", f"The URL is longer than {URL_CHARS_MAX} characters.")
    try:
        parsed = Url.parse(url)
    except ValueError as error:
        raise Refused("malformed", f"The URL cannot be read: {error}.") from error
    if parsed.scheme not in ("http", "https"):
        raise Refused("scheme", f"Only http and https are connected to, not {parsed.scheme}.")
    if parsed.username or parsed.password is not None:
        raise Refused("credentials", "The URL holds a user name or password; leave them out.")
    if not parsed.host_str:
        raise Refused("malformed", "The URL names no host.")
    return parsed, parsed.host_str


async def _addresses(host: str, port: int) -> list[str]:
    literal = host.strip("[]")
    try:
        return [str(ip_address(literal))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Refused("dns", f"The host {host} has no address that we could find.") from error
    if not found:
        raise Refused("dns", f"The host {host} has no address that we could find.")
    return [str(entry[4][0]) for entry in found]
