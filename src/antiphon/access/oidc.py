"""OpenID Connect Core 1.0: the authorization code flow with PKCE (RFC 7636), and what its tokens must say.

What a provider says of itself (Discovery 1.0) and its keys are kept for an hour; keys are asked for anew when a token
names one that is not known, at most once in `UNKNOWN_S`. Signatures are asymmetric only: RS256, PS256, ES256, EdDSA.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections import OrderedDict
from hmac import compare_digest
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt
import msgspec
from msgspec import Struct

from antiphon.access import calling, strength
from antiphon.access.sso_records import Claims, Provider, Refused
from antiphon.kernel import clock

KEEP_S = 3600.0
UNKNOWN_S = 10.0
PROVIDERS_MAX = 32
KEYS_MAX = 100
TOKEN_CHARS_MAX = 50_000
LEEWAY_S = 60
AGE_MAX_S = 900
"""A token that was issued longer ago did not come out of this sign-in."""
CLAIM_CHARS_MAX = 255
KINDS: dict[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
ID_TOKEN = frozenset({"jwt"})
LOGOUT_TOKEN = frozenset({"jwt", "logout+jwt"})
"""What the header may call it, in lower case (RFC 7515 4.1.9); many providers give the second no name of its own."""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Discovered(Struct, frozen=True):
    """What a provider says of itself, as far as we read it. RFC 8414 2 names the default of the last."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    id_token_signing_alg_values_supported: tuple[str, ...] = ()
    code_challenge_methods_supported: tuple[str, ...] | None = None


class _Keys(Struct, frozen=True):
    keys: list[dict[str, Any]]  # JWKs of kinds that we may not know


class _Tokens(Struct, frozen=True):
    id_token: str
    access_token: str = ""


class _Kept(Struct):
    discovered: Discovered
    keys: list[dict[str, Any]]
    until_s: float
    asked_anew_s: float = float("-inf")


class Flow(Struct, frozen=True):
    """What a sign-in needs again when the browser comes back."""

    state: str
    nonce: str
    verifier: str


