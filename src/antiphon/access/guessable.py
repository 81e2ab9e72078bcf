"""Whether a password would be among the first that somebody tries: values in, values out.

No rules of composition (they make `Password1!`). A password is weighed twice: by what is left of it once everything is
taken away that guessing programs begin with, and, up to `ESTIMATED_CHARS_MAX`, by how many guesses zxcvbn says it takes
(its lists hold the 30,000 most common passwords, words and names). Source for the lengths: NIST SP 800-63B-4, 3.1.1.2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from antiphon.kernel.said import worded

CHARS_MIN = 12
CHARS_MAX = 256
LEFT_MIN = 6
"""So many characters must be left of it."""
DISTINCT_MIN = 5
PART_CHARS_MIN = 4
"""Of a name or address: a shorter part stands in many words."""
RUN_CHARS_MIN = 3
ESTIMATED_CHARS_MAX = 20
"""Time rises steeply with the length: 0.2 s at most for these on a busy core, 15 s for 72 chosen well. In lists of
common passwords longer ones hardly stand."""
GUESSES_MIN = 1e8
"""Of zxcvbn's five steps the third: above it, guessing at a server that counts is in vain."""

PRODUCT = "antiphon"
WORDS = (
    *("password", "passwort", "passw", "pass", "word", "letmein", "welcome", "changeme", "secret", "login", "admin"),
    *("administrator", "root", "user", "test", "guest", "default", "master", "access", "hello", "iloveyou", "love"),
    *("monkey", "dragon", "sunshine", "princess", "football", "baseball", "shadow", "superman", "batman", "trustno"),
    *("starwars", "whatever", "freedom", "computer", "internet", "google", "facebook", "linkedin", "pokemon", "ninja"),
    *("spring", "summer", "autumn", "winter", "january", "february", "march", "april", "june", "july", "august"),
    *("september", "october", "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday"),
    *("saturday", "sunday", "company", "office", "work", "marketing", "correcthorsebatterystaple", "email", "please"),
    *("contrasena", "clave", "hola", "bienvenido", "teamo", "tequiero", "mariposa", "estrella", "verano", "invierno"),
    *("motdepasse", "azerty", "bonjour", "bienvenue", "jetaime", "soleil", "chouchou", "doudou", "hiver", "printemps"),
)
EASY = "Too easy to guess: what is repeated, in a row, a year or a common word counts for nothing."
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop",
    "qsdfghjklm", "wxcvbn", "qwertzuiop", "yxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
)  # fmt: skip
_NEXT = frozenset(pair for row in _ROWS for first, second in pairwise(row) for pair in (first + second, second + first))
_DISGUISES = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_NUMBER = re.compile(r"\d{3,}")
_YEAR = re.compile(r"(19|20)\d\d")
_ONE_UNIT = re.compile(r"(.{1,8}?)\1+")
_REPEATED = re.compile(r"(.)\1\1+")


def normal(password: str) -> str:
    """As it is hashed: the same whichever keyboard wrote the accent (NFKC, as NIST SP 800-63B-4 asks)."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, *, about: Sequence[str] = ()) -> str | None:
    """A sentence that says what to do, or None. `about`: names and addresses that others know of this person."""
    password = normal(password)
    if len(password) < CHARS_MIN:
        return worded(
            "At least {least} characters; some words that do not belong together are easy to keep.", least=CHARS_MIN
        )
    if len(password) > CHARS_MAX:
        return f"At most {CHARS_MAX} characters."
    readings = _readings(password)
    if PRODUCT in " ".join(readings):
        return worded("Not with the name {product} in it: that would be tried first.", product=PRODUCT.capitalize())
    known = [part for text in about for part in _parts(text)]
    if any(part in reading for part in known for reading in readings):
        return "Not with your name, your e-mail address or your company in it: that would be tried first."
    symbols = {c for c in password if not c.isalnum() and not c.isspace()}
    if len(set(password.casefold())) < DISTINCT_MIN or min(map(_left, readings)) + len(symbols) < LEFT_MIN:
        return EASY
    return EASY if len(password) <= ESTIMATED_CHARS_MAX and _guesses(password) < GUESSES_MIN else None


def _guesses(password: str) -> float:
    # Loaded when a password is chosen: its lists take 15 MB and a fifth of a second.
    from zxcvbn import zxcvbn

    return float(zxcvbn(password)["guesses"])


def _readings(password: str) -> tuple[str, str]:
    """Letters and digits as they stand, and with the usual disguises taken off: `P4$$w0rd123` is `password`."""
    folded = _bare(password)
    return _alnum(folded), _alnum(_NUMBER.sub(" ", folded).translate(_DISGUISES))


def _bare(text: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _alnum(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _parts(text: str) -> Iterator[str]:
    """All of a name or address, and those of its words that are long enough to tell something."""
    if len(whole := _alnum(_bare(text))) >= PART_CHARS_MIN:
        yield whole
    for part in re.split(r"[\W_]+", _bare(text)):
        if len(part) >= PART_CHARS_MIN and part not in ("mail", "example", "gmail", "hotmail", "outlook"):
            yield part


def _left(reading: str) -> int:
    """How many characters are left that no list would bring."""
    if _ONE_UNIT.fullmatch(reading):
        return 0
    text = reading
    for word in sorted(WORDS, key=len, reverse=True):
        text = text.replace(word, " ")
    text = _REPEATED.sub(" ", _YEAR.sub(" ", text))
    return sum(len(piece) for run in text.split() for piece in _unrun(run))


def _unrun(text: str) -> Iterator[str]:
    """The pieces between runs such as `1234`, `fedc` or `qwer`."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and text[end - 1 : end + 1] in _NEXT:
            end += 1
        if end - start < RUN_CHARS_MIN:
            yield text[start:end]
        start = end
