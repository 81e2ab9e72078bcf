"""The loader of named statements: parameters are found where they are, and nowhere else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel import statements
from antiphon.kernel.migrate import PARTS

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
literals = st.text(st.characters(codec="utf-8", exclude_characters="\x00-"), max_size=12).map(
    lambda text: "'" + text.replace("'", "''") + "'"
)
casts = st.sampled_from(["::text", "::bigint[]", "::timestamptz", "::double precision"])
words = st.sampled_from(["SELECT", "a", "1", "a.b", "(", ")", "=", ",", "\n", "x[1]", "=>", ">=", "AS"])
parameters = names.map(lambda name: f":{name}")
pieces = st.one_of(
    words.map(lambda text: (text, "")),
    literals.map(lambda text: (text, "")),
    casts.map(lambda text: (text, "")),
    parameters.map(lambda text: (text, text[1:])),
    st.tuples(parameters, casts).map(lambda both: (both[0] + both[1], both[0][1:])),
)


@given(st.lists(pieces, max_size=20))
def test_parameters_are_numbered_in_the_order_of_their_first_use(given_pieces: list[tuple[str, str]]) -> None:
    """Whatever stands between them: strings with colons, casts, line ends."""
    order = list(dict.fromkeys(name for _, name in given_pieces if name))
    expected = " ".join(
        text.replace(f":{name}", f"${order.index(name) + 1}", 1) if name else text for text, name in given_pieces
    ).strip()
    found = statements.number("any", " ".join(text for text, _ in given_pieces))
    assert found.parameters == tuple(order)
    assert found.text == expected


@pytest.mark.parametrize(
    ("text", "becomes", "parameters"),
    [
        ("a = :a AND b = :b AND c = :a", "a = $1 AND b = $2 AND c = $1", ("a", "b")),
        (":a::text[]", "$1::text[]", ("a",)),
        ("'it''s :not' || :a", "'it''s :not' || $1", ("a",)),
        ("'12:30' < :at", "'12:30' < $1", ("at",)),
        ("array_agg(x)[2:3]", "array_agg(x)[2:3]", ()),
        (":ab, :a", "$1, $2", ("ab", "a")),
        ("j->>'a' = :a", "j->>'a' = $1", ("a",)),
        ('SELECT 1 AS "a:b"', 'SELECT 1 AS "a:b"', ()),
        ("'--' || :a", "'--' || $1", ("a",)),
    ],
)
def test_what_is_a_parameter(text: str, becomes: str, parameters: tuple[str, ...]) -> None:
    found = statements.parse(f"-- name: one\n-- Some.\n{text};\n", origin="here")["one"]
    assert (found.text, found.parameters) == (becomes, parameters)


def test_comments_are_dropped_with_what_they_say() -> None:
    source = "-- name: one\n-- First line: of :purpose.\n-- More: :more.\nSELECT :a -- not :b, don't\n , :c;\n"
    found = statements.parse(source, origin="here")["one"]
    assert found.parameters == ("a", "c")
    assert found.purpose == "First line: of :purpose."
    assert re.sub(r"\s+", " ", found.text) == "SELECT $1 , $2"


@given(st.lists(names, min_size=1, max_size=6, unique=True))
def test_every_statement_is_found_by_its_name(given_names: list[str]) -> None:
    source = "-- What this file is.\n\n" + "\n".join(f"-- name: {n}\n-- For {n}.\nSELECT '{n}';\n" for n in given_names)
    found = statements.parse(source, origin="here")
    assert list(found) == given_names
    assert all(found[n].text == f"SELECT '{n}'" and found[n].purpose == f"For {n}." for n in given_names)


def test_a_name_that_stands_twice_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"here: the statement one stands twice"):
        statements.parse("-- name: one\n-- A.\nSELECT 1;\n-- name: one\n-- B.\nSELECT 2;\n", origin="here")


@pytest.mark.parametrize("body", ["SELECT 1;", "", "\nSELECT 1; -- later\n"])
def test_a_missing_purpose_is_refused_with_its_place(body: str) -> None:
    with pytest.raises(ValueError, match=r"here: the statement one has no line of purpose"):
        statements.parse(f"-- name: one\n{body}\n", origin="here")


@pytest.mark.parametrize("name", ["One", "1st", "a-b", "a b", ""])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """Else the statement would become the tail of the one before it."""
    with pytest.raises(ValueError, match="here"):
        statements.parse(f"-- name: first\n-- A.\nSELECT 1;\n-- name: {name}\n-- B.\nSELECT 2;\n", origin="here")


@pytest.mark.parametrize("part", PARTS)
def test_the_statements_of_every_part_are_read(part: str) -> None:
    assert all(re.match(r"[A-Z(]", statement.text) for statement in statements.load(part).values())
