"""Passwords that have leaked, where the operator gives a list of them: nobody is asked, the list lies here.

`ANTIPHON_LEAKED_PASSWORDS` names a file as the downloader of Pwned Passwords writes it: a line for each, the SHA-1 of
the password as 40 hexadecimal digits, perhaps `:` and how often it was seen, in the order of the hashes. It may have
tens of gigabytes: a few dozen places of it are read for each look.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from pathlib import Path

import structlog

from antiphon.access import guessable

log = structlog.get_logger()

VARIABLE = "ANTIPHON_LEAKED_PASSWORDS"
HASH_CHARS = 40


def is_known(password: str) -> bool:
    """False without a list; also where it cannot be read, which the log says: nobody is kept out by that."""
    path = os.environ.get(VARIABLE)
    if not path:
        return False
    # SHA-1 is what such lists have; here it only finds a line.
    wanted = hashlib.sha1(guessable.normal(password).encode("utf-8", "surrogatepass"), usedforsecurity=False)
    try:
        return _stands_in(Path(path), wanted.hexdigest().upper().encode())
    except (OSError, ValueError) as error:
        log.warning("passwords.unreadable", path=path, error=str(error)[:200])
        return False


def _stands_in(path: Path, wanted: bytes) -> bool:
    """By halves. Raises ValueError for an empty file, which cannot be mapped, and for what is no such list."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        low, high = 0, len(lines)
        while low < high:
            middle = (low + high) // 2
            start = lines.rfind(b"\n", low, middle) + 1 or low
            end = lines.find(b"\n", middle)
            end = high if end < 0 else end
            found = lines[start : start + HASH_CHARS].upper()
            if len(found) < HASH_CHARS or end - start > HASH_CHARS * 2:
                raise ValueError(f"no hash of {HASH_CHARS} digits at {start}")
            if found == wanted:
                return True
            low, high = (end + 1, high) if found < wanted else (low, start)
    return False
