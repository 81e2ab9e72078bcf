"""Whatever the server says to people it can say in every language of the app."""

from __future__ import annotations

import string
from collections import Counter
from importlib import resources

import msgspec
import pytest

from antiphon.kernel import i18n
from antiphon.kernel.i18n import LOCALES
from antiphon.kernel.records import Channel
from antiphon.kernel.said import again, kept, plain, sentences, speaking, spoken, worded
from law.said import constants, forms

OTHERS = [locale for locale in LOCALES if locale != i18n.DEFAULT]
NAMED = {"a day", "an hour", "a minute", "{n} days", "{n} hours", "opt_out", "opt_in", "help", *map(str, Channel)}
"""Words that stand in sentences, of lists that are closed."""


def placeholders(form: str) -> Counter[str]:
    """As often as they must be; of a form that takes no values, none: its braces are braces."""
    try:
        return Counter({name for _, name, _, _ in string.Formatter().parse(form) if name is not None})
    except ValueError:
        return Counter()


@pytest.mark.parametrize("locale", OTHERS)
def test_every_sentence_has_its_words_in_every_language(locale: str) -> None:
    found = forms()
    assert len(found) > 500
    words = sentences(locale)
    assert {form: place for form, place in found.items() if form not in words} == {}
    assert NAMED - words.keys() == set()


@pytest.mark.parametrize("locale", OTHERS)
def test_a_sentence_takes_the_same_values_in_every_language(locale: str) -> None:
    assert [form for form, text in sentences(locale).items() if placeholders(form) != placeholders(text)] == []
    assert [form for form, text in sentences(locale).items() if not text.strip()] == []


@pytest.mark.parametrize("locale", OTHERS)
def test_nothing_is_translated_that_nobody_says(locale: str) -> None:
    assert sentences(locale).keys() - constants() - forms().keys() == set()


def test_the_files_of_languages_are_the_same_and_in_order() -> None:
    folder = resources.files(i18n).joinpath("said")
    keys = {
        locale: {
            file.name: list(msgspec.json.decode(file.read_bytes(), type=dict[str, str]))
            for file in folder.joinpath(locale).iterdir()
        }
        for locale in OTHERS
    }
    assert all(each == keys[OTHERS[0]] for each in keys.values())
    assert all(names == sorted(names) for names in keys[OTHERS[0]].values())


def test_what_is_kept_is_said_in_the_language_of_whoever_asks_later() -> None:
    because = worded("the person wants at most {n} in {span}", n=3, span=worded("a day"))
    stored = msgspec.json.decode(msgspec.json.encode({"because": kept(because)}))
    read = again(stored["because"])
    assert read == because == "the person wants at most 3 in a day"
    assert spoken(read, "es") == "la persona desea como máximo 3 en un día"
    with speaking("fr"):
        assert spoken(read) == "la personne en souhaite au plus 3 en un jour"
    assert spoken(read) == because
    assert type(spoken(read)) is str


def test_what_was_kept_as_a_text_is_spoken_too_where_it_takes_no_values() -> None:
    assert spoken(again("its source is paused"), "es") == "su origen está en pausa"
    assert spoken(again("something of long ago"), "es") == "something of long ago"


def test_json_of_programs_has_the_english() -> None:
    assert msgspec.json.encode([worded("a day")], enc_hook=plain) == b'["a day"]'
