"""TLS, credentials and extensions, against aiosmtpd and Postfix's smtp-sink."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket

import msgspec
import pytest
import uvloop
from aiosmtpd.smtp import AuthResult
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from antiphon.channels.adapter import Unreachable
from antiphon.channels.adapters.email.smtp import DkimKey, SmtpAdapter, SmtpSettings
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Accepted, NotSent
from channels.email_peer import Inbox, adapter_to, certificate, letter, served

# The hook that is to replace this fixture works for a whole folder only.
pytestmark = pytest.mark.filterwarnings("ignore:Overriding the .event_loop_policy. fixture")


@pytest.fixture(params=[asyncio.DefaultEventLoopPolicy, uvloop.EventLoopPolicy], ids=["asyncio", "uvloop"])
def event_loop_policy(request):
    """The product runs on uvloop; tests of others and small tools on asyncio. They differ in transports and TLS."""
    return request.param()


def check_password(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"shop", b"open sesame"), handled=False)


SIGNED_IN = {"username": "shop", "password": "open sesame"}


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_starttls_and_a_password(tmp_path, mechanism):
    ca_file, context = certificate(tmp_path)
    inbox = Inbox()
    options = {
        "tls_context": context,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": check_password,
        "auth_exclude_mechanism": {"PLAIN", "LOGIN"} - {mechanism},
    }
    async with (
        served(inbox, **options) as port,
        adapter_to(port, security="starttls", ca_file=str(ca_file), **SIGNED_IN) as adapter,
    ):
        await adapter.connect()
        results = await adapter.send_many([letter(n) for n in range(5)])
    assert all(isinstance(each, Accepted) for each in results)
    assert len(inbox.letters) == 5


async def test_tls_from_the_first_byte(tmp_path):
    ca_file, context = certificate(tmp_path)
    inbox = Inbox()
    async with (
        served(inbox, implicit_tls=context) as port,
        adapter_to(port, security="tls", ca_file=str(ca_file)) as adapter,
    ):
        results = await adapter.send_many([letter(n) for n in range(5)])
    assert all(isinstance(each, Accepted) for each in results)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_an_unknown_authority_gets_no_mail(tmp_path, security):
    _, context = certificate(tmp_path)
    inbox = Inbox()
    tls = {"implicit_tls": context} if security == "tls" else {"tls_context": context}
    async with served(inbox, **tls) as port, adapter_to(port, security=security) as adapter:
        results = await adapter.send_many([letter(1)])
    assert isinstance(results[0], NotSent)
    assert "certificate" in results[0].detail
    assert not inbox.letters


async def test_a_server_without_starttls_gets_no_mail_in_the_clear():
    inbox = Inbox()
    async with served(inbox) as port, adapter_to(port, security="starttls") as adapter:
        results = await adapter.send_many([letter(1)])
        with pytest.raises(Unreachable, match="STARTTLS"):
            await adapter.connect()
    assert (results[0].failure, inbox.letters) == ("policy", [])


async def test_clear_text_smuggled_behind_starttls_is_not_believed(tmp_path):
    async def attack(reader, writer):
        writer.write(b"220 mx\r\n")
        await reader.readline()
        writer.write(b"250-mx\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n250 AUTH PL")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(attack, "127.0.0.1", 0)
    async with server, adapter_to(server.sockets[0].getsockname()[1], security="starttls") as adapter:
        results = await adapter.send_many([letter(1)])
    assert results == [NotSent("The server sent clear text after its STARTTLS reply.")]


async def test_wrong_credentials_are_policy_for_every_message(tmp_path):
    ca_file, context = certificate(tmp_path)
    async with (
        served(Inbox(), tls_context=context, authenticator=check_password) as port,
        adapter_to(port, security="starttls", ca_file=str(ca_file), username="shop", password="wrong") as adapter,
    ):
        results = await adapter.send_many([letter(1), letter(2)])
    assert [(each.failure, each.code) for each in results] == [("policy", "535 5.7.8")] * 2


async def test_a_letter_beyond_ascii_before_the_at_needs_smtputf8():
    inbox = Inbox()
    batch = [letter(1, to="jürgen@example.org"), letter(2)]
    async with served(inbox, enable_SMTPUTF8=True) as port, adapter_to(port) as adapter:
        assert [type(each) for each in await adapter.send_many(batch)] == [Accepted, Accepted]
    assert sorted(inbox.recipients) == ["jürgen@example.org", "person2@example.org"]
    async with served(Inbox()) as port, adapter_to(port) as adapter:
        results = await adapter.send_many(batch)
    assert (results[0].failure, results[0].code) == ("address", "5.6.7")
    assert "SMTPUTF8" in results[0].detail
    assert isinstance(results[1], Accepted)


async def test_a_domain_beyond_ascii_needs_nothing():
    inbox = Inbox()
    async with served(inbox) as port, adapter_to(port) as adapter:
        await adapter.send_many([letter(1, to="info@straße.example")])
    assert inbox.recipients == ["info@xn--strae-oqa.example"]


async def test_a_server_without_8bitmime_gets_only_ascii():
    class Old(Inbox):
        async def handle_EHLO(self, server, session, envelope, hostname, responses):
            session.host_name = hostname
            return [each for each in responses if "8BITMIME" not in each]

    inbox = Old()
    async with served(inbox) as port, adapter_to(port) as adapter:
        await adapter.send_many([letter(1, text="Grüße")])
    assert inbox.letters[0].content.isascii()
    assert b"Gr=C3=BC=C3=9Fe" in inbox.letters[0].content


async def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way():
    lines = []

    async def old(reader, writer):
        writer.write(b"220 mx\r\n")
        answers = {b"EHLO": b"502 5.5.2 what?", b"DATA": b"354 go", b"QUIT": b"221 bye"}
        while line := await reader.readline():
            lines.append(line.rstrip())
            writer.write(answers.get(line[:4].strip(), b"250 ok") + b"\r\n")
            if line == b"DATA\r\n":
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(old, "127.0.0.1", 0)
    async with server, adapter_to(server.sockets[0].getsockname()[1]) as adapter:
        results = await adapter.send_many([letter(1)])
    assert results == [Accepted(None)]
    assert lines[:4] == [
        b"EHLO bounce.shop.example",
        b"HELO bounce.shop.example",
        b"MAIL FROM:<bounce+t1@bounce.shop.example>",
        b"RCPT TO:<person1@example.org>",
    ]


async def test_a_message_beyond_the_servers_size_is_refused_before_it_is_sent():
    inbox = Inbox()
    async with served(inbox, data_size_limit=5000) as port, adapter_to(port) as adapter:
        results = await adapter.send_many([letter(1, text="x\n" * 3000), letter(2)])
    assert (results[0].failure, results[0].code) == ("message", "5.3.4")
    assert inbox.recipients == ["person2@example.org"]


SMTP_SINK = shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin:/usr/local/sbin")


@pytest.mark.skipif(SMTP_SINK is None, reason="smtp-sink of Postfix is not installed")
async def test_postfix_smtp_sink_takes_a_pipelined_batch_with_dsn(tmp_path):
    """smtp-sink dumps MAIL and RCPT with their parameters."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = ["-u", "root"] if os.geteuid() == 0 else []
    sink = await asyncio.create_subprocess_exec(
        SMTP_SINK, *user, "-D", f"{tmp_path}/mail", "-h", "sink.example", f"127.0.0.1:{port}", "100"
    )
    try:
        async with adapter_to(port, connections=2) as adapter:
            for _ in range(50):
                try:
                    await adapter.connect()
                    break
                except Unreachable:
                    await asyncio.sleep(0.05)
            results = await adapter.send_many([letter(n, text=".\n..\nGrüße") for n in range(20)])
    finally:
        sink.terminate()
        await sink.wait()
    assert [type(each) for each in results] == [Accepted] * 20
    dump = "".join(path.read_text() for path in tmp_path.iterdir() if path.is_file())
    for n in range(20):
        assert f"X-Mail-Args: <bounce+t{n}@bounce.shop.example>" in dump
        assert f"RET=HDRS ENVID=t{n}\n" in dump
        assert f"X-Rcpt-Args: <person{n}@example.org> NOTIFY=FAILURE,DELAY" in dump


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"envelope_domain": "shop.example\r\nRCPT"}, "envelope_domain"),
        ({"hello_name": "me <x>"}, "hello_name"),
        ({"username": "u", "security": "none", "host": "mail.example"}, "security"),
        ({"dkim": [{"domain": "shop.example", "selector": "a b", "private_key": ""}]}, r"dkim\[0\]"),
        ({"dkim": [{"domain": "shop.example", "selector": "a", "private_key": "no key"}]}, r"dkim\[0\].private_key"),
        ({"ca_file": "/nowhere.pem"}, "ca_file"),
    ],
)
def test_bad_settings_are_named(change, at):
    with pytest.raises(Invalid, match=at):
        SmtpAdapter(msgspec.convert({"host": "127.0.0.1", "envelope_domain": "b.example"} | change, SmtpSettings))


KEY = (
    ed25519.Ed25519PrivateKey.generate()
    .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    .decode()
)


def test_settings_show_no_secret():
    key = DkimKey(domain="shop.example", selector="s", private_key=KEY)
    settings = SmtpSettings(host="h", envelope_domain="b.example", username="u", password="hunter2", dkim=[key])
    assert "hunter2" not in repr(settings)
    assert "BEGIN" not in repr(key)
