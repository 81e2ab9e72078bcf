"""SMS segments: what a text costs, and where it may be cut."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel import gsm7

VECTORS = Path(__file__).parents[2] / "../shared/data/sms-segments/vectors.json"
ORDINARY = "abc XYZ 019 @£$ èéù ÇØÅ Δ_Φ ñÑ¿¡ü\n"
texts = st.text(st.sampled_from(ORDINARY + "€[]{}^|~\\" + "яç’…😀🇮"), max_size=400)
gsm_texts = st.text(st.sampled_from(gsm7.BASIC.replace("\x1b", "") + "".join(gsm7.EXTENSION)), max_size=400)


def vectors():
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no shared data: {VECTORS.name}"))]
    data = json.loads(VECTORS.read_text())
    return data["vectors"] + data["computed"]


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: repr(vector and vector["text"][:12]))
def test_agrees_with_the_vectors(vector):
    text = vector["text"]
    assert (gsm7.encoding(text), gsm7.segments(text)) == (vector["encoding"], vector["segments"])
    assert len(gsm7.parts(text)) == vector["segments"]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("a" * 159 + "€", 2), ("€" * 80, 1),
        ("€" * 81, 2), ("я" * 70, 1), ("я" * 71, 2), ("я" * 134, 2), ("я" * 135, 3), ("😀" * 35, 1), ("😀" * 36, 2),
    ],
)  # fmt: skip
def test_borders(text, segments):
    assert gsm7.segments(text) == segments


def test_an_escape_pair_is_not_split():
    first, second = gsm7.parts("a" * 152 + "€" + "b" * 10)
    assert first == b"a" * 152
    assert second == b"\x1be" + b"b" * 10


def test_a_surrogate_pair_is_not_split():
    first, second = gsm7.parts("я" * 66 + "😀" + "я" * 10)
    assert first.decode("utf-16-be") == "я" * 66
    assert second.decode("utf-16-be") == "😀" + "я" * 10


@given(texts, texts)
def test_longer_text_never_costs_less(a, b):
    assert gsm7.segments(a + b) >= max(gsm7.segments(a), gsm7.segments(b))


@given(texts)
def test_parts_are_as_many_as_the_segments_and_lose_nothing(text):
    pieces = gsm7.parts(text)
    assert len(pieces) == gsm7.segments(text)
    wide = gsm7.encoding(text) == "UCS-2"
    single, joined = (140, 134) if wide else (160, 153)
    assert all(len(piece) <= (single if len(pieces) == 1 else joined) for piece in pieces)
    assert "".join(piece.decode("utf-16-be") if wide else gsm7.decode(piece) for piece in pieces) == text


@given(gsm_texts)
def test_septets_come_back_as_the_text(text):
    assert gsm7.decode(gsm7.encode(text)) == text


@given(st.text(max_size=200))
def test_unusual_names_exactly_what_forces_ucs2(text):
    odd = gsm7.unusual(text)
    assert (odd == "") == (gsm7.encoding(text) == "GSM-7")
    assert gsm7.encoding("".join(char for char in text if char not in odd)) == "GSM-7"


def test_the_small_cedilla_and_typographic_quotes_are_unusual():
    assert gsm7.unusual("ça n’a “rien” d’été") == "ç’“”"
    assert gsm7.unusual("Ça coûte 5 € à Alès") == "û"


def test_text_outside_the_alphabet_is_refused_by_encode():
    with pytest.raises(ValueError, match="ç"):
        gsm7.encode("ça")


def test_an_unknown_escape_shows_the_basic_character():
    assert gsm7.decode(b"\x1bA\x1be\x1b") == "A€"


@given(st.text(st.characters(), max_size=300))
def test_any_text_has_a_price(text):
    assert gsm7.segments(text) == len(gsm7.parts(text)) >= 1


def test_a_lone_surrogate_costs_one_unit_and_breaks_nothing():
    assert gsm7.segments("\ud800" * 70) == 1
    assert gsm7.segments("\ud800" * 71) == 2
