"""Passkeys (WebAuthn Level 3): a key pair that a device keeps and unlocks by finger, face or PIN.

The device itself asks who is there (user verification), so a passkey counts as two factors, and it names its owner
(a discoverable credential), so nothing is typed. What a device signs names our origin: a page that looks like ours
gets nothing it could use. Who made the device is not asked (no attestation).
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
import webauthn
from msgspec import Struct, convert, json, to_builtins
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from antiphon.access import begun, second_factor
from antiphon.access import store_passkeys as store
from antiphon.access.passkey_shapes import Attested, CreationOptions, Passkey, RequestOptions, Signed
from antiphon.access.records import Colleague, Opened, Session, StaffId
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database, Row, Transaction
from antiphon.kernel.errors import Conflict, NotFound, Unauthorised, invalid
from antiphon.kernel.runtime import LOCAL_NAMES
from antiphon.kernel.secrets import secrets_of

log = structlog.get_logger()

LASTS = timedelta(minutes=5)
PASSKEYS_MAX = 20
NAME_CHARS_MAX = 100


class NeedsDomain(Conflict):
    """Passkeys work under a domain name only, not under a bare address."""

    code = "needs_domain"


class UnknownPasskey(Unauthorised):
    """This passkey is not known here; it may have been removed. Sign in another way."""

    code = "unknown_passkey"


class Site(Struct, frozen=True):
    """`rp_id`: the domain that passkeys are made for (WebAuthn 5.1.2). `origin`: where the app is open."""

    rp_id: str
    origin: str


class _Registering(Struct, frozen=True):
    staff: int
    session: int


class _Asking(Struct, frozen=True):
    """`staff`: whose passkey it must be; None where nothing was typed."""

    staff: int | None


class Made(Struct, frozen=True):
    """`opened`: the session of who had to set up a second factor first."""

    passkey: Passkey
    opened: Opened | None


class Recognised(Struct, frozen=True):
    staff: StaffId
    name: str


def site_of(base_url: str, *, host: str) -> Site:
    """`host`: the Host header of who asks. On this machine passkeys are made for `localhost`, which is a domain;
    127.0.0.1 is none (WebAuthn 5.1.2, "valid domain string"). Raises NeedsDomain and says which address to open."""
    base = urlsplit(base_url)
    name = (base.hostname or "").lower()
    if name in LOCAL_NAMES:
        port = f":{base.port}" if base.port else ""
        local = f"{base.scheme}://localhost{port}"
        if host.partition(":")[0].lower() != "localhost":
            raise NeedsDomain(
                "Passkeys need a domain name, which an IP address is not: open {local}/app/ instead.", local=local
            )
        return Site("localhost", local)
    if _is_address(name):
        raise NeedsDomain("Passkeys need a domain name: start with --base-url https://NAME instead of an IP address.")
    if base.scheme != "https":
        raise NeedsDomain("Browsers keep passkeys for https only: start with --base-url https://NAME.")
    return Site(name, f"https://{base.netloc.rpartition('@')[2].lower().removesuffix(':443')}")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def list_of(tx: Transaction, staff: StaffId) -> list[Passkey]:
    return [_passkey(row) for row in await store.list_of(tx, staff)]


async def registration_options(tx: Transaction, site: Site, who: Colleague, session: Session) -> CreationOptions:
    """What `navigator.credentials.create` takes. Raises Conflict for who has `PASSKEYS_MAX`."""
    known = await store.list_of(tx, who.id)
    _demand_room(known)
    challenge = secrets.token_bytes(32)
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name="Antiphon",
        user_id=await _handle(tx, who.id),
        user_name=who.email,
        user_display_name=who.name,
        challenge=challenge,
        timeout=int(LASTS.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_named(known),
    )
    holds = json.encode(_Registering(who.id, session.id))
    await begun.begin(tx, "passkey made", challenge, holds=holds, lasts=LASTS)
    return convert(options_to_json_dict(options), CreationOptions)


async def register(
    database: Database, site: Site, credential: Attested, *, name: str, who: Colleague, session: Session
) -> Made:
    """Raises Invalid where the device's answer is not one to our question, Conflict for a known credential."""
    name = _checked_name(name)
    challenge = _challenge_of(credential.response.client_data_json)
    held = await begun.take(database, "passkey made", challenge)
    if held is None or json.decode(held, type=_Registering) != _Registering(who.id, session.id):
        raise invalid("credential", "This was asked for too long ago, elsewhere, or was used: begin anew.")
    try:
        made = webauthn.verify_registration_response(
            credential=_plain(credential),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception as error:  # what the library raises for garbage is nobody's promise
        log.info("passkey.refused", staff=who.id, why=str(error)[:200])
        raise invalid("credential", "The device's answer does not hold: try again, or use another device.") from error
    async with database.transaction() as tx:
        await second_factor.demand_first(tx, who, session)
        _demand_room(await store.list_of(tx, who.id))
        if not await store.insert(
            tx,
            who.id,
            id=made.credential_id,
            name=name,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            at=wall_datetime(),
        ):
            raise Conflict("This passkey is known already.")
        passkey = next(kept for kept in await list_of(tx, who.id) if kept.id == credential.id)
        return Made(passkey, await second_factor.enrolled(tx, session, "passkey"))


async def sign_in_options(tx: Transaction, site: Site, staff: StaffId | None) -> RequestOptions:
    """What `navigator.credentials.get` takes. `staff`: who gave a password just now, or proves anew who they are."""
    challenge = secrets.token_bytes(32)
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=int(LASTS.total_seconds() * 1000),
        user_verification=UserVerificationRequirement.REQUIRED,
        allow_credentials=_named(await store.list_of(tx, staff)) if staff is not None else None,
    )
    await begun.begin(tx, "passkey asked", challenge, holds=json.encode(_Asking(staff)), lasts=LASTS)
    return convert(options_to_json_dict(options), RequestOptions)


