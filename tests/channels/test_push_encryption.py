"""Sealing for Web Push against the RFC's own example and an implementation by others."""

import json
import os
import time
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from antiphon.channels.adapters.push import encryption
from antiphon.channels.adapters.push.encryption import BadKeys, Vapid, decode64, encode64
from antiphon.kernel.keys import new_vapid_key

EXAMPLE = Path(__file__).parents[2] / "../shared/data/conformance/webpush_aes128gcm.json"
BROWSER = ec.generate_private_key(ec.SECP256R1())
P256DH = BROWSER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
AUTH = os.urandom(16)


@pytest.fixture
def example():
    if not EXAMPLE.exists():
        pytest.skip(f"no shared data: {EXAMPLE.name}")
    [found] = json.loads(EXAMPLE.read_text())
    return found


def test_the_example_of_the_rfc(example):
    ours = encryption.private_key_of(example["as_private"])
    sealed = encryption.encrypt(
        example["plaintext"].encode(),
        p256dh=decode64(example["ua_public"]),
        auth=decode64(example["auth_secret"]),
        salt=decode64(example["salt"]),
        private_key=ours,
    )
    assert encode64(sealed) == example["body"]


def test_the_example_opens_again(example):
    theirs = encryption.private_key_of(example["ua_private"])
    auth = decode64(example["auth_secret"])
    opened = encryption.decrypt(decode64(example["body"]), private_key=theirs, auth=auth)
    assert opened.decode() == example["plaintext"]


@given(st.binary(max_size=encryption.PLAINTEXT_OCTETS_MAX))
def test_another_implementation_opens_what_we_seal(plaintext):
    sealed = encryption.encrypt(plaintext, p256dh=P256DH, auth=AUTH)
    assert http_ece.decrypt(sealed, private_key=BROWSER, auth_secret=AUTH, version="aes128gcm") == plaintext
    assert encryption.decrypt(sealed, private_key=BROWSER, auth=AUTH) == plaintext
    assert len(sealed) <= encryption.BODY_OCTETS_MAX


def test_the_largest_message_fills_the_body_and_one_more_is_refused():
    assert encryption.PLAINTEXT_OCTETS_MAX == 3993
    assert len(encryption.encrypt(b"x" * 3993, p256dh=P256DH, auth=AUTH)) == 4096
    with pytest.raises(ValueError, match="3993"):
        encryption.encrypt(b"x" * 3994, p256dh=P256DH, auth=AUTH)


def test_no_two_bodies_are_alike():
    first, second = (encryption.encrypt(b"same", p256dh=P256DH, auth=AUTH) for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [(b"", AUTH), (P256DH[:-1], AUTH), (b"\x04" + b"\x01" * 64, AUTH), (P256DH, b""), (P256DH, b"x" * 17)],
    ids=["no point", "short point", "not on the curve", "no auth", "long auth"],
)
def test_keys_that_no_browser_makes_are_refused(p256dh, auth):
    with pytest.raises(BadKeys):
        encryption.encrypt(b"x", p256dh=p256dh, auth=auth)


@given(st.binary(max_size=200))
def test_what_was_not_sealed_for_us_does_not_open(body):
    with pytest.raises(ValueError, match="not made for these keys"):
        encryption.decrypt(body, private_key=BROWSER, auth=AUTH)


def opened(header):
    scheme, _, rest = header.partition(" ")
    fields = dict(field.strip().split("=", 1) for field in rest.split(","))
    head, claims, signature = fields["t"].split(".")
    point = decode64(fields["k"])
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    octets = decode64(signature)
    assert len(octets) == 64
    pair = encode_dss_signature(int.from_bytes(octets[:32], "big"), int.from_bytes(octets[32:], "big"))
    key.verify(pair, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return scheme, json.loads(decode64(head)), json.loads(decode64(claims))


def vapid():
    return Vapid(encryption.private_key_of(new_vapid_key()), subject="mailto:push@shop.example")


def test_the_token_says_who_we_are_to_whom_and_until_when():
    scheme, head, claims = opened(vapid().authorization("https://push.example", now_s=1_000_000))
    assert (scheme, head) == ("vapid", {"typ": "JWT", "alg": "ES256"})
    assert claims == {"aud": "https://push.example", "exp": 1_000_000 + 43_200, "sub": "mailto:push@shop.example"}


def test_another_implementation_takes_the_token():
    jwt = pytest.importorskip("jwt")
    ours = vapid()
    token = ours.authorization("https://push.example", now_s=time.time()).split("t=")[1].split(",")[0]
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode64(ours.public_key))
    assert (
        jwt.decode(token, key, algorithms=["ES256"], audience="https://push.example")["aud"] == "https://push.example"
    )


def test_a_token_is_kept_per_origin_and_made_anew_before_it_ends():
    ours = vapid()
    first = ours.authorization("https://a.example", now_s=0)
    assert ours.authorization("https://a.example", now_s=39_599) == first
    assert ours.authorization("https://b.example", now_s=0) != first
    later = ours.authorization("https://a.example", now_s=39_601)
    assert opened(later)[2]["exp"] == 39_601 + 43_200
    assert opened(ours.authorization("https://a.example", now_s=0))[2]["exp"] == 43_200  # the clock was set back


def test_origins_are_remembered_within_a_bound(monkeypatch):
    monkeypatch.setattr(encryption, "ORIGINS_MAX", 3)
    ours = vapid()
    for number in range(5):
        ours.authorization(f"https://{number}.example", now_s=0)
    assert list(ours._tokens) == [f"https://{number}.example" for number in (2, 3, 4)]


@pytest.mark.parametrize("subject", ["", "push@shop.example", "http://shop.example"])
def test_a_subject_that_nobody_can_write_to_is_refused(subject):
    with pytest.raises(ValueError, match="subject"):
        Vapid(encryption.private_key_of(new_vapid_key()), subject=subject)


@pytest.mark.parametrize("text", ["", "short", "é", "!" * 43, encode64(bytes(33))])
def test_a_private_key_of_another_form_is_refused(text):
    with pytest.raises(ValueError, match=r"32 octets|ASCII|base64|Only|padding|curve|positive"):
        encryption.private_key_of(text)


@given(st.binary(max_size=99))
def test_base64_in_both_alphabets_with_and_without_padding(octets):
    text = encode64(octets)
    assert decode64(text) == octets
    assert decode64(text + "=" * (-len(text) % 4)) == octets
    assert decode64(text.replace("-", "+").replace("_", "/")) == octets
