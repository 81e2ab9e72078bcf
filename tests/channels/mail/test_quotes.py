"""What somebody said, apart from quotation and signature: in many languages, and never nothing."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.channels.mail import cut
from antiphon.channels.mail.markup import TAGS_MAX, to_text

SAID = "Yes please, the blue one.\nIs it in stock?"

INTRODUCTIONS = {
    "en": "On Mon, Jan 5, 2026 at 10:04 AM, Larkspur <hello@larkspur.example> wrote:",
    "en outlook": "On 5 Jan 2026, at 10:04, Larkspur wrote:",
    "es": "El lun, 5 ene 2026 a las 10:04, Larkspur (<hello@larkspur.example>) escribió:",
    "fr": "Le lun. 5 janv. 2026 à 10:04, Larkspur <hello@larkspur.example> a écrit :",
    "de": "Am Mo., 5. Jan. 2026 um 10:04 Uhr schrieb Larkspur <hello@larkspur.example>:",
    "de thunderbird": "Am 05.01.26 um 10:04 schrieb Larkspur:",
    "pt": "Em seg., 5 de jan. de 2026 às 10:04, Larkspur <hello@larkspur.example> escreveu:",
    "it": "Il giorno lun 5 gen 2026 alle ore 10:04 Larkspur <hello@larkspur.example> ha scritto:",
    "nl": "Op ma 5 jan 2026 om 10:04 schreef Larkspur <hello@larkspur.example>:",
    "ja": "2026年1月5日(月) 10:04 Larkspur <hello@larkspur.example>:",
    "ja apple": "2026/01/05 10:04、Larkspur <hello@larkspur.example>のメール：",
    "zh": "Larkspur <hello@larkspur.example> 于2026年1月5日周一 10:04写道：",
    "pl": "pon., 5 sty 2026 o 10:04 Larkspur <hello@larkspur.example> napisał(a):",
    "sv": "Den mån 5 jan. 2026 kl 10:04 skrev Larkspur <hello@larkspur.example>:",
    "ru": "пн, 5 янв. 2026 г. в 10:04, Larkspur <hello@larkspur.example>:",
    "tr": "Larkspur <hello@larkspur.example>, 5 Oca 2026 Pzt, 10:04 tarihinde şunu yazdı:",
    "hu": "Larkspur <hello@larkspur.example> ezt írta (időpont: 2026. jan. 5., H, 10:04):",
    "a language nobody listed": "Zo 5.1.2026 10:04 Larkspur <hello@larkspur.example> zorbla:",
}


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
@pytest.mark.parametrize(
    "quoted", ["> Which one would you like?\n>\n> Larkspur", "Which one would you like?\n\nLarkspur"]
)
def test_how_a_quotation_is_introduced_says_its_shape(introduction: str, quoted: str) -> None:
    """With marked lines or without."""
    found = cut(f"{SAID}\n\n{introduction}\n\n{quoted}\n")
    assert found.said == SAID
    assert introduction in found.quoted
    assert "Which one" in found.quoted


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
@pytest.mark.parametrize("width", [36, 48, 60, 72, 78])
@pytest.mark.parametrize("mark", ["> ", ""])
def test_an_introduction_that_was_wrapped_is_one(introduction: str, width: int, mark: str) -> None:
    wrapped = "\n".join(textwrap.wrap(introduction, width, break_long_words=False, break_on_hyphens=False))
    assert cut(f"{SAID}\n\n{wrapped}\n{mark}Which one?").said == SAID


HEADERS = {
    "en": ("From", "Sent", "To", "Subject"),
    "es": ("De", "Enviado el", "Para", "Asunto"),
    "fr": ("De", "Envoyé", "À", "Objet"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
    "pt": ("De", "Enviado", "Para", "Assunto"),
    "it": ("Da", "Inviato", "A", "Oggetto"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp"),
    "ja": ("差出人", "送信日時", "宛先", "件名"),
}


@pytest.mark.parametrize("labels", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("above", ["", "________________________________\n", "-----xyz abc-----\n"])
def test_a_block_of_headers_begins_the_quotation(labels: tuple[str, ...], above: str) -> None:
    values = ("Larkspur <hello@larkspur.example>", "Monday, 5 January 2026 10:04", "jo@example.org", "Which one?")
    block = "\n".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True))
    assert cut(f"{SAID}\n\n{above}{block}\n\nWhich one would you like?").said == SAID


@pytest.mark.parametrize(
    "text",
    [
        "My details:\nName: Jo March\nPhone: 01632 960000\nArrival: 5 January 2026 10:04\n\nThanks for all your help!",
        "I wrote to you on 5 January 2026 at 10:04 and got this answer:\n\nnothing at all.",
        "Here is what I need:\n- two chairs\n- one table at 10:30",
        "The error says -- out of stock -- and then: 2026-01-05 10:04",
        "Date: any day is fine\nTo be honest: I do not mind.",
        "I bought an iPhone",
        "We meet on 5 May 2026 at 10:00:\nbring the chairs",
        "👍",
    ],
)
def test_what_only_looks_like_a_quotation_stays(text: str) -> None:
    found = cut(text)
    assert found.said == text
    assert found.quoted == ""
    assert found.signature == ""


def test_answers_between_quoted_lines_are_kept_together() -> None:
    text = (
        "On 5 Jan 2026, at 10:04, Larkspur wrote:\n> Which colour?\n\nBlue.\n\n> How many?\n>\n> And when?\n"
        "Two.\nTomorrow."
    )
    assert cut(text).said == "Blue.\n\nTwo.\nTomorrow."


def test_a_reply_below_the_quotation_is_what_was_said() -> None:
    assert cut("On 5 Jan 2026, at 10:04, Larkspur wrote:\n> Which colour?\n> Yours\n\nBlue.").said == "Blue."


@pytest.mark.parametrize(
    "text",
    [
        "> only\n> quoted",
        "----Original Message----\nFrom: a@example.org\nSent: 2026-01-05 10:04\nTo: b@example.org\nSubject: x\n\nbody",
        "-- \nJo",
        "Sent from my iPhone",
        "Thanks,\nJo",
    ],
)
def test_never_is_everything_cut(text: str) -> None:
    assert cut(text).said.strip()


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("Blue.\n\n-- \nJo March\nGarden Street 5", "-- \nJo March\nGarden Street 5"),
        ("Blue.\n\nSent from my iPhone", "Sent from my iPhone"),
        ("Blau.\n\nVon meinem iPhone gesendet", "Von meinem iPhone gesendet"),
        ("Bleu.\n\nEnvoyé de mon iPhone", "Envoyé de mon iPhone"),
        ("Azul.\n\nEnviado desde mi iPhone", "Enviado desde mi iPhone"),
        ("青。\n\niPhoneから送信", "iPhoneから送信"),
        ("Blu.\n\nGet Outlook for iOS<https://aka.example/x>", "Get Outlook for iOS<https://aka.example/x>"),
        ("Blau.\n\nMit freundlichen Grüßen\nJo March", "Mit freundlichen Grüßen\nJo March"),
        ("Bleu.\n\nCordialement,\nJo", "Cordialement,\nJo"),
        ("Azul.\n\nUn saludo,\nJo March\n+34 600 000 000", "Un saludo,\nJo March\n+34 600 000 000"),
        ("Blue.\n\nJo March\nLarkspur Ltd", "Jo March\nLarkspur Ltd"),
    ],
)
def test_a_signature_is_apart(text: str, signature: str) -> None:
    found = cut(text, sender="Jo March")
    assert (found.said, found.signature) == (text.partition("\n")[0], "\n".join(map(str.rstrip, signature.split("\n"))))


@given(st.text(alphabet=st.sampled_from(">:-_ \nOn wrote2026.10@ex<Fromé"), max_size=300))
def test_no_letter_is_made_up_and_never_is_all_of_it_lost(text: str) -> None:
    found = cut(text)
    everything = "".join([found.said, found.quoted, found.signature]).split()
    assert sorted("".join(everything)) == sorted(cut_rules("".join(text.split()), "".join(everything)))
    assert found.said.strip() or not text.strip("-_=*– \n\r\t\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029")


def cut_rules(given: str, kept: str) -> str:
    """Rules across the page may go; nothing else."""
    missing = len(given) - len(kept)
    gone = [char for char in "-_=*–" for _ in range(given.count(char) - kept.count(char))]
    assert len(gone) == missing
    return kept


HOSTILE = {
    "only marks": ">" * 400_000,
    "marked lines": "> a\n" * 200_000,
    "labels": "From: a@b\n" * 100_000,
    "colons": "a:\n> b\n" * 100_000,
    "digits": "1:23 2026\n" * 100_000,
    "one line": "On 5 Jan 2026 10:04 " * 50_000,
    "blanks": " " * 500_000 + ":" + "\n\n" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_takes_no_time(text: str) -> None:
    started = time.process_time()
    cut(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "html",
    ["<div>" * (TAGS_MAX * 3), "<" * 300_000, "<!--" * 100_000, "<a b=" * 80_000, "&#" * 150_000, "<![" * 99_999],
)
def test_hostile_markup_takes_no_time(html: str) -> None:
    started = time.process_time()
    to_text(f"hello{html}")
    assert time.process_time() - started < 2


def test_indented_html_is_no_quotation_and_cited_html_is() -> None:
    indented = '<div>My list<blockquote style="margin:0 0 0 40px;border:none;padding:0px">two chairs</blockquote></div>'
    assert cut(to_text(indented)).said.split() == ["My", "list", "two", "chairs"]
    cited = '<p>Blue</p><blockquote type="cite"><p>Which?</p><script>x()</script></blockquote>'
    found = cut(to_text(cited))
    assert (found.said, found.quoted) == ("Blue", "> Which?")
