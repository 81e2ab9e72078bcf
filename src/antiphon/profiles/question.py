"""What somebody typed, as the spans of text that it stands for. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import phonenumbers
from msgspec import Struct

from antiphon.kernel.errors import invalid
from antiphon.profiles import words
from antiphon.profiles.identifiers import text_fault
from antiphon.profiles.kinds import KINDS

CHARS_MAX = 200
TERMS_MAX = 8
_DIGITS_MIN = 4
_LETTERS_MIN = 3
_PHONE = re.compile(r"[+(]?[\d().\-/‐‑–]*\d[\d().\-/‐‑–]*")
_KIND = re.compile(rf"(?:{'|'.join(KINDS)})(?:@[^:]*)?:(?=.)")
# National prefixes other than 0 or none (ITU-T E.164, "Dialling procedures"): Russia and Kazakhstan, Hungary, Belarus,
# Turkmenistan.
_TRUNKS = {"7": ("8",), "36": ("06",), "375": ("80", "8"), "993": ("8",)}
_LAST = "\U0010ffff"


class Span(Struct, frozen=True):
    """Texts from `low` (included) to `high`, by the bytes of UTF-8, which is also the order of Python's strings."""

    low: str
    high: str


class Term(Struct, frozen=True):
    """One thing that must apply: `word` begins a name, or an identifier lies in one of `values`. Empty: no name."""

    word: str
    values: tuple[Span, ...]


class Question(Struct, frozen=True):
    """`exact` are identifiers that are meant by the whole text, `beginnings` where those begin that it begins."""

    terms: tuple[Term, ...]
    exact: tuple[str, ...]
    beginnings: tuple[Span, ...]


def upto(prefix: str) -> Span:
    return Span(prefix, prefix + _LAST)


def ask(text: str) -> Question:
    """Raises Invalid for a text that nothing can be found by."""
    text = text.strip()
    if fault := text_fault(text):
        raise invalid("q", fault)
    if len(text) > CHARS_MAX:
        raise invalid("q", "It is longer than {most} characters.", most=CHARS_MAX)
    whole = _KIND.sub("", text, count=1)
    terms = list(_terms(whole))
    if len(terms) > 1:
        terms = [_of_many(term) for term in terms]
    if len(terms) > TERMS_MAX:
        raise invalid("q", "At most {most} words can be asked for.", most=TERMS_MAX)
    forms = _forms(whole)
    exact = [*forms, *(phones(whole) if _is_phone(whole.split()) else [])]
    return Question(tuple(terms), tuple(exact), tuple(map(upto, forms)))


def _terms(text: str) -> Iterator[Term]:
    """A number with spaces is one term; Jean-Luc are two."""
    for is_number, group in groupby(text.split(), key=lambda piece: bool(_PHONE.fullmatch(piece))):
        pieces = list(group)
        if is_number and _is_phone(pieces):
            yield _term("".join(pieces), [*_forms(" ".join(pieces)), *phones("".join(pieces))])
        else:
            for piece in pieces:
                for part in piece.split("-") if piece.replace("-", "").isalpha() else [piece]:
                    if part:
                        yield _term(part, _forms(part))


def _term(text: str, beginnings: Iterable[str]) -> Term:
    return Term(words.joined(text), tuple(map(upto, _widest(beginnings))))


def _of_many(term: Term) -> Term:
    """Beside others, one or two letters stand for a name: every eighth browser has an id that begins with a b."""
    short = all(len(span.low) < _LETTERS_MIN and span.low.isalpha() for span in term.values)
    return Term(term.word, ()) if short else term


def _forms(text: str) -> list[str]:
    """Identifiers are kept as they came, but e-mail addresses in lower case: so a text is tried in both."""
    return list(dict.fromkeys([text, text.lower(), text.upper(), unicodedata.normalize("NFKC", text).lower()]))


def _is_phone(pieces: Sequence[str]) -> bool:
    whole = all(_PHONE.fullmatch(piece) for piece in pieces)
    return whole and sum(char.isdigit() for piece in pieces for char in piece) >= _DIGITS_MIN


def phones(text: str) -> list[str]:
    """Numbers in E.164 that this may be (or begin): with +, with 00, without either, or national in any country."""
    plain = text.replace("(0)", "").strip()
    digits = "".join(str(unicodedata.decimal(char)) for char in plain if char.isdecimal())
    if plain.lstrip("(").startswith("+"):
        return ["+" + digits]
    if digits.startswith("00"):
        return ["+" + digits[2:]] if digits.strip("0") else []
    found = ["+" + digits] if not digits.startswith("0") else []
    for code in map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE):
        # With the zero too: in Italy and some other countries it is part of the number.
        nationals = {digits, *(digits.removeprefix(trunk) for trunk in _TRUNKS.get(code, ("0",)))}
        found += [f"+{code}{national}" for national in nationals if national]
    return found


def _widest(prefixes: Iterable[str]) -> list[str]:
    """Without those that begin with another one."""
    kept: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept
