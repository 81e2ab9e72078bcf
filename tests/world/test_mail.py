from __future__ import annotations

import asyncio
import smtplib
import socket
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from world.stage import Play, Stage, until

LINK = "https://shop.example/c/a_b-c?x=1&y=2"
PIXEL = "https://shop.example/o/tok.gif"
HREF = LINK.replace("&", "&amp;")
HTML = f'<p>¡Hola! <a href="https://shop.example/home">home</a> <a href="{HREF}">Shop</a></p><img src="{PIXEL}">'


def message(*, cte: str = "quoted-printable", to: str = "ana.000001@mail.example") -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "Shop <news@shop.example>", to, "Ándale, 20 % until Sunday"
    mail["Message-ID"] = "<token-1@shop.example>"
    mail["List-Unsubscribe"] = "<mailto:off@shop.example>, <https://shop.example/u/tok>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content("Plain text with a line\n.\n..and dots\n", cte=cte)
    mail.add_alternative(HTML * 5, subtype="html", cte=cte)
    return mail


async def send(stage: Stage, mail: EmailMessage, **options: object) -> None:
    def work() -> None:
        with smtplib.SMTP("127.0.0.1", stage.ports.smtp[0], timeout=5) as client:
            client.send_message(mail, **options)  # type: ignore[arg-type]  # passed through

    await asyncio.to_thread(work)


@pytest.mark.parametrize("cte", ["quoted-printable", "base64", "8bit"])
async def test_a_mail_is_read_as_a_mail_client_reads_it(play: Play, cte: str) -> None:
    async with play() as stage:
        await send(stage, message(cte=cte))
        letter = stage.world.last("email", address="ana.000001@mail.example")
    assert letter is not None
    assert letter.links == (LINK,)
    assert (letter.pixel, letter.unsubscribe, letter.delivery) == (PIXEL, "https://shop.example/u/tok", "token-1")


async def test_what_was_received_stands_in_the_log(play: Play) -> None:
    async with play() as stage:
        await send(stage, message(), mail_options=["RET=HDRS", "ENVID=env-1"], rcpt_options=["NOTIFY=FAILURE"])
        [line] = stage.log("mail_received")
    assert line["subject"] == "Ándale, 20 % until Sunday"
    assert line["text"].startswith("Plain text with a line\r\n.\r\n..and dots")
    assert line["product"] == "2026-03-01T12:00:00.000Z"
    expected = {"provider": "smtp:0", "address": "ana.000001@mail.example", "person": "c000001", "delivery": "token-1"}
    assert expected.items() <= line.items()
    assert (line["nth"], line["envid"], line["envelope_from"]) == (1, "env-1", "news@shop.example")


async def test_the_delivery_header_goes_before_the_message_id(play: Play) -> None:
    mail = message()
    mail["X-Antiphon-Delivery"] = "d-77"
    async with play() as stage:
        await send(stage, mail)
        assert [line["delivery"] for line in stage.log("mail_received")] == ["d-77"]


async def test_any_address_works_and_every_recipient_counts(play: Play) -> None:
    async with play() as stage:
        await send(stage, message(), to_addrs=["someone@else.example", "ñandú@mail.example", "b.000002@mail.example"])
        await send(stage, message(to="someone@else.example"))
        lines = stage.log("mail_received")
    assert [(line["person"], line["nth"]) for line in lines] == [
        ("someone@else.example", 1),
        ("ñandú@mail.example", 1),
        ("c000002", 1),
        ("someone@else.example", 2),
    ]


async def test_a_mail_is_logged_before_it_is_acknowledged(play: Play) -> None:
    async with play(faults=[{"at": "smtp:0", "kind": "slow", "delay_s": 0.3}]) as stage:
        sending = asyncio.create_task(send(stage, message()))
        await until(lambda: stage.log("mail_received"))
        assert not sending.done()
        await sending


def pipelined(port: int, count: int) -> str:
    """A client that waits for nothing but the end (RFC 2920 allows it up to DATA; this goes further on purpose)."""
    envelope = b"MAIL FROM:<a@shop.example> BODY=8BITMIME\r\nRCPT TO:<%d@x.example>\r\nDATA\r\n"
    mail = envelope + b"Subject: %d\r\n\r\n..dot\r\n.\r\n"
    whole = b"EHLO me\r\n" + b"".join(mail % (n, n) for n in range(count)) + b"QUIT\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(whole)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


async def test_pipelined_mails_are_all_taken_in_order(play: Play) -> None:
    async with play() as stage:
        answers = await asyncio.to_thread(pipelined, stage.ports.smtp[1], 200)
        lines = stage.log("mail_received")
    assert answers.count("354 ") == answers.count("250 2.0.0 Taken") == 200
    assert [line["subject"] for line in lines] == [str(n) for n in range(200)]
    assert {line["text"] for line in lines} == {".dot\r\n"}
    assert {line["provider"] for line in lines} == {"smtp:1"}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("RCPT TO:<a@b.example>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:<a@b.example> NONSENSE=1", "555"),
        ("MAIL FROM:a@b.example", "501"),
        ("MAIL FROM:<a@b.example> SIZE=99999999999", "552"),
        ("STARTTLS", "502"),
        ("X" * 5000, "50"),
    ],
)
async def test_bad_commands_are_answered_by_the_rules(play: Play, command: str, code: str) -> None:
    def work(port: int) -> str:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"{command}\r\nQUIT\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    async with play() as stage:
        answers = await asyncio.to_thread(work, stage.ports.smtp[0])
    assert answers.splitlines()[1].startswith(code)


async def test_any_password_opens(play: Play) -> None:
    def work(port: int) -> None:
        for mechanism in ("auth_plain", "auth_login"):
            with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
                client.ehlo()
                client.user, client.password = "shop", "secret"
                code, _ = client.auth(mechanism.removeprefix("auth_").upper(), getattr(client, mechanism))
                assert code == 235

    async with play() as stage:
        await asyncio.to_thread(work, stage.ports.smtp[0])
