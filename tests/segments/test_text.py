"""Rules in words: they say what the JSON says, both ways."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.kernel.errors import Invalid
from antiphon.segments.language import rules
from antiphon.segments.language.parse import KINDS, parse
from antiphon.segments.language.text import WIDTH, from_text, to_text
from segments.rule_documents import documents

PAGE = (Path(__file__).parents[2] / "docs/reference/rules-in-words.md").read_text("utf-8")
EXAMPLES = re.findall(r"^\| `(.*)` \| `(.*)` \|$", PAGE, re.MULTILINE)


def exact(document: Any) -> str:
    """For comparison: in Python 1 == 1.0 == True."""
    return json.dumps(document, sort_keys=True)


def plain(document: Any) -> Any:
    """Without what goes without saying."""
    if isinstance(document, list):
        return [plain(item) for item in document]
    if not isinstance(document, dict):
        return document
    found = {key: plain(value) for key, value in document.items() if (key, value) != ("where", [])}
    if found.get("op") == "exists" and found.get("value") is True:
        del found["value"]
    if found.get("confirmed") is False:
        del found["confirmed"]
    if "sequence" in found:
        found["sequence"] = [step["event"] if list(step) == ["event"] else step for step in found["sequence"]]
    return found


@settings(max_examples=1000, deadline=None)
@given(documents)
def test_a_rule_comes_back_from_its_words(document: Any) -> None:
    text = to_text(document)
    found = from_text(text).document
    assert exact(found) == exact(plain(document))
    assert to_text(found) == text
    assert msgspec.json.encode(parse(found)) == msgspec.json.encode(parse(document))


@settings(max_examples=200, deadline=None)
@given(documents)
def test_every_part_has_its_place_in_the_text(document: Any) -> None:
    text = to_text(document)
    lines = text.split("\n")
    read = from_text(text)
    for path, leaf in rules.places(parse(document)):
        line, column = read.places[path]
        if isinstance(leaf, rules.Trait):
            assert lines[line - 1][column - 1 :].startswith("trait ")


LONG = """\
event a
and not (
  trait tags[] in ("one of many", "another of many", "one more", "and", "still",
      "the last")
  or event "offer viewed" where (channel = "web" and price > 100)
      within 1 calendar month zone company count >= 3
  or all(
    event "this name is long, and so what stands around it is on other lines"
    or event b
  )
)"""


def test_what_is_long_is_laid_out_over_lines() -> None:
    assert to_text(from_text(" ".join(LONG.split())).document) == LONG
    assert max(map(len, LONG.split("\n"))) <= WIDTH


@pytest.mark.parametrize(("text", "document"), EXAMPLES)
def test_an_example_of_the_page_is_true(text: str, document: str) -> None:
    assert exact(from_text(text).document) == exact(json.loads(document))
    assert to_text(json.loads(document)) == text


def test_the_page_has_an_example_of_everything() -> None:
    told = " ".join(document for _, document in EXAMPLES)
    words = {*KINDS, *get_args(rules.Op), *get_args(rules.Measured), "zone", "span"}
    assert {word for word in words if f'"{word}"' not in told} == set()


def test_the_long_example_of_the_page_is_laid_out_as_rules_are() -> None:
    (text,) = re.findall(r"^```rule\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    comment, _, rest = text.partition("\n")
    assert comment.startswith("#")
    assert to_text(from_text(text).document) == rest.strip()


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("", "line 1, column 1", "Here stands the end, expected: not"),
        ("Event a", "line 1, column 1", 'Did you mean "event"?'),
        ("event", "line 1, column 6", "a name"),
        ("event within 7d", "line 1, column 7", "a name"),
        ("event a\n  and evnt b", "line 2, column 7", 'Did you mean "event"?'),
        ("event a wthin 7d", "line 1, column 9", 'Did you mean "within"?'),
        ("event a within 7 days", "line 1, column 18", "expected: calendar"),
        ("event a within 3w", "line 1, column 17", "calendar"),
        ("event a within 7d within 3d", "line 1, column 19", "within is said already"),
        ("event a and event b or event c", "line 1, column 21", "parentheses"),
        ("(event a", "line 1, column 9", ")"),
        ("event a)", "line 1, column 8", "the end"),
        ("trait tier = gold", "line 1, column 14", "a text in quotes"),
        ("trait tier", "line 1, column 11", "expected: =, !="),
        ("trait größe ist 5", "line 1, column 13", 'Here stands "ist"'),
        ("random 10 seed a", "line 1, column 8", "such as 10%"),
        ("local time 9-18", "line 1, column 12", "09:00-18:00"),
        ('# all\n\nevent "a', "line 3, column 7", "not closed"),
        ('event "\\q" within 7d', "line 1, column 7", "means nothing"),
        ("event a & event b", "line 1, column 9", "has no meaning"),
        ("not " * 200 + "event a", "line 1, column 405", "nested too deeply"),
        ("(" * 5000, "line 1, column 102", "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line_and_column(text: str, place: str, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        from_text(text)
    (flaw,) = caught.value.flaws
    assert flaw.at == place
    assert says in flaw.message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("event a\nand trait b > true", (2, 15)),
        ("event a and not (\n  event b\n  or reachable mail\n)", (3, 16)),
        ("event a where (b = 1 and c within 3d)", (1, 28)),
        ("event a within 0d", (1, 16)),
        ("near 100 0 5km", (1, 6)),
        ("local time 09:00-18:00 on mon tues", (1, 31)),
        ('event a\nor sequence a then b where c > ""', (2, 32)),
        ("event a within 0 calendar days", (1, 16)),
        ("event a and preference b channel sms", (1, 13)),  # what is missing has no place but the leaf's
        ("trait a = " + "9" * 5000, (1, 11)),
    ],
)
def test_a_flaw_of_the_rule_has_its_place_in_the_text(text: str, place: tuple[int, int]) -> None:
    read = from_text(text)
    with pytest.raises(Invalid) as caught:
        parse(read.document)
    assert [read.place(flaw.at) for flaw in caught.value.flaws] == [place]


@pytest.mark.parametrize(
    ("loose", "tidy"),
    [
        ("event a count = 0 within 7d where b = 1", "event a where b = 1 within 7d count = 0"),
        ("((event a)) # and so on", "event a"),
        ("all(event a, event b or event c)", "event a and (event b or event c)"),
        ("(event a and event b) and event c", "(event a and event b) and event c"),
        ("near 51.5, -0.12 25 km", "near 51.5 -0.12 25km"),
        ("local time 09:00 - 18:00", "local time 09:00-18:00"),
        ('event "plain" within "7d"', "event plain within 7d"),
        ("event a within 1 calendar weeks", "event a within 1 calendar week"),
        ("event a\r\n\tand event b", "event a and event b"),
    ],
)
def test_a_text_is_tidied(loose: str, tidy: str) -> None:
    assert to_text(from_text(loose).document) == tidy


def test_only_a_valid_rule_has_words() -> None:
    with pytest.raises(Invalid):
        to_text({"event": "a", "within": "soon"})


WORDS = [word for text, _ in EXAMPLES for word in re.findall(r'"[^"]*"|[\w.%-]+|[^\s\w]', text)]


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else is raised; and what can be read and is valid comes back from its own words."""
    with suppress(Invalid):
        found = from_text(text).document
        again = to_text(found)
        assert exact(from_text(again).document) == exact(plain(found))
