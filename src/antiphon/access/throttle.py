"""Guesses at passwords, codes and links: the more were wrong, the longer the wait.

| counted by | free | then |
|---|---|---|
| what is guessed at (an account, a session that waits) | 5 | 30 s, 1, 2, 4, 8 and at most 15 minutes after each |
| address (of IPv6 the /64 that a customer is given) | 50 an hour | until the hour is over |

A guess is counted before it is looked at, so that a thousand at once are a thousand; the right one is taken back. An
account is counted whether it exists or not. Whoever is signed in is asked nothing here, so nobody locks them out.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from antiphon.access import store_throttle as store
from antiphon.access.store_throttle import Tally
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import TooOften
from antiphon.kernel.said import worded
from antiphon.kernel.secrets import secrets_of

log = structlog.get_logger()

FREE = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGET = timedelta(hours=24)
BY_ADDRESS = 50
HOUR = timedelta(hours=1)


class Guess(Struct, frozen=True):
    """One that was counted: the keys of its rows."""

    about: bytes | None
    address: bytes | None


async def take_guess(database: Database, *, about: str | None, address: str | None) -> Guess:
    """Count a guess at `about`, such as `account jo@shop.example`. Raises TooOften, and then it does not count.

    `about` None: at nothing that has a name, such as a link. `address` None: whoever asks is signed in.
    """

    async def count(tx: Transaction) -> Guess:
        guess = Guess(
            await _key(tx, about) if about is not None else None,
            await _key(tx, f"address {_network(address)}") if address is not None else None,
        )
        keys = [key for key in (guess.about, guess.address) if key is not None]
        tallies = await store.lock(tx, keys, at=wall_datetime())
        at = wall_datetime()  # whoever waited for the lock is later than who held it
        _demand_patience(max(tally.until for tally in tallies.values()), at=at)
        one_more = {guess.about: one_more_at_account, guess.address: one_more_from_address}
        await store.write(tx, {key: one_more[key](tally, at=at) for key, tally in tallies.items()})
        return guess

    return await database.repeat(count)


async def was_right(tx: Transaction, guess: Guess) -> None:
    """What was guessed at begins anew; the address is given this guess back."""
    for key in sorted(key for key in (guess.about, guess.address) if key is not None):  # as take_guess locks them
        if key == guess.about:
            await store.forget(tx, key)
        else:
            await store.give_back(tx, key, at=wall_datetime())


async def sweep(tx: Transaction) -> None:
    await store.sweep(tx, before=wall_datetime() - FORGET)


def one_more_at_account(tally: Tally, *, at: datetime) -> Tally:
    failures = (0 if at - tally.until >= FORGET else tally.failures) + 1
    if failures < FREE:
        return Tally(failures, tally.since, at)
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - FREE, 10))
    return Tally(failures, tally.since, at + wait)


def one_more_from_address(tally: Tally, *, at: datetime) -> Tally:
    if at - tally.since >= HOUR:
        tally = Tally(0, at, at)
    failures = tally.failures + 1
    return Tally(failures, tally.since, tally.since + HOUR if failures >= BY_ADDRESS else at)


def _demand_patience(until: datetime, *, at: datetime) -> None:
    if until > at:
        log.info("sign_in.throttled", until=until.isoformat(timespec="seconds"))
        seconds = math.ceil((until - at).total_seconds())
        raise TooOften("Too many were wrong. Try again in {span}.", retry_after_s=seconds, span=_span(seconds))


def _span(seconds: int) -> str:
    if seconds < 90:
        return worded("{n} seconds", n=seconds) if seconds > 1 else worded("1 second")
    return worded("{n} minutes", n=math.ceil(seconds / 60))


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


async def _key(tx: Transaction, about: str) -> bytes:
    secret = (await secrets_of(tx)).derive("sign-in throttle")
    return hmac.digest(secret, about.encode("utf-8", "surrogatepass"), "sha256")
