"""The bytes of a message, read back by the standard library, aiosmtpd and dkimpy."""

from __future__ import annotations

import email
import email.header
import email.policy
import email.utils
import re
from functools import cache
from types import SimpleNamespace

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon.channels.adapters.email.headers import Unsafe, mailbox
from antiphon.channels.adapters.email.letter import Letter, write_letter
from antiphon.channels.adapters.email.mime import assemble, dot_stuff
from antiphon.channels.adapters.email.reply import Extensions
from antiphon.channels.adapters.email.smtp import DkimKey
from antiphon.kernel.records import EmailBody, Refused
from channels.email_peer import Inbox, adapter_to, letter, served

SERVER = Extensions(pipelining=True, eight_bit=True, utf8=True)


def written(outgoing, *, offered=SERVER, signers=(), at_wall=1_800_000_000.0) -> Letter | Refused:
    return write_letter(
        outgoing,
        envelope_domain="bounce.shop.example",
        signers=signers,
        offered=offered,
        at_wall=at_wall,
        size_max=10_000_000,
    )


def received(outgoing, **options) -> bytes:
    """What a server has after it took the dots away (RFC 5321 4.5.2)."""
    content = written(outgoing, **options).content
    lines = content.removesuffix(b".\r\n").split(b"\r\n")
    return b"\r\n".join([line[1:] if line.startswith(b".") else line for line in lines])


def parsed(outgoing, **options):
    return email.message_from_bytes(received(outgoing, **options), policy=email.policy.default)


def test_the_standard_library_reads_back_every_header_and_part():
    message = parsed(
        letter(
            5,
            sender="hello@shop.example",
            sender_name="Café „Zur Post“, Inh. A. Müller",
            subject="Ihre Bestellung ist unterwegs – mit vielen Grüßen aus der Küche und dem Rest des Hauses 🎉",
            text="Grüße\n.\n..\nEnde",
            html="<p>Grüße</p>\r\n.\r\n",
            reply_to="Antwort@shop.example",
            unsubscribe_url="https://shop.example/u/abc?x=1&y=2",
            feedback_id="spring:4711:campaign:shop",
        )
    )
    assert message["From"].addresses[0].display_name == "Café „Zur Post“, Inh. A. Müller"
    assert message["From"].addresses[0].addr_spec == "hello@shop.example"
    assert message["To"] == "person5@example.org"
    assert message["Subject"].startswith("Ihre Bestellung ist unterwegs – mit vielen Grüßen")
    assert message["Subject"].endswith("dem Rest des Hauses 🎉")
    assert message["Date"].datetime.timestamp() == 1_800_000_000
    assert message["Message-ID"] == "<t5@shop.example>"
    assert message["Reply-To"] == "Antwort@shop.example"
    assert message["List-Unsubscribe"] == "<https://shop.example/u/abc?x=1&y=2>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Feedback-ID"] == "spring:4711:campaign:shop"
    assert message["X-Antiphon-Delivery"] == "t5"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text["Content-Transfer-Encoding"] == "8bit"
    assert text.get_content().replace("\r\n", "\n") == "Grüße\n.\n..\nEnde"
    assert html.get_content().replace("\r\n", "\n") == "<p>Grüße</p>\n.\n"
    assert not message.defects


def test_one_part_alone_is_no_multipart():
    assert parsed(letter(html="")).get_content_type() == "text/plain"
    assert parsed(letter(text="")).get_content_type() == "text/html"
    assert parsed(letter(text="", html="")).get_content().strip() == ""


def test_without_an_unsubscribe_link_there_are_no_list_headers():
    assert not {"list-unsubscribe", "list-unsubscribe-post"} & {name.lower() for name in parsed(letter())}


@pytest.mark.parametrize("length", [997, 998, 999, 5000])
def test_no_line_is_longer_than_998_octets(length):
    message = letter(text="short\n" + "x" * length + "\nshort", html="é" * length)
    raw = received(message)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    text, html = email.message_from_bytes(raw, policy=email.policy.default).iter_parts()
    assert text["Content-Transfer-Encoding"] == ("7bit" if length <= 998 else "quoted-printable")
    assert text.get_content().replace("\r\n", "\n") == "short\n" + "x" * length + "\nshort"
    assert html.get_content().strip() == "é" * length


async def test_long_lines_and_dots_survive_a_real_server():
    inbox = Inbox()
    text = "\n".join([".", "..", ".x", "y" * 3000, ".", ""])
    async with served(inbox) as port, adapter_to(port) as adapter:
        await adapter.send_many([letter(1, text=text)])
    message = email.message_from_bytes(inbox.letters[0].content, policy=email.policy.default)
    assert next(message.iter_parts()).get_content().replace("\r\n", "\n") == text


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(".\r\n =\0é"), max_size=400)


def lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(text=ANY_TEXT, html=ANY_TEXT, eight_bit=st.booleans())
@example(text=".", html="\n.\n", eight_bit=True)
@example(text="a \nb\t\n", html="=" * 200, eight_bit=False)
@example(text="--=_t1\n--=_t1--", html="--==_t1", eight_bit=True)
@example(text="x" * 1000 + "\n.", html="\0", eight_bit=True)
def test_bodies_come_back_whole(text, html, eight_bit):
    raw = received(letter(text=text, html=html), offered=Extensions(eight_bit=eight_bit))
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert eight_bit or raw.isascii()
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    parts = list(message.iter_parts()) if message.is_multipart() else [message]
    contents = [lines_of(part.get_payload(decode=True).decode()) for part in parts]
    if text and html:
        assert contents == [lines_of(text), lines_of(html)]
    else:
        assert [each.rstrip("\n") for each in contents] == [lines_of(text or html).rstrip("\n")]


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\r" not in line and b"\n" not in line)))
def test_no_line_inside_a_message_is_a_lone_dot_and_the_dots_come_back(lines):
    content = b"".join([line + b"\r\n" for line in lines])
    stuffed = dot_stuff(content)
    assert b"\r\n.\r\n" not in b"\r\n" + stuffed
    back = [line[1:] if line.startswith(b".") else line for line in stuffed.split(b"\r\n")]
    assert b"\r\n".join(back) == content


HOSTILE = st.text(st.characters() | st.sampled_from('\r\n:<>"\\,;=?\0\u2028\x85 '), max_size=300)
NAMES = ["from", "to", "subject", "date", "message-id", "x-antiphon-delivery", "mime-version", "content-type"]


@given(subject=HOSTILE, name=HOSTILE, feedback=HOSTILE)
@example(subject="Hi\r\nBcc: all@example.org", name='"\r\n\r\nbody', feedback="a\nX: y")
@example(subject="=?utf-8?B?SGk=?=", name="=?utf-8?Q?x?=", feedback="")
@example(subject="word " * 100, name="N" * 200, feedback="x" * 2000)
def test_no_text_makes_a_header_of_its_own(subject, name, feedback):
    raw = received(letter(subject=subject, sender_name=name, feedback_id=feedback))
    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not [line for line in lines if not line.strip() or b"\r" in line or b"\n" in line]
    names = [line.partition(b":")[0].decode().lower() for line in lines if not line.startswith(b" ")]
    assert [each for each in names if each != "feedback-id"] == NAMES
    assert head.isascii()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200))
@example("=?utf-8?B?SGk=?=")
@example("An ASCII subject that is long enough to be folded, at least once or even twice, and says nothing else at all")
def test_subject_and_name_are_read_back_as_they_were(text):
    wanted = re.sub(" +", " ", text).strip()
    outgoing = letter(subject=text, sender_name=text)
    assert parsed(outgoing)["Subject"] == wanted
    # The newer API puts blanks between the encoded words of a name (RFC 2047 6.2 says otherwise); the older does not.
    name, address = email.utils.parseaddr(email.message_from_bytes(received(outgoing))["From"])
    assert str(email.header.make_header(email.header.decode_header(name))) == wanted
    assert address == "hello@shop.example"


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@b", "a@", "a b@c", "a@b\r\nRCPT TO:<x@y>", "a\n@b.c", "<a@b>", "a@b>", '"a b"@c.d', "a@[127.0.0.1]",
        "a@b@c", "a..b@c", ".a@b", "a@-b.c", "a@b..c", "x" * 65 + "@b.c", "a@" + "b." * 130 + "c",
        "a\u2028@b.c", "a\x85@b.c",
        "a@b_c.d", "a,b@c.d", "a@é\r\n.com", "\ud800@b.c",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_as_an_address(address):
    assert written(letter(to=address or " ")).failure == "address"


@given(st.text(st.characters() | st.sampled_from("@.<>\r\n "), max_size=80))
def test_an_address_never_holds_what_could_end_it(text):
    try:
        address = str(mailbox(f"{text}@example.org"))
    except Unsafe:
        return
    assert not re.search(r"[\s<>\x00-\x20\x7f-\x9f,;:\"()\[\]\\]", address)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sender": "a@b\r\nBcc: c"}, "bad_header"),
        ({"reply_to": "a@b>\r\nBcc: c"}, "bad_header"),
        ({"unsubscribe_url": "https://x.example/>\r\nBcc: c"}, "bad_header"),
        ({"unsubscribe_url": "javascript:alert(1)"}, "bad_header"),
        ({"unsubscribe_url": "https://x.example/" + "a" * 1000}, "bad_header"),
        ({"text": "x" * 11_000_000}, "5.3.4"),
    ],
)
def test_what_cannot_be_a_message_is_refused_as_a_message(change, code):
    refused = written(letter(**change))
    assert (refused.failure, refused.code) == ("message", code)