def new_flow() -> Flow:
    return Flow(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


_kept: OrderedDict[str, _Kept] = OrderedDict()
_silent: dict[str, tuple[float, str]] = {}
"""By issuer, until when it is not asked, and what was wrong."""


async def discover(issuer: str, *, private: bool) -> Discovered:
    """Asked anew. Raises calling.NoAnswer with what to change."""
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    answer = await calling.get(url, private=private)
    if answer.status != 200:
        raise calling.NoAnswer(f"{url} answers {answer.status}: is this the issuer as the provider writes it?")
    try:
        found = msgspec.json.decode(answer.body, type=Discovered)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise calling.NoAnswer(f"{url} is no OpenID configuration: {error}.") from error
    if found.issuer != issuer:
        raise calling.NoAnswer(f"The provider calls itself {found.issuer[:200]}: type exactly that as the issuer.")
    return found


async def read_keys(discovered: Discovered, *, private: bool) -> list[dict[str, Any]]:
    """Raises calling.NoAnswer."""
    answer = await calling.get(discovered.jwks_uri, private=private)
    try:
        keys = msgspec.json.decode(answer.body, type=_Keys).keys[:KEYS_MAX] if answer.status == 200 else []
    except (msgspec.DecodeError, UnicodeDecodeError):
        keys = []
    if not keys:
        raise calling.NoAnswer(f"There are no keys at {discovered.jwks_uri} (it answers {answer.status}).")
    return keys


async def known(issuer: str, *, private: bool) -> Discovered:
    """At most an hour old. Raises calling.NoAnswer."""
    return (await _known(issuer, private=private)).discovered


async def _known(issuer: str, *, private: bool) -> _Kept:
    kept = _kept.get(issuer)
    if kept is None or kept.until_s < time.monotonic():
        kept = _kept[issuer] = await _asked(issuer, private=private)
    _kept.move_to_end(issuer)
    while len(_kept) > PROVIDERS_MAX:
        _kept.popitem(last=False)
    return kept


async def _asked(issuer: str, *, private: bool) -> _Kept:
    """Whoever did not answer is left alone for `UNKNOWN_S`: anybody may begin a sign-in, and as often as they like."""
    until_s, why = _silent.get(issuer, (0.0, ""))
    if until_s > time.monotonic():
        raise calling.NoAnswer(why)
    try:
        discovered = await discover(issuer, private=private)
        keys = await read_keys(discovered, private=private)
    except calling.NoAnswer as error:
        if len(_silent) >= PROVIDERS_MAX:
            _silent.clear()
        _silent[issuer] = time.monotonic() + UNKNOWN_S, str(error)
        raise
    return _Kept(discovered, keys, time.monotonic() + KEEP_S)


def forget(issuer: str) -> None:
    """Its settings were changed: it is asked anew."""
    _kept.pop(issuer, None)
    _silent.pop(issuer, None)


def authorization_url(
    discovered: Discovered, provider: Provider, flow: Flow, *, callback: str, age_max_s: int | None = None
) -> str:
    """`age_max_s`: whoever was asked longer ago is asked again (Core 3.1.2.1)."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(flow.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": callback,
        "scope": "openid email profile",
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if provider.acr:
        asked["acr_values"] = " ".join(provider.acr)
    if age_max_s is not None:
        asked["max_age"] = str(age_max_s)
    separator = "&" if urlsplit(discovered.authorization_endpoint).query else "?"
    return f"{discovered.authorization_endpoint}{separator}{urlencode(asked)}"


async def claims_for_code(provider: Provider, code: str, flow: Flow, *, callback: str, private: bool) -> Claims:
    """Who signed in. Raises Refused."""
    try:
        kept = await _known(provider.issuer, private=private)
        tokens = await _exchange(kept.discovered, provider, code, flow, callback=callback, private=private)
        said = await verify(provider, tokens.id_token, private=private)
        if not compare_digest(str(said.get("nonce", "")).encode(), flow.nonce.encode()):
            raise Refused("token", "the nonce is not that of this sign-in")
        if "email" not in said and kept.discovered.userinfo_endpoint and tokens.access_token:
            said = await _with_userinfo(kept.discovered.userinfo_endpoint, tokens, said, private=private)
    except calling.NoAnswer as error:
        raise Refused("provider", str(error)) from error
    return _claims(said)


async def _exchange(
    discovered: Discovered, provider: Provider, code: str, flow: Flow, *, callback: str, private: bool
) -> _Tokens:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "code_verifier": flow.verifier,
    }
    headers = {}
    methods = discovered.token_endpoint_auth_methods_supported
    if "client_secret_basic" in methods or "client_secret_post" not in methods:
        # RFC 6749 2.3.1: form-encoded each, then Basic.
        both = f"{quote(provider.client_id, safe='')}:{quote(provider.secret, safe='')}"
        headers["authorization"] = "Basic " + base64.b64encode(both.encode()).decode()
    else:
        form |= {"client_id": provider.client_id, "client_secret": provider.secret}
    answer = await calling.post_form(discovered.token_endpoint, form, private=private, headers=headers)
    if answer.status != 200:
        said = answer.json()
        error = said.get("error") if isinstance(said, dict) else None
        raise Refused("provider", f"the token endpoint answers {answer.status} {str(error)[:100]}")
    try:
        return msgspec.json.decode(answer.body, type=_Tokens)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("provider", f"the token endpoint gives no ID token: {error}") from error


async def _with_userinfo(url: str, tokens: _Tokens, said: dict[str, Any], *, private: bool) -> dict[str, Any]:
    """Core 5.3.2: it counts only for the same subject. An address and whether it is verified come from one place."""
    headers = {"authorization": f"Bearer {tokens.access_token}"}
    more = (await calling.get(url, private=private, headers=headers)).json()
    if not isinstance(more, dict) or more.get("sub") != said["sub"]:
        raise Refused("token", "userinfo speaks of somebody else")
    return {**said, **{claim: more.get(claim) for claim in ("email", "email_verified", "name")}}


async def verify(provider: Provider, token: str, *, private: bool, kinds: frozenset[str] = ID_TOKEN) -> dict[str, Any]:
    """The claims of a token that this provider has signed for us, lately. `kinds`: what its header may call it, if it
    does. Raises Refused, calling.NoAnswer."""
    if len(token) > TOKEN_CHARS_MAX:
        raise Refused("token", "too long")
    try:
        header = jwt.get_unverified_header(token)
        alg = header.get("alg")
        if alg not in KINDS:
            raise Refused("token", f"signed with {str(alg)[:20]}, which is not one of {', '.join(KINDS)}")
        kind = str(header.get("typ", "JWT")).lower().removeprefix("application/")
        if kind not in kinds:
            raise Refused("token", f"a token of the kind {kind[:40]}")
        key = jwt.PyJWK(await _key(provider, alg, header.get("kid"), private=private), algorithm=alg)
        said: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[alg],
            audience=provider.client_id,
            issuer=provider.issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud"], "enforce_minimum_key_length": True},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise Refused("token", f"{type(error).__name__}: {error}"[:300]) from error
    audience, party = said["aud"], said.get("azp")
    if (isinstance(audience, list) and len(audience) > 1 and party is None) or party not in (None, provider.client_id):
        raise Refused("token", "it was issued to another client (azp)")
    if clock.wall() - float(said["iat"]) > AGE_MAX_S + LEEWAY_S:
        raise Refused("token", "it was issued too long ago (iat)")
    return said


async def _key(provider: Provider, alg: str, kid: object, *, private: bool) -> dict[str, Any]:
    kept = await _known(provider.issuer, private=private)
    found = _fitting(kept.keys, alg, kid)
    if not found and kept.asked_anew_s < time.monotonic() - UNKNOWN_S:
        kept.asked_anew_s = time.monotonic()
        kept.keys = await read_keys(kept.discovered, private=private)
        found = _fitting(kept.keys, alg, kid)
    if len(found) != 1:
        raise Refused("token", f"{len(found)} keys of the provider fit it")
    return found[0]


def _fitting(keys: list[dict[str, Any]], alg: str, kid: object) -> list[dict[str, Any]]:
    """Of the right kind, for signatures, by the name that the token gives; without a name there must be just one."""
    kind, curve = KINDS[alg]
    return [
        key
        for key in keys
        if key.get("kty") == kind
        and (curve is None or key.get("crv") == curve)
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, alg)
        and (kid is None or key.get("kid") == kid)
    ]


def _claims(said: dict[str, Any]) -> Claims:
    subject, email, name, verified = (said.get(claim) for claim in ("sub", "email", "name", "email_verified"))
    if not isinstance(subject, str) or not 0 < len(subject) <= CLAIM_CHARS_MAX:
        raise Refused("token", "it names no subject")
    return Claims(
        subject=subject,
        email=email if isinstance(email, str) and 0 < len(email) <= CLAIM_CHARS_MAX else None,
        email_verified=verified is True or verified == "true",  # some say it as a text
        name=" ".join(name.split())[:CLAIM_CHARS_MAX] if isinstance(name, str) else "",
        told=strength.told_of(said),
    )


async def logout_subject(provider: Provider, token: str, *, private: bool) -> str:
    """Whom a logout token ends (Back-Channel Logout 1.0, 2.6). Raises Refused, calling.NoAnswer."""
    said = await verify(provider, token, private=private, kinds=LOGOUT_TOKEN)
    events = said.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or "nonce" in said:
        raise Refused("token", "it is no logout token")
    subject = said.get("sub")
    if not isinstance(subject, str) or not said.get("jti"):
        raise Refused("token", "a logout token needs sub and jti here")
    return subject
