"""Calls of Amazon SNS: who signed them, and the handshake of a subscription.

Source: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages" (read 2026-11). Anybody with an
account there can have SNS sign a message for a topic of theirs: so the topic is the one of the settings, or nothing.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509.oid import NameOID

from antiphon.channels.adapter import Callback, Forged
from antiphon.channels.adapters.email.http_calls import decoded, mapping, require_recent, text
from antiphon.channels.adapters.email.http_client import Answer, HttpClient
from antiphon.kernel.errors import Busy

log = structlog.get_logger()

PAST_S: Final = 7 * 3600.0
"""SNS repeats a call to a customer's endpoint 50 times over 6 hours (its guide, "Message delivery retries")."""
CERTIFICATES_MAX: Final = 8
# Signed, in this order; each as "name\nvalue\n".
SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}

_CERTIFICATE = re.compile(r"https://sns\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/SimpleNotificationService-[0-9a-f]+\.pem")
_SUBSCRIBE = re.compile(r"https://sns\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/\?[!-~]+")


class Sns:
    """`instead_url`: certificates are got and subscriptions confirmed there, for a stand-in of Amazon."""

    def __init__(self, client: HttpClient, *, topic_arn: str, instead_url: str = "") -> None:
        self._client, self._topic_arn, self._instead_url = client, topic_arn, instead_url.rstrip("/")
        self._certificates: OrderedDict[str, x509.Certificate] = OrderedDict()
        self._fetching = asyncio.Lock()

    async def heard(self, request: Callback) -> str | None:
        """What a notification says, its signature proven; None after a handshake. Raises Forged."""
        said = mapping(decoded(request.body))
        kind = text(said.get("Type"))
        if kind not in SIGNED or not self._topic_arn or said.get("TopicArn") != self._topic_arn:
            raise Forged
        await self._prove(said, kind, request)
        if kind == "SubscriptionConfirmation":
            await self._confirm(text(said.get("SubscribeURL")))
        elif kind == "UnsubscribeConfirmation":
            log.warning("callback.unsubscribed", topic=self._topic_arn)
        return text(said.get("Message")) if kind == "Notification" else None

    async def _prove(self, said: dict[str, Any], kind: str, request: Callback) -> None:
        try:
            at_s = datetime.fromisoformat(text(said.get("Timestamp"))).timestamp()
            signature = b64decode(text(said.get("Signature")), validate=True)
        except (ValueError, OverflowError) as error:
            raise Forged from error
        require_recent(request, at_s, past_s=PAST_S)
        hashes = {"1": SHA1(), "2": SHA256()}  # noqa: S303  # version 1 is the default of every topic
        algorithm = hashes.get(text(said.get("SignatureVersion")))
        if algorithm is None:
            raise Forged
        certificate = await self._certificate(text(said.get("SigningCertURL")))
        now = datetime.fromtimestamp(request.wall, UTC)
        key = certificate.public_key()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise Forged
        if not isinstance(key, RSAPublicKey):
            raise Forged
        try:
            key.verify(signature, to_sign(said, kind), PKCS1v15(), algorithm)
        except InvalidSignature as error:
            raise Forged from error

    async def _certificate(self, url: str) -> x509.Certificate:
        """Got once, over TLS from Amazon's own host in the topic's region, and kept."""
        if not self._is_of_the_region(_CERTIFICATE, url):
            raise Forged
        if url in self._certificates:  # nobody waits for what a stranger lets us ask for
            return self._certificates[url]
        async with self._fetching:
            if url not in self._certificates:
                certificate = _read(await self._get(url))
                while len(self._certificates) >= CERTIFICATES_MAX:
                    self._certificates.popitem(last=False)
                self._certificates[url] = certificate
            return self._certificates[url]

    async def _confirm(self, url: str) -> None:
        if not self._is_of_the_region(_SUBSCRIBE, url):
            raise Forged
        await self._get(url)
        log.info("callback.subscribed", topic=self._topic_arn)

    def _is_of_the_region(self, form: re.Pattern[str], url: str) -> bool:
        found = form.fullmatch(url)
        return found is not None and found[1] == self._topic_arn.split(":")[3]

    async def _get(self, url: str) -> bytes:
        place = urlsplit(url)
        headers = {}
        if self._instead_url:
            url = f"{self._instead_url}{place.path}" + (f"?{place.query}" if place.query else "")
            headers["host"] = place.netloc
        answer = await self._client.get(url, headers=headers)
        if not isinstance(answer, Answer) or answer.status != 200:
            raise Busy("Amazon could not be asked.")  # SNS calls again
        return answer.body


def to_sign(said: dict[str, Any], kind: str) -> bytes:
    return "".join(f"{name}\n{text(said[name])}\n" for name in SIGNED[kind] if said.get(name) is not None).encode()


def _read(pem: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise Forged from error
    names = [text(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != ["sns.amazonaws.com"]:
        raise Forged
    return certificate
