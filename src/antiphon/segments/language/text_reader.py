"""A rule in words, read token by token. What is expected at a place gathers by itself, for the message."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.said import spoken, worded
from antiphon.segments.language.reading import instead

RESERVED = frozenset({"and", "or", "not", "all", "any", "where", "within", "ago", "before", "after"})
"""Words that are no names unless they are quoted: a rule whose name was forgotten would be read as another rule."""

PLAIN_NAME = r"[^\W\d]\w*(?:\[\])?(?:[.-]\w+(?:\[\])?)*"
PLAIN_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt][0-9:.+Zz-]*)?"
PLAIN_DURATION = r"[0-9]+[smhd]\b"
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_TOKENS = re.compile(
    rf"""
      (?P<blank>\s+|\#[^\n]*)
    | (?P<text>"(?:[^"\\\n]|\\.)*")
    | (?P<instant>{PLAIN_INSTANT})
    | (?P<hours>[0-9]{{1,2}}:[0-9]{{2}}\ *-\ *[0-9]{{1,2}}:[0-9]{{2}})
    | (?P<duration>{PLAIN_DURATION})
    | (?P<km>{_NUMBER}\ *km\b)
    | (?P<percent>{_NUMBER}\ *%)
    | (?P<number>{_NUMBER})
    | (?P<word>{PLAIN_NAME})
    | (?P<symbol>!=|>=|<=|[=<>(),*])
    """,
    re.VERBOSE,
)
_SHOWN_CHARS = 40

Found = TypeVar("Found")


class Token(NamedTuple):
    kind: str
    text: str
    start: int


class Place(NamedTuple):
    """Both from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class Reader:
    """Reads tokens; `marks` are the places of what was read, by its path inside the leaf that is being read."""

    def __init__(self, text: str) -> None:
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._tokens = list(self._lex(text))
        self._next = 0
        self._expected: list[str] = []
        self._at = ""
        self.marks: dict[str, int] = {}

    @property
    def token(self) -> Token:
        return self._tokens[self._next]

    def place(self, start: int) -> Place:
        line = bisect_right(self._lines, start)
        return Place(line, start - self._lines[line - 1] + 1)

    def sees(self, *words: str) -> bool:
        """Whether these words (or signs) come next."""
        following = self._tokens[self._next : self._next + len(words)]
        return [token.text for token in following if token.kind in ("word", "symbol")] == list(words)

    def take(self, *words: str) -> bool:
        if not self.sees(*words):
            self._expected.append(" ".join(words))
            return False
        self._advance(len(words))
        return True

    def need(self, *words: str) -> None:
        if not self.take(*words):
            raise self.refusal()

    def take_kind(self, kind: str) -> str | None:
        """The next token if it is of this kind. Who calls says what was expected."""
        token = self.token
        if token.kind != kind:
            return None
        self._advance(1)
        return token.text

    def take_text(self) -> str | None:
        """The next token if it is a text in quotes, without them."""
        found = self.take_kind("text")
        return None if found is None else _unquoted(found)

    def read(self, path: str, how: Callable[[Reader], Found]) -> Found:
        """Read what stands at this path, relative to what is being read."""
        outer, self._at = self._at, self._at + path
        self.marks[self._at] = self.token.start
        found = how(self)
        self._at = outer
        return found

    def expect(self, what: str) -> Invalid:
        """The refusal of what comes next, where besides what was tried `what` could stand."""
        self._expected.append(what)
        return self.refusal()

    def refusal(self, message: str = "") -> Invalid:
        token = self.token
        if not message:
            wanted = list(dict.fromkeys(self._expected))
            form = "Here stands {this}, expected: {wanted}.{instead}"
            near = instead(token.text, wanted)
            message = worded(form, this=_shown(token), wanted=", ".join(map(spoken, wanted)), instead=near)
        return self._refused(token.start, message)

    def _refused(self, start: int, message: str) -> Invalid:
        return Invalid("The rule cannot be read.", flaws=[Flaw(str(self.place(start)), message)])

    def _advance(self, tokens: int) -> None:
        self._next += tokens
        self._expected.clear()

    def _lex(self, text: str) -> Iterator[Token]:
        start = 0
        while start < len(text):
            match = _TOKENS.match(text, start)
            if match is None or match.lastgroup is None:
                raise self._refused(start, _stray(text[start]))
            if match.lastgroup == "text" and _unquoted(match[0]) is None:
                raise self._refused(start, 'In this text a \\ means nothing; it has \\" \\\\ \\n \\r \\t and \\u00e9.')
            if match.lastgroup != "blank":
                yield Token(match.lastgroup, match[0], start)
            start = match.end()
        yield Token("end", "", start)


def _shown(token: Token) -> str:
    if token.kind == "end":
        return worded("the end")
    text = token.text if len(token.text) <= _SHOWN_CHARS else f"{token.text[:_SHOWN_CHARS]}…"
    return text if token.kind == "text" else f'"{text}"'


def _stray(character: str) -> str:
    if character == '"':
        return "This quote is not closed on its line."
    return worded('"{sign}" has no meaning here; a name with such signs stands in quotes.', sign=character)


def _unquoted(text: str) -> str | None:
    try:
        return str(json.loads(text, strict=False))
    except json.JSONDecodeError:
        return None


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