async def recognise(database: Database, site: Site, credential: Signed) -> Recognised:
    """Who is there. Raises UnknownPasskey, or Unauthorised for whatever else does not hold."""
    challenge = _challenge_of(credential.response.client_data_json)
    held = await begun.take(database, "passkey asked", challenge)
    if held is None:
        raise Unauthorised("This sign-in was begun too long ago, or was used: try again.")
    asking = json.decode(held, type=_Asking)
    async with database.transaction() as tx:
        kept = await store.find(tx, _octets(credential.raw_id))
        if kept is None or kept["state"] != "active":
            raise UnknownPasskey
        staff = StaffId(kept["staff_id"])
        if asking.staff not in (None, staff):
            raise Unauthorised("This passkey belongs to somebody else.")
        handle = credential.response.user_handle
        # Of what was named in the options a device need not say whose it is (WebAuthn 7.2 step 6).
        if (handle or asking.staff is None) and _octets(handle or "") != await _handle(tx, staff):
            raise Unauthorised("This passkey does not name its owner.")
        sign_count = _verified_count(site, credential, kept, challenge=challenge)
        await store.use(tx, kept["id"], sign_count=sign_count, at=wall_datetime())
    return Recognised(staff, kept["staff_name"])


def _verified_count(site: Site, credential: Signed, kept: Row, *, challenge: bytes) -> int:
    """A count that does not rise tells of a copy of the device, or of an answer sent twice (WebAuthn 6.1.1)."""
    try:
        verified = webauthn.verify_authentication_response(
            credential=_plain(credential),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=bytes(kept["public_key"]),
            credential_current_sign_count=0,  # ours, below: the library looks at the count before the signature
            require_user_verification=True,
        )
    except Exception as error:  # what the library raises for garbage is nobody's promise
        log.info("passkey.refused", staff=kept["staff_id"], why=str(error)[:200])
        raise Unauthorised("The passkey's answer does not hold.") from error
    if verified.new_sign_count <= kept["sign_count"] and (verified.new_sign_count or kept["sign_count"]):
        log.warning("passkey.copied", staff=kept["staff_id"])
        raise Unauthorised("This passkey was used in another copy of it: remove it and make a new one.")
    return verified.new_sign_count


async def rename(tx: Transaction, staff: StaffId, id: str, *, name: str) -> Passkey:
    """Raises NotFound for what is not theirs."""
    row = await store.rename(tx, staff, _octets(id), name=_checked_name(name))
    if row is None:
        raise NotFound("You have no such passkey.")
    return _passkey(row)


async def remove(tx: Transaction, staff: StaffId, id: str) -> None:
    """Raises NotFound for what is not theirs, Conflict for the only way in, Needed for the last second factor."""
    await second_factor.demand_another(tx, staff, without="passkey")
    ways = await store.lock_ways_in(tx, staff)
    if not await store.remove(tx, staff, _octets(id)):
        raise NotFound("You have no such passkey.")
    if ways is not None and ways["passkeys"] == 1 and not (ways["has_password"] or ways["has_sso"]):
        raise Conflict("This is your only way to sign in: set a password or make another passkey first.")


async def _handle(tx: Transaction, staff: StaffId) -> bytes:
    """The same for all passkeys of a colleague; says nothing of them (WebAuthn 14.6.1)."""
    return (await secrets_of(tx)).derive(f"passkey owner {staff}")


def _demand_room(known: Sequence[Row]) -> None:
    if len(known) >= PASSKEYS_MAX:
        raise Conflict("You have {most} passkeys; remove one first.", most=PASSKEYS_MAX)


def _named(known: Sequence[Row]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=bytes(row["id"])) for row in known]


def _passkey(row: Row) -> Passkey:
    return Passkey(bytes_to_base64url(bytes(row["id"])), row["name"], row["created_at"], row["used_at"])


def _plain(credential: Attested | Signed) -> dict[str, Any]:
    plain: dict[str, Any] = to_builtins(credential)
    return plain


def _challenge_of(client_data: str) -> bytes:
    """As the browser wrote it: it says which question this answers, and is believed only once the signature holds."""
    try:
        return bytes(parse_client_data_json(_octets(client_data)).challenge)
    except Exception as error:  # what the library raises for garbage is nobody's promise
        raise invalid("credential.response.clientDataJSON", "This is not what a browser sends.") from error


def _octets(text: str) -> bytes:
    """base64url. Nothing for what is none: that is no credential of anybody."""
    try:
        return base64url_to_bytes(text)
    except ValueError:
        return b""


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise invalid("name", "A passkey needs a name of at most {most} printable characters.", most=NAME_CHARS_MAX)
    return name
