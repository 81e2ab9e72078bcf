"""STOP in many forms and languages, and the messages that only look like it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.channels.optout import CHARS_MAX, LANGUAGES, Reading, reading

KEYWORDS = Path(__file__).parents[2] / "../shared/data/sms-optout/keywords.json"
NOT_OURS = {"goodbye", "START ads"}
"""A maker's optional fuzzy example that is polite small talk, and an opt-in to one kind of message."""


@pytest.fixture(scope="module")
def keywords():
    if not KEYWORDS.exists():
        pytest.skip(f"no shared data: {KEYWORDS.name}")
    return json.loads(KEYWORDS.read_text())


def test_every_vendor_keyword_is_understood(keywords):
    kinds = {"opt_out": Reading.OPT_OUT, "opt_in": Reading.OPT_IN, "help": Reading.HELP}
    kinds |= {"opt_out_phrases": Reading.OPT_OUT, "opt_in_phrases": Reading.OPT_IN}
    wrong = [
        (vendor["vendor"], word)
        for vendor in keywords["vendor_defaults"]
        for kind, expected in kinds.items()
        for word in vendor.get(kind, [])
        if word not in NOT_OURS and reading(word) is not expected
    ]
    assert wrong == []


def test_ordinary_messages_with_a_keyword_in_them_are_no_opt_out(keywords):
    texts = keywords["nus_personal_messages_with_a_keyword_word"]["texts"]
    assert len(texts) == 370
    exact = set(keywords["nus_exact_single_word"])
    assert [text for text in texts if reading(text) and text not in exact] == []


def test_the_exact_single_words_among_them_are_opt_outs(keywords):
    assert {reading(text) for text in keywords["nus_exact_single_word"]} == {Reading.OPT_OUT}


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop.", "Stop!!! 😡", '"STOP"', "«stop»", "  stop\n", "ＳＴＯＰ", "s.t.o.p", "ST\u200bOP",
        "Stop stop stop",
        "STOP PLEASE", "please stop", "pls stop now", "stop, thanks", "Stop texting me", "STOP SENDING ME MESSAGES!",
        "don't text me", "do not contact me again please", "no more texts", "stop all your messages now", "stop it",
        "Unsubscribe me", "remove me from your list", "take me off your mailing list", "opt me out", "opt-out",
        "I want to unsubscribe", "cancel my subscription", "leave me alone", "stop ads", "ARRÊT", "arret svp",
        "Désabonner", "STOPP bitte", "baja por favor", "Сто́п", "İptal", "إيقاف", "ايقاف", "הסר", "बंद", "停止", "退订",
        "Hủy",
    ],
)  # fmt: skip
def test_opt_outs(text):
    assert reading(text) is Reading.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        "I can't stop smiling", "", "please", "thank you", "Don't stop", "stop poking me", "non stop", "bus stop?",
        "Where does the sale end?", "can I cancel my order", "cancel it", "yes but not today", "help my dog", "👍",
        "???",
        "stopping by at 5", "please stop by", "the end", "I quit smoking", "stop texting me pictures of cats " * 3,
    ],
)  # fmt: skip
def test_ordinary_messages(text):
    assert reading(text) is None


@pytest.mark.parametrize(("text", "expected"), [("Start", Reading.OPT_IN), ("UNSTOP", Reading.OPT_IN)])
def test_opt_ins(text, expected):
    assert reading(text) is expected


@pytest.mark.parametrize("text", ["HELP", "info?", "Aide", "ayuda por favor"])
def test_calls_for_help(text):
    assert reading(text) is Reading.HELP


def test_languages_can_be_narrowed_but_english_always_counts():
    assert reading("dur") is Reading.OPT_OUT
    assert reading("dur", languages=["fr"]) is None
    assert reading("stop", languages=["fr"]) is Reading.OPT_OUT


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_keyword_of_the_table_is_read_as_it_is_meant(language):
    for word in LANGUAGES[language].opt_out:
        assert reading(word.lower(), languages=[language]) is Reading.OPT_OUT


@given(st.text(max_size=200))
def test_any_text_is_read_without_failing(text):
    assert reading(text) in {None, *Reading}
    if len(text) > CHARS_MAX:
        assert reading(text) is None
