"""The second step after the password: a code of an app (TOTP, RFC 6238) or one of ten recovery codes.

A code is 6 digits of a 30 s step; the step before and the one after count too, for clocks that differ (RFC 6238 5.2).
No step is taken twice. Recovery codes have 120 random bits each, so their hash may be a fast one (ASVS 6.5.2: 112).
"""

from __future__ import annotations

import base64
import hashlib
import secrets as random
from datetime import datetime, timedelta
from hmac import compare_digest

import msgspec
import pyotp
import segno
from msgspec import Struct

from antiphon.access import store_second, store_staff
from antiphon.access.records import Colleague, Factor, StaffId
from antiphon.kernel.clock import wall, wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, NotFound, invalid
from antiphon.kernel.secrets import Secrets, Unreadable, secrets_of

STEP_S = 30
DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_CHARS = 24
BEGUN_FOR = timedelta(minutes=15)
ISSUER = "Antiphon"


class Begun(Struct, frozen=True):
    """`uri` is what the app reads, `qr` the same as a picture (an SVG data URI), `secret` the same to be typed.
    `pending` comes back with the first code; until then nothing is changed."""

    secret: str
    uri: str
    qr: str
    pending: str


class _Pending(Struct, frozen=True):
    staff: int
    secret: str
    ends_at: datetime


async def begin(tx: Transaction, who: Colleague) -> Begun:
    secret = pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=who.email, issuer_name=ISSUER)
    held = msgspec.json.encode(_Pending(who.id, secret, wall_datetime() + BEGUN_FOR))
    sealed = (await secrets_of(tx)).encrypt(held, use="totp begun")
    # Quiet zone and black on white whatever the theme: readers of phones need both.
    qr = segno.make(uri, error="m").svg_data_uri(scale=4, border=4, light="#fff")
    return Begun(secret, uri, qr, base64.urlsafe_b64encode(sealed).decode())


async def confirm(tx: Transaction, who: Colleague, *, pending: str, code: str) -> list[str]:
    """From now on codes are asked for; the recovery codes, to be seen this once. Raises Invalid."""
    secrets = await secrets_of(tx)
    held = _opened(secrets, pending)
    if held is None or held.staff != who.id or held.ends_at <= wall_datetime():
        raise invalid("pending", "This was begun too long ago, or by somebody else: begin anew.")
    step = step_of(held.secret, code, after=0)
    if step is None:
        raise invalid("code", "This is not the code of that secret. Is the clock of the phone right?")
    codes = _new_codes()
    sealed = secrets.encrypt(held.secret.encode(), use=_use(who.id))
    await store_second.write_totp(tx, who.id, sealed=sealed, step=step, recovery=[_hash(one) for one in codes])
    return codes


async def turn_off(tx: Transaction, staff: StaffId) -> None:
    """No code is asked for any more; the recovery codes are gone too."""
    await store_second.write_totp(tx, staff, sealed=None, step=0, recovery=[])


async def renew_codes(tx: Transaction, staff: StaffId) -> list[str]:
    """Ten new ones in place of those before. Raises Conflict for who is asked for no code."""
    codes = _new_codes()
    if not await store_second.write_recovery(tx, staff, [_hash(one) for one in codes]):
        raise Conflict("Recovery codes stand in for the codes of an app; set that up first.")
    return codes


async def accept(tx: Transaction, staff: StaffId, code: str) -> Factor | None:
    """Which of both it was; None for a wrong one, or one that was used. It is used up."""
    known = await store_staff.find(tx, staff)
    if known is None:
        raise NotFound()
    plain = "".join(code.split()).replace("-", "")
    if len(plain) == DIGITS and known.ways.totp is not None:
        secret = (await secrets_of(tx)).decrypt(known.ways.totp, use=_use(staff)).decode()
        step = step_of(secret, plain, after=known.ways.totp_step)
        return "totp" if step is not None and await store_second.use_totp_step(tx, staff, step) else None
    return "recovery" if await store_second.use_recovery(tx, staff, _hash(plain)) else None


def step_of(secret: str, code: str, *, after: int, at: float | None = None) -> int | None:
    """The step of this code among the three that count now, if it is later than `after`. `at`: seconds since 1970."""
    totp = pyotp.TOTP(secret)
    now = int(wall() if at is None else at) // STEP_S
    given = "".join(code.split()).encode("utf-8", "replace")
    right = [step for step in (now - 1, now, now + 1) if compare_digest(totp.generate_otp(step).encode(), given)]
    return next((step for step in right if step > after), None)


def _opened(secrets: Secrets, pending: str) -> _Pending | None:
    try:
        sealed = base64.urlsafe_b64decode(pending.encode("ascii", "replace"))
        return msgspec.json.decode(secrets.decrypt(sealed, use="totp begun"), type=_Pending)
    except (ValueError, Unreadable):
        return None


def _new_codes() -> list[str]:
    return [_new_code() for _ in range(RECOVERY_CODES)]


def _new_code() -> str:
    """120 bits in base32 (RFC 4648), in fours: `mzxw-6ytb-oi2g-k43u-nzsw-45dj`."""
    text = base64.b32encode(random.token_bytes(RECOVERY_CHARS * 5 // 8)).decode().lower()
    return "-".join(text[n : n + 4] for n in range(0, len(text), 4))


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.replace("-", "").lower().encode("utf-8", "surrogatepass")).digest()


def _use(staff: StaffId) -> str:
    """One colleague's sealed secret opens under no other."""
    return f"totp of staff {staff}"
