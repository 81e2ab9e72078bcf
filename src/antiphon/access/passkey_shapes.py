"""What goes between us and `navigator.credentials`: the JSON of WebAuthn Level 3 (5.1.8 and 5.1.9), octets in
base64url. What browsers add beyond it is not read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Octets = Annotated[str, Meta(max_length=20_000, pattern=r"^[A-Za-z0-9_-]*={0,2}$")]
"""base64url."""
CredentialId = Annotated[str, Meta(min_length=1, max_length=1_400, pattern=r"^[A-Za-z0-9_-]+$")]
"""At most 1,023 octets (WebAuthn 4)."""


class Passkey(Struct, frozen=True):
    id: str
    name: str
    created_at: datetime
    used_at: datetime | None = None


class RelyingParty(Struct, frozen=True):
    id: str
    name: str


class Owner(Struct, frozen=True, rename="camel"):
    id: str
    name: str
    display_name: str


class KeyKind(Struct, frozen=True):
    type: Literal["public-key"]
    alg: int


class Descriptor(Struct, frozen=True):
    id: str
    type: Literal["public-key"]


class Selection(Struct, frozen=True, rename="camel"):
    resident_key: str
    require_resident_key: bool
    user_verification: str


class CreationOptions(Struct, frozen=True, rename="camel"):
    """For `PublicKeyCredential.parseCreationOptionsFromJSON`."""

    rp: RelyingParty
    user: Owner
    challenge: str
    pub_key_cred_params: list[KeyKind]
    timeout: int
    exclude_credentials: list[Descriptor]
    authenticator_selection: Selection
    attestation: str


class RequestOptions(Struct, frozen=True, rename="camel"):
    """For `PublicKeyCredential.parseRequestOptionsFromJSON`."""

    challenge: str
    timeout: int
    rp_id: str
    allow_credentials: list[Descriptor]
    user_verification: str


class Attestation(Struct, frozen=True, rename="camel"):
    client_data_json: Octets = field(name="clientDataJSON")
    attestation_object: Octets


class Attested(Struct, frozen=True, rename="camel"):
    """What a new passkey's `toJSON()` gives."""

    id: CredentialId
    raw_id: CredentialId
    type: Literal["public-key"]
    response: Attestation


class Assertion(Struct, frozen=True, rename="camel"):
    client_data_json: Octets = field(name="clientDataJSON")
    authenticator_data: Octets
    signature: Octets
    user_handle: Octets | None = None


class Signed(Struct, frozen=True, rename="camel"):
    """What `toJSON()` of a passkey that signed gives."""

    id: CredentialId
    raw_id: CredentialId
    type: Literal["public-key"]
    response: Assertion
