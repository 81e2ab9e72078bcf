"""Replies in many languages and programs, above, below and between what they quote: what was said is found, and all."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from antiphon.channels.mail import read_mail
from antiphon.kernel.records import Inbound, ProviderId
from channels.mail.test_reading import NOW

REPLIES = tomllib.loads(Path(__file__).with_name("replies.toml").read_text())


@pytest.mark.parametrize("name", REPLIES)
def test_what_was_said_is_found_as_a_whole_mail_is_read(name: str) -> None:
    """From the bytes of the mail on: what its parts do to each other counts too."""
    reply = REPLIES[name]
    head = f'From: "Jo March" <jo@example.org>\nSubject: Re: x\nContent-Type: {reply["kind"]}; charset=utf-8\n\n'
    (found,) = read_mail(
        f"{head}{reply['body']}".replace("\n", "\r\n").encode(),
        provider=ProviderId(1),
        recipients=["help@shop.example"],
        envelope_sender="jo@example.org",
        delivery_of=lambda _: None,
        now=NOW,
    )
    assert isinstance(found, Inbound)
    assert found.text == reply["said"]
