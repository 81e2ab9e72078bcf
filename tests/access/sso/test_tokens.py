"""What a provider signs, and what somebody else would have us believe that it signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access.provider import ALGORITHMS, Key, Sign
from access.sso.door import Door, open_door, problem
from antiphon.kernel.db import Database

HOUR = timedelta(hours=1)

STRANGE: tuple[dict[str, Any], ...] = (
    {"nonce": "of another sign-in"},
    {"nonce": None},
    {"nonce": ["a"]},
    {"exp": -HOUR, "iat": -HOUR},
    {"exp": None},
    {"iat": -HOUR},
    {"iat": HOUR},
    {"iat": None},
    {"nbf": HOUR},
    {"aud": "another-client"},
    {"aud": ["another-client"]},
    {"aud": None},
    {"aud": ["antiphon", "another-client"]},
    {"aud": ["antiphon", "another-client"], "azp": "another-client"},
    {"azp": "another-client"},
    {"iss": "https://login.example.org"},
    {"iss": None},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"sub": "x" * 300},
)


async def test_a_token_that_is_not_for_this_sign_in_opens_nothing(door: Door) -> None:
    await door.house.colleague()
    for claims in STRANGE:
        assert await door.sign_in(**claims) == problem("token"), claims
    assert await door.who() is None


async def test_several_audiences_are_well_when_it_was_issued_to_us(door: Door) -> None:
    await door.house.colleague()
    assert await door.sign_in(aud=["antiphon", "api"], azp="antiphon") == "/app/"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_each_algorithm_that_we_name_is_taken(database: Database, algorithm: str) -> None:
    async with open_door(database, algorithm) as door:
        await door.house.colleague()
        assert await door.sign_in() == "/app/"


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, algorithm="none")  # type: ignore[arg-type]


def raw(header: dict[str, Any], claims: dict[str, Any], signature: bytes) -> str:
    pieces = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(piece).rstrip(b"=").decode() for piece in pieces)


async def test_a_token_without_a_signature_or_signed_with_what_everybody_knows_opens_nothing(door: Door) -> None:
    """alg none in its spellings; HMAC with the public key as its secret; a key that the token itself brings."""
    await door.house.colleague()
    public = door.provider.key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    own = Key("first")
    attacks: list[Sign] = [
        unsigned,
        *(lambda claims, alg=alg: raw({"alg": alg, "kid": "first"}, claims, b"") for alg in ("None", "NONE", "", 7)),
        lambda claims: raw({"kid": "first"}, claims, b""),
        lambda claims: raw({"alg": "ES256", "kid": "first"}, claims, b""),
        lambda claims: raw({"alg": "ES256", "kid": "first"}, claims, bytes(64)),
        lambda claims: _hmac(claims, public, kid="first"),
        lambda claims: _hmac(claims, door.provider.client[1].encode(), kid="first"),
        own.sign,
        lambda claims: jwt.encode(claims, own.private, algorithm="ES256", headers={"kid": "first", "jwk": own.jwk}),
        lambda claims: "not.a.token",
        lambda claims: "",
    ]
    for attack in attacks:
        assert await door.sign_in(attack) == problem("token")
    assert await door.who() is None
    assert await door.sign_in() == "/app/", "the honest one, by the same way"


def _hmac(claims: dict[str, Any], secret: bytes, *, kid: str) -> str:
    """PyJWT itself refuses to do this."""
    signed = raw({"alg": "HS256", "typ": "JWT", "kid": kid}, claims, b"").rpartition(".")[0]
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


async def test_a_token_of_another_kind_signs_nobody_in(door: Door) -> None:
    await door.house.colleague()
    for kind in ("logout+jwt", "at+jwt", "application/secevent+jwt"):
        assert await door.sign_in(partial(door.provider.key.sign, typ=kind)) == problem("token"), kind
    assert await door.sign_in(partial(door.provider.key.sign, typ="application/JWT")) == "/app/"


async def test_a_short_key_of_the_provider_is_refused(door: Door) -> None:
    await door.house.colleague()
    short = Key("short", "RS256", bits=1024)
    door.provider.published.append(short.jwk)
    assert await door.sign_in(short.sign) == problem("token")


async def test_new_keys_are_found_and_a_stream_of_unknown_names_asks_for_them_once(door: Door) -> None:
    await door.house.colleague()
    assert await door.sign_in() == "/app/"
    rotated = Key("second")
    door.provider.published = [rotated.jwk]
    assert await door.sign_in(rotated.sign) == "/app/"
    before = door.provider.said.count("/jwks")
    assert await door.sign_in(door.provider.key.sign) == problem("token"), "the old key is gone"
    for number in range(5):
        assert await door.sign_in(Key(f"guessed-{number}").sign) == problem("token")
    assert door.provider.said.count("/jwks") == before
