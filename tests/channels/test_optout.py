"""STOP in many forms and languages, and the messages that only look like it."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.channels.keywords import LANGUAGES, Keywords
from antiphon.channels.optout import CHARS_MAX, Read, Reading, fold, read, reading

KEYWORDS = Path(__file__).parents[2] / "../shared/data/sms-optout/keywords.json"
PERSONAL = Path(__file__).parents[2] / "../shared/data/sms-nus/nus_sms_en.jsonl.gz"
NOT_OURS = {"goodbye"}
"""A maker's optional fuzzy example that is polite small talk."""
TOPICS = {
    fold("ads"): "ads",
    fold("Werbung"): "ads",
    fold("daily_tips"): "daily_tips",
    fold("Daily tips"): "daily_tips",
}


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
        if word not in NOT_OURS and ((found := read(word, topics=TOPICS)) is None or found.kind is not expected)
    ]
    assert wrong == [], f"{len(wrong)} words of vendors are not understood: {wrong}"


def test_ordinary_messages_with_a_keyword_in_them_are_no_opt_out(keywords):
    texts = keywords["nus_personal_messages_with_a_keyword_word"]["texts"]
    assert len(texts) == 370
    exact = set(keywords["nus_exact_single_word"])
    wrong = [text for text in texts if reading(text) and text not in exact]
    assert wrong == [], f"{len(wrong)} of {len(texts)} ordinary messages were taken for a request: {wrong}"
    missed = [text for text in exact if reading(text) is not Reading.OPT_OUT]
    assert missed == [], f"{len(missed)} exact words were missed: {missed}"


def test_among_all_personal_messages_none_opts_out_by_accident():
    """55,835 messages between friends. What counts as an opt-out is a keyword alone, or a maker's own example."""
    if not PERSONAL.exists():
        pytest.skip(f"no shared data: {PERSONAL.name}")
    with gzip.open(PERSONAL, "rt") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    assert len(texts) == 55_835
    found = sorted(text for text in texts if reading(text) is Reading.OPT_OUT)
    assert found == ["Leave me alone!", "STOP", "STOP", "Stop", "Stop", "Stop", "UNSUB"], found


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
        "stopping by at 5", "please stop by", "the end", "I quit smoking", "don't bother",
        "no me digas", "ne t'inquiète pas", "lass uns gehen",
        "non mi dire", "stop and smell the roses", "I want to stop by", "basta così?", "stop the car", "quit it lol",
        "stop texting me pictures of cats " * 3,
    ],
)  # fmt: skip
def test_ordinary_messages(text):
    assert reading(text) is None


PLAIN = {
    "en": ["please take me off your list", "Can you remove me from your mailing list please?", "stop texting me",
           "I don't want any more messages", "Don't ever contact me again", "no more ads", "Leave me alone!!"],
    "es": ["no me escriban más", "No me mandes más mensajes por favor", "dejen de escribirme", "Quiero darme de baja",
           "no quiero recibir sus mensajes", "bórrenme de la lista", "Déjenme en paz"],
    "fr": ["ne m'écrivez plus", "Ne m’envoyez plus de messages svp", "arrêtez de m'écrire", "laissez-moi tranquille",
           "je ne veux plus recevoir vos messages", "Désabonnez-moi", "plus de pub"],
    "de": ["lass mich in Ruhe", "Bitte schreiben Sie mir nicht mehr", "Keine Werbung mehr bitte",
           "Ich will keine SMS mehr", "Streichen Sie mich aus der Liste", "Lassen Sie mich in Ruhe!"],
    "pt": ["não me escrevam mais", "parem de me mandar mensagens", "Não quero receber mais mensagens",
           "me deixem em paz", "retirem o meu número da lista", "quero cancelar a inscrição"],
    "it": ["non scrivetemi più", "Smettetela di mandarmi messaggi", "non voglio ricevere i vostri messaggi",
           "cancellatemi dalla lista", "basta messaggi", "lasciatemi in pace"],
}  # fmt: skip


@pytest.mark.parametrize("language", PLAIN)
def test_who_says_it_in_words_of_their_own_has_opted_out_too(language):
    found = {text: read(text) for text in PLAIN[language]}
    missed = [text for text, said in found.items() if said != Read(Reading.OPT_OUT, language, probable=True)]
    assert missed == [], {text: found[text] for text in missed}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP ads", Read(Reading.OPT_OUT, topic="ads")),
        ("stop daily tips please", Read(Reading.OPT_OUT, topic="daily_tips")),
        ("Arrêt Werbung", Read(Reading.OPT_OUT, "fr", topic="ads")),
        ("START ads", Read(Reading.OPT_IN, topic="ads")),
        ("STOP ALL", Read(Reading.OPT_OUT, "en")),
        ("STOP offers", Read(Reading.OPT_OUT, "en", probable=True)),
        ("START offers", None),
        ("ads", None),
    ],
)
def test_one_topic_can_be_stopped_alone(text, expected):
    """A word that is no topic of ours: it is all that is stopped, as the person meant to hear less of us."""
    assert read(text, topics=TOPICS) == expected


def test_the_language_of_a_word_that_only_one_has():
    assert read("ARRET").language == "fr"
    assert read("Hilfe").language == "de"
    assert read("baja").language == "es"
    assert read("stop").language == ""
    assert read("INFO").language == ""


def test_the_operator_adds_words_of_their_own():
    own = Keywords(opt_out=("No más",), opt_in=("Otra vez",), help=("SOS",))
    assert [read(text, extra=own).kind for text in ("no mas!", "OTRA VEZ", "s.o.s")] == list(Reading)
    assert read("no mas!") is None
    assert read("stop", extra=own).kind is Reading.OPT_OUT


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
