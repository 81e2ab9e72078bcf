"""Words: the same keys and placeholders in every language, and none that the app says and nobody wrote."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from antiphon.kernel import i18n

FOLDER = Path(i18n.__file__).parent
ROOT = FOLDER.parents[3]
FILES = sorted(file.name for file in (FOLDER / i18n.DEFAULT).iterdir())
OTHERS = [locale for locale in i18n.LOCALES if locale != i18n.DEFAULT]
PLACEHOLDER = re.compile(r"\{(\w*)\}")
COUNTED = re.compile(r'\btn\(\s*"([\w.]+)"')
KEY = re.compile(r'\b(?:t|tn)\(\s*"([a-z_]+\.[\w.]+)"')


def read(locale: str, name: str) -> dict[str, str]:
    return msgspec.json.decode((FOLDER / locale / name).read_bytes(), type=dict[str, str])


def sources() -> str:
    files = [*(ROOT / "web/src").rglob("*.ts"), *(ROOT / "web/src").rglob("*.tsx")]
    return "\n".join(file.read_text() for file in files if not file.name.endswith((".test.ts", ".test.tsx", ".d.ts")))


@pytest.mark.parametrize("locale", OTHERS)
def test_every_language_has_the_same_files(locale: str) -> None:
    assert sorted(file.name for file in (FOLDER / locale).iterdir()) == FILES


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("locale", OTHERS)
def test_a_language_has_the_same_keys_and_placeholders(locale: str, name: str) -> None:
    ours, theirs = read(i18n.DEFAULT, name), read(locale, name)
    assert ours.keys() ^ theirs.keys() == set()
    differing = {
        key for key in ours if Counter(PLACEHOLDER.findall(ours[key])) != Counter(PLACEHOLDER.findall(theirs[key]))
    }
    assert differing == set()
    assert [key for key, text in theirs.items() if not text.strip()] == []


@pytest.mark.parametrize("name", FILES)
def test_a_key_is_of_one_file_alone_and_they_stand_in_order(name: str) -> None:
    keys = list(read(i18n.DEFAULT, name))
    if name != "pages.json":
        assert keys == sorted(keys)
    elsewhere = {key for other in FILES if other != name for key in read(i18n.DEFAULT, other)}
    assert elsewhere.intersection(keys) == set()


def test_numbers_have_both_forms() -> None:
    every = {key for name in FILES for key in read(i18n.DEFAULT, name)}
    stems = set(COUNTED.findall(sources()))
    assert stems
    assert {f"{stem}.{form}" for stem in stems for form in ("one", "other")} - every == set()


def test_the_app_says_nothing_that_has_no_words() -> None:
    every = {key for name in FILES for key in read(i18n.DEFAULT, name)}
    said = {key for key in KEY.findall(sources()) if key not in every and f"{key}.other" not in every}
    assert said == set()
