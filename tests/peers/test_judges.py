"""What judges our mail at the other end: Mail::DKIM verifies both signatures behind Postfix, rspamd finds nothing."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from base64 import b64encode
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from antiphon.channels.adapters.email.smtp import DkimKey
from channels.email_peer import Inbox, adapter_to, letter, served
from peers.programs import names, needed, postfix, rspamd

RSA, ED25519 = generate_private_key(public_exponent=65537, key_size=2048), Ed25519PrivateKey.generate()
SPKI = b64encode(RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
RAW = b64encode(ED25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
RECORDS = {
    "one._domainkey.shop.example": f"v=DKIM1; k=rsa; p={SPKI}",
    "two._domainkey.shop.example": f"v=DKIM1; k=ed25519; p={RAW}",
    "_dmarc.shop.example": "v=DMARC1; p=reject",
    "bounce.shop.example": "v=spf1 ip4:192.0.2.1 -all",
}
HOSTS = {"bounce.shop.example": "192.0.2.1", "shop.example": "192.0.2.1"}
NEWS = {
    "sender": "hello@shop.example",
    "sender_name": "Larkspur Größe",
    "subject": "Twenty percent off everything in blue – until Sunday",
    "text": "Hello Jo,\r\n\r\nuntil Sunday everything in blue costs a fifth less.\r\n\r\nLarkspur, Garden Street 5\r\n",
    "html": (
        "<!doctype html><html><head><title>Blue</title></head><body><p>Hello Jo,</p><p>until Sunday everything in blue "
        'costs a fifth less.</p><p><a href="https://shop.example/blue">See the blue things</a></p>'
        "<p>Larkspur, Garden Street 5</p></body></html>"
    ),
    "unsubscribe_url": "https://shop.example/u/abc",
    "feedback_id": "7:3:campaign:larkspur",
}


def pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def through_postfix(**body: str) -> bytes:
    """As it arrived at somebody else's mail exchanger."""
    inbox = Inbox("PIPELINING", "8BITMIME")
    keys = [
        {"domain": "shop.example", "selector": selector, "private_key": pem(key)}
        for selector, key in (("one", RSA), ("two", ED25519))
    ]
    async with served(inbox, make=SMTP, enable_SMTPUTF8=True) as port:
        with postfix({"example.org": port}) as relay:
            async with adapter_to(relay, dkim=[DkimKey(**key) for key in keys]) as adapter:
                await adapter.send_many([letter(1, **(NEWS | body))])
            end = time.monotonic() + 10
            while not inbox.letters:
                assert time.monotonic() < end
                await asyncio.sleep(0.05)
    return bytes(inbox.letters[0].content)


@pytest.mark.parametrize(
    "body", [{}, {"text": "Größe\n.\n..\nFrom me\n  blanks  \n\n\n", "html": ""}], ids=["news", "awkward"]
)
async def test_the_signature_holds_behind_postfix_and_covers_the_way_out(body: dict[str, str]) -> None:
    """Mail::DKIM of Debian 12 knows no Ed25519: rspamd and dkimpy verify that one."""
    perl = needed("perl", "perl")
    if await _run(perl, "-MMail::DKIM", "-e", "1") is None:
        pytest.skip("needs Mail::DKIM (Debian: libmail-dkim-perl); `make test-peers` installs it where it may")
    raw = await through_postfix(**body)
    with names(RECORDS) as dns:
        said = await _run(perl, str(Path(__file__).with_name("verify_dkim.pl")), str(dns), given=raw)
    found = {line[0]: line[1:] for line in (line.split("\t") for line in (said or "").splitlines())}
    assert found["rsa-sha256"][:3] == ["shop.example", "one", "pass"]
    for algorithm in ("rsa-sha256", "ed25519-sha256"):
        covered = set(found[algorithm][3].split(":"))
        assert {"list-unsubscribe", "list-unsubscribe-post", "feedback-id", "from", "subject"} <= covered


async def test_a_signature_of_changed_mail_does_not_hold() -> None:
    """The judge can say no."""
    raw = (await through_postfix()).replace(b"costs a fifth less", b"costs a third less", 1)
    with names(RECORDS, HOSTS) as dns, rspamd(dns) as port:
        said = await asyncio.to_thread(_scan, port, raw)
    assert "R_DKIM_ALLOW" not in said["symbols"]
    assert "R_DKIM_REJECT" in said["symbols"]


async def test_a_filter_finds_both_signatures_and_lets_our_mail_in() -> None:
    raw = await through_postfix()
    with names(RECORDS, HOSTS) as dns, rspamd(dns) as port:
        said = await asyncio.to_thread(_scan, port, raw)
    symbols = said["symbols"]
    scores = {name: each["score"] for name, each in symbols.items()}
    assert said["action"] == "no action", scores
    assert said["score"] < min(4.0, said["required_score"]), scores  # 4: greylisting, of the packaged rules
    assert {"R_DKIM_ALLOW", "HAS_LIST_UNSUB", "DMARC_POLICY_ALLOW", "R_SPF_ALLOW"} <= symbols.keys(), scores
    assert sorted(symbols["R_DKIM_ALLOW"]["options"]) == ["shop.example:s=one", "shop.example:s=two"]


async def _run(*command: str, given: bytes = b"") -> str | None:
    """What a program says; None where it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await asyncio.wait_for(process.communicate(given), timeout=30)
    return said.decode() if process.returncode == 0 else None


def _scan(port: int, raw: bytes) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/checkv2",
        data=raw,
        headers={
            "From": "bounce+t1@bounce.shop.example", "Rcpt": "person1@example.org", "IP": "192.0.2.1",
            "Helo": "bounce.shop.example", "Hostname": "bounce.shop.example", "Queue-Id": "Q1", "Date": formatdate(),
        },
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))
