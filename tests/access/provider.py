"""A small OpenID provider that can be made to misbehave: it signs whatever a test says with keys of its own."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from access.serving import served

Sign = Callable[[dict[str, Any]], str]
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")


class Key:
    """Named `kid`; `jwk` is its public half."""

    def __init__(self, kid: str, algorithm: str = "ES256", *, bits: int = 2048) -> None:
        made: Any = (
            ec.generate_private_key(ec.SECP256R1())
            if algorithm == "ES256"
            else ed25519.Ed25519PrivateKey.generate()
            if algorithm == "EdDSA"
            else rsa.generate_private_key(public_exponent=65537, key_size=bits)
        )
        self.private, self.algorithm, self.kid = made, algorithm, kid
        names = {"RS256": "RSAAlgorithm", "PS256": "RSAPSSAlgorithm", "ES256": "ECAlgorithm", "EdDSA": "OKPAlgorithm"}
        kind: Any = getattr(jwt.algorithms, names[algorithm])
        self.jwk = {**kind.to_jwk(made.public_key(), as_dict=True), "kid": kid, "use": "sig"}
        self.jwk.pop("key_ops", None)

    def sign(self, claims: dict[str, Any], **header: str) -> str:
        return jwt.encode(claims, self.private, algorithm=self.algorithm, headers={"kid": self.kid, **header})


@dataclass
class Asked:
    """What our redirect asked of the provider."""

    state: str
    nonce: str
    challenge: str
    redirect_uri: str
    scope: str


@dataclass
class Provider:
    """`published` are the keys at `jwks_uri`; `said` counts requests by path; `discovery` is laid over the document."""

    issuer: str
    key: Key
    published: list[dict[str, Any]]
    client: tuple[str, str] = ("antiphon", "s:e c+ret")
    codes: dict[str, tuple[Asked, dict[str, Any], Sign]] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=lambda: {"sub": "subject-1"})
    said: list[str] = field(default_factory=list)

    def read(self, location: str) -> Asked:
        """What stands in the address that a browser is sent to."""
        assert location.startswith(f"{self.issuer}/authorize?")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", self.client[0])
        assert asked["code_challenge_method"] == "S256"
        return Asked(asked["state"], asked["nonce"], asked["code_challenge"], asked["redirect_uri"], asked["scope"])

    def claims(self, asked: Asked, **changed: Any) -> dict[str, Any]:
        """Of an honest ID token; what is None is left out, a timedelta is so long from now."""
        now = int(time.time())
        changed = {
            name: now + int(value.total_seconds()) if isinstance(value, timedelta) else value
            for name, value in changed.items()
        }
        honest = {
            "iss": self.issuer,
            "aud": self.client[0],
            "sub": "subject-1",
            "iat": now,
            "exp": now + 300,
            "nonce": asked.nonce,
            "email": "ada@example.org",
            "email_verified": True,
            "name": "Ada Lovelace",
        }
        return {name: value for name, value in {**honest, **changed}.items() if value is not None}

    def code(self, asked: Asked, claims: dict[str, Any], sign: Sign | None = None) -> str:
        code = secrets.token_urlsafe(16)
        self.codes[code] = (asked, claims, sign or self.key.sign)
        return code

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = (await receive()).get("body", b"")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.said.append(scope["path"])
        status, answer = self._answer(scope["path"], headers, body.decode())
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _answer(self, path: str, headers: dict[str, str], body: str) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            pages = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
            names = ("authorize", "token", "jwks", "me")
            urls = {page: f"{self.issuer}/{name}" for page, name in zip(pages, names, strict=True)}
            return 200, {"issuer": self.issuer, **urls, **self.discovery}
        if path == "/jwks":
            return 200, {"keys": self.published}
        if path == "/me":
            return 200, self.userinfo
        return self._tokens(headers, {name: values[0] for name, values in parse_qs(body).items()})

    def _tokens(self, headers: dict[str, str], form: dict[str, str]) -> tuple[int, Any]:
        """Only for our client, the right verifier (RFC 7636 4.6), and once."""
        if "authorization" in headers:
            both = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
            client = tuple(unquote(part) for part in both.split(":"))
        else:
            client = (form.get("client_id", ""), form.get("client_secret", ""))
        if client != self.client:
            return 401, {"error": "invalid_client"}
        asked, claims, sign = self.codes.pop(form.get("code", ""), (None, {}, self.key.sign))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked.challenge or form.get("redirect_uri") != asked.redirect_uri:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": sign(claims)}


@contextlib.asynccontextmanager
async def open_provider(algorithm: str = "ES256") -> AsyncIterator[Provider]:
    listening = socket.create_server(("127.0.0.1", 0))
    key = Key("first", algorithm)
    made = Provider(f"http://127.0.0.1:{listening.getsockname()[1]}", key, [key.jwk])
    async with served(made, listening):
        yield made
