"""A real SMTP server by others (aiosmtpd) on a free port, and messages to send to it."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from antiphon.channels.adapters.email.smtp import SmtpAdapter, SmtpSettings
from antiphon.kernel.records import DeliveryId, EmailBody, Outgoing


class Inbox:
    """Keeps what arrives. Tests override a hook to misbehave; `offers` are further lines of EHLO."""

    def __init__(self, *offers: str) -> None:
        self.offers = offers or ("PIPELINING",)
        self.letters: list[Envelope] = []
        self.sessions = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        return [responses[0], *[f"250-{offer}" for offer in self.offers if offer != "none"], *responses[1:]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.letters.append(envelope)
        return f"250 2.0.0 Ok: queued as Q{len(self.letters)}"

    @property
    def recipients(self) -> list[str]:
        return [letter.rcpt_tos[0] for letter in self.letters]


@asynccontextmanager
async def served(
    inbox: Any,
    *,
    make: Callable[..., SMTP] = SMTP,
    implicit_tls: ssl.SSLContext | None = None,
    **options: Any,
) -> AsyncIterator[int]:
    """The port of an aiosmtpd server with this handler."""
    loop = asyncio.get_running_loop()
    options.setdefault("hostname", "mx.example")
    server = await loop.create_server(lambda: make(inbox, loop=loop, **options), "127.0.0.1", 0, ssl=implicit_tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def adapter_to(port: int, **settings: Any) -> AsyncIterator[SmtpAdapter]:
    settings = {"host": "127.0.0.1", "security": "none", "envelope_domain": "bounce.shop.example"} | settings
    adapter = SmtpAdapter(SmtpSettings(port=port, **settings))
    try:
        yield adapter
    finally:
        await adapter.close()


def letter(n: int = 1, *, to: str = "", deadline_in_s: float = 30.0, **body: Any) -> Outgoing:
    fields = {
        "sender": "hello@shop.example",
        "sender_name": "Shop",
        "subject": "News",
        "html": f"<p>Hello {n}</p>",
        "text": f"Hello {n}",
    }
    return Outgoing(
        delivery=DeliveryId(n),
        token=f"t{n}",
        to=to or f"person{n}@example.org",
        body=EmailBody(**(fields | body)),
        deadline_wall=time.time() + deadline_in_s,
    )


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A CA file and the context of a server that it has signed for 127.0.0.1."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
    ca = _certificate(ca_name, ca_name, ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=0))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    san = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = _certificate(name, ca_name, key, ca_key, san)
    ca_file, leaf_file = folder / "ca.pem", folder / "leaf.pem"
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    leaf_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf_file)
    return ca_file, context


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signed_by: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
    return builder.not_valid_after(now + datetime.timedelta(days=1)).sign(signed_by, hashes.SHA256())
