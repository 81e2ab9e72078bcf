"""Asks the DNS for texts and mail exchangers. Where it cannot be asked, the answer is None, never a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

TIMEOUT_S = 5.0
RECORDS_MAX, CHARS_MAX = 20, 1_000


async def ask(
    questions: Sequence[tuple[str, str]], *, servers: Sequence[tuple[str, int]] = ()
) -> list[list[str] | None]:
    """For each (name, type): what stands there, empty where nothing does. `servers`: instead of the system's."""
    return list(await asyncio.gather(*(_one(name, type, servers) for name, type in questions)))


async def _one(name: str, type: str, servers: Sequence[tuple[str, int]]) -> list[str] | None:
    try:
        from dns import asyncresolver, exception, nameserver, resolver
    except ImportError:  # an installation without it can be asked for everything else
        return None
    try:
        asking = asyncresolver.Resolver(configure=not servers)
        if servers:
            asking.nameservers = [nameserver.Do53Nameserver(host, port) for host, port in servers]
        found = await asking.resolve(name, type, lifetime=TIMEOUT_S, raise_on_no_answer=False)
    except resolver.NXDOMAIN:
        return []
    except (exception.DNSException, OSError, ValueError):
        return None
    return [_text(each)[:CHARS_MAX] for each in list(found)[:RECORDS_MAX]] if found.rrset is not None else []


def _text(record: object) -> str:
    """The parts of a TXT are one text (RFC 7208 3.3, RFC 6376 3.6.2.2)."""
    parts = getattr(record, "strings", None)
    if parts is None:
        return str(record)
    return b"".join(parts).decode("utf-8", "replace")
