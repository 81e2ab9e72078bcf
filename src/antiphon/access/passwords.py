"""Passwords: hashed slowly, two at a time, off the event loop.

argon2id with 64 MiB, one pass, one lane: about 65 ms on one core of a small server, and above the least that OWASP's
Password Storage Cheat Sheet asks for (46 MiB, one pass). A hash made with other parameters is made anew at sign-in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar
from weakref import WeakKeyDictionary

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from antiphon.access import guessable, leaked
from antiphon.kernel.errors import Busy, invalid

T = TypeVar("T")

HASHER = PasswordHasher(time_cost=1, memory_cost=65_536, parallelism=1, hash_len=32, salt_len=16)
AT_ONCE = 2
WAITING_MAX = 50
"""Three seconds of work. More would wait in vain."""


async def check(password: str, *, about: Sequence[str], at: str = "password") -> None:
    """Raises Invalid for a password that is too short, easily guessed or known to have leaked."""
    if wrong := await _in_thread(lambda: guessable.weakness(password, about=about)):
        raise invalid(at, wrong)
    if await _in_thread(lambda: leaked.is_known(password)):
        raise invalid(at, "This password has leaked somewhere, and is tried first: choose another.")


async def make_hash(password: str) -> str:
    """In PHC form."""
    return await _in_thread(lambda: HASHER.hash(_bytes(password)))


async def is_right(hash: str | None, password: str) -> bool:
    """As long for nobody (`hash` is None) as for somebody."""
    right = await _in_thread(lambda: _verify(hash or _nobodys(), password))
    return right and hash is not None


def is_outdated(hash: str) -> bool:
    """Made with other parameters than we use today."""
    return HASHER.check_needs_rehash(hash)


def _verify(hash: str, password: str) -> bool:
    try:
        return HASHER.verify(hash, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    return guessable.normal(password).encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    """The hash of a password that nobody has."""
    return HASHER.hash(b"nobody")


class _Queue:
    def __init__(self) -> None:
        self.free = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0


_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()


async def _in_thread(work: Callable[[], T]) -> T:
    """Raises Busy when too many wait."""
    queue = _queues.setdefault(asyncio.get_running_loop(), _Queue())
    if queue.waiting >= WAITING_MAX:
        raise Busy()
    queue.waiting += 1
    try:
        async with queue.free:
            return await asyncio.to_thread(work)
    finally:
        queue.waiting -= 1