# -- DKIM


@cache
def key_pair(kind: str) -> tuple[str, bytes]:
    """A private key in PEM and its DNS record (RFC 6376 3.6.1, RFC 8463 4.2)."""
    from base64 import b64encode

    if kind == "rsa":
        key = rsa.generate_private_key(65537, 2048)
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    else:
        key = ed25519.Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode(), f"v=DKIM1; k={kind}; p={b64encode(public).decode()}".encode()


def keys(*kinds: str) -> list[DkimKey]:
    return [DkimKey(domain="shop.example", selector=kind, private_key=key_pair(kind)[0]) for kind in kinds]


def dns(name: bytes, timeout: int = 5) -> bytes:
    return key_pair(name.decode().partition(".")[0])[1]


async def signed(*kinds: str, **body) -> bytes:
    inbox = Inbox()
    async with served(inbox) as port, adapter_to(port, dkim=keys(*kinds)) as adapter:
        await adapter.send_many([letter(1, **body)])
    return inbox.letters[0].content


RICH = {
    "subject": "Grüße und ein Betreff, der so lang ist, dass er auf mehrere Zeilen verteilt werden muss",
    "text": "Hallo \n.\n\n\n",
    "html": "<p>Grüße</p>\n\n",
    "unsubscribe_url": "https://shop.example/u/1",
    "reply_to": "re@shop.example",
    "feedback_id": "a:b:c:d",
}


@pytest.mark.parametrize("kinds", [("rsa",), ("ed25519",), ("rsa", "ed25519")], ids="+".join)
async def test_dkimpy_verifies_every_signature_of_what_arrived(kinds):
    raw = await signed(*kinds, **RICH)
    assert raw.count(b"DKIM-Signature:") == len(kinds)
    verifier = dkim.DKIM(raw)
    assert [verifier.verify(idx=i, dnsfunc=dns) for i in range(len(kinds))] == [True] * len(kinds)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("body", [{"html": ""}, {"text": "", "html": ""}, {"text": "\n\n", "html": ""}])
async def test_single_and_empty_parts_are_verified_too(kind, body):
    assert dkim.verify(await signed(kind, **body), dnsfunc=dns)


async def test_whoever_changes_or_adds_breaks_the_signature():
    raw = await signed("ed25519", **RICH)
    changes = [
        (b"Subject: ", b"Subject: x"),
        (b"/u/1", b"/u/2"),
        (b"One-Click", b"Two-Click"),
        (b"<p>", b"<b>"),
        (b"\r\nTo: ", b"\r\nFrom: evil@example.org\r\nTo: "),
    ]
    for old, new in changes:
        assert old in raw
        assert not dkim.verify(raw.replace(old, new, 1), dnsfunc=dns), old
    assert not dkim.verify(b"From: evil@example.org\r\n" + raw, dnsfunc=dns)


async def test_the_headers_that_rfc_8058_and_mime_need_are_covered():
    raw = await signed("rsa", **RICH)
    covered = re.search(rb"h=([^;]*);", raw)[1].replace(b"\r\n ", b"").split(b":")
    wanted = b"from to subject date message-id list-unsubscribe list-unsubscribe-post mime-version content-type"
    assert set(wanted.split()) <= set(covered)
    assert covered.count(b"from") == 2


async def test_a_key_signs_for_its_domain_and_below_and_for_no_other():
    assert dkim.verify(await signed("rsa", sender="a@news.shop.example"), dnsfunc=dns)
    assert b"DKIM-Signature" not in await signed("rsa", sender="a@myshop.example")


def test_a_weak_or_strange_key_is_refused():
    from antiphon.channels.adapters.email.dkim import Signer

    weak = SimpleNamespace(key=rsa.generate_private_key(65537, 1024))
    pem = weak.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
    Signer(domain="a.example", selector="s", private_key=pem)
    from cryptography.hazmat.primitives.asymmetric import ec

    odd = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="RSA or an Ed25519"):
        Signer(domain="a.example", selector="s", private_key=odd.decode())


def test_what_nobody_wrote_by_hand_says_so_and_a_letter_offers_to_unsubscribe_by_mail() -> None:
    body = EmailBody(
        "hello@example.org", "Larkspur", "Hi", "", "Hi", unsubscribe_url="https://x.example/u/t", automatic=True
    )
    message = assemble(body, to="a@example.org", token="t", at_wall=0.0, eight_bit=True, inbox="b.example.org")
    headers = dict(message.headers)
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe"] == "<https://x.example/u/t>, <mailto:unsubscribe+t@b.example.org>"
    assert headers["Reply-To"] == "<reply+t@b.example.org>"
    plain = assemble(body, to="a@example.org", token="t", at_wall=0.0, eight_bit=True)
    assert dict(plain.headers)["List-Unsubscribe"] == "<https://x.example/u/t>"
