"""Replies as mail programs send them, against what their readers expect. The data lies beside the project."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.channels.mail import cut, parts
from antiphon.channels.mail.markup import to_text
from antiphon.channels.mail.reply import read_written

DATA = Path(__file__).parents[4] / "shared" / "data" / "email-replies" / "talon_fixtures.zip"
PROGRAMS = (
    "android aol apple_mail apple_mail_2 comcast gmail hotmail iphone outlook sparrow thunderbird yahoo".split()  # noqa: SIM905
)
HTML = "gmail hotmail mail_ru ms_outlook_2003 ms_outlook_2007 ms_outlook_2010 thunderbird windows_mail yandex_ru"
SIGNED = "camel_case jeff johndoeexamplecom long short_url sparse"


@pytest.fixture(scope="module")
def files() -> Iterator[zipfile.ZipFile]:
    if not DATA.exists():
        pytest.skip("needs the talon fixtures (data/email-replies)")
    with zipfile.ZipFile(DATA) as opened:
        yield opened


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_reply_is_cut_from_what_it_quotes(files: zipfile.ZipFile, program: str) -> None:
    raw = files.read(f"standard_replies/{program}.eml")
    written = read_written(parts.take_apart(raw), raw).body
    beside = f"standard_replies/{program}_reply_text"
    expected = files.read(beside).decode() if beside in files.namelist() else "Hello"
    assert lines(f"{written.said}\n\n{written.signature}") == lines(expected)


@pytest.mark.parametrize("program", HTML.split())
def test_a_reply_in_html_is_cut_too(files: zipfile.ZipFile, program: str) -> None:
    found = cut(to_text(files.read(f"html_replies/{program}.html").decode()))
    assert re.sub(r"\s", "", found.said + found.signature) == "Hi.Iamfine.Thanks,Alex"


@pytest.mark.parametrize("name", SIGNED.split())
def test_a_signature_is_known_by_its_shape_or_its_senders_name(files: zipfile.ZipFile, name: str) -> None:
    body, sender, signature = (
        files.read(f"signature/emails/stripped/{name}_{what}").decode() for what in ("body", "sender", "signature")
    )
    found = cut(body, sender=sender.strip())
    assert lines(found.signature) == lines(signature)
    assert lines(found.said) == lines(body.removesuffix("\n").removesuffix(signature.strip("\n")))
