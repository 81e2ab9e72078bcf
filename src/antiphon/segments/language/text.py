"""Rules in words, for people: `to_text` and `from_text`. docs/reference/rules-in-words.md is the page about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any as Json  # JSON: a rule object

from msgspec import Struct

from antiphon.kernel.said import worded
from antiphon.segments.language.parse import parse
from antiphon.segments.language.text_leaves import read_leaf, write_leaf
from antiphon.segments.language.text_reader import Place, Reader

WIDTH = 80
NESTED_MAX = 100
_WORDS = {"all": "and", "any": "or"}


class FromText(Struct, frozen=True):
    """The inner rule object, and where in the text each part of it stands, by the paths that `parse` gives to flaws."""

    document: dict[str, Json]
    places: dict[str, Place]

    def place(self, path: str) -> Place:
        """Of what the path names, or else of the nearest thing around it that has a place."""
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.places.get(path, self.places["rule"])


def from_text(text: str) -> FromText:
    """Raises Invalid at the first place that cannot be read (`line 3, column 14`). `parse` says whether it is valid."""
    reader = Reader(text)
    found = _read_group(reader, deep=0)
    if reader.token.kind != "end":
        raise reader.expect("the end")
    return FromText(found.document, {f"rule{path}": reader.place(start) for path, start in found.marks.items()})


class _Read(Struct, frozen=True):
    document: dict[str, Json]
    marks: dict[str, int]

    def under(self, path: str) -> Iterator[tuple[str, int]]:
        return ((path + inner, start) for inner, start in self.marks.items())


def _read_group(reader: Reader, *, deep: int) -> _Read:
    """Parts that are joined by one word: and, or. A part alone is no group."""
    start = reader.token.start
    parts = [_read_part(reader, deep=deep)]
    joined = next((kind for kind, word in _WORDS.items() if reader.take(word)), None)
    if joined is None:
        return parts[0]
    parts.append(_read_part(reader, deep=deep))
    while reader.take(_WORDS[joined]):
        parts.append(_read_part(reader, deep=deep))
    if any(reader.sees(word) for word in _WORDS.values()):
        raise reader.refusal("Between and and or it is not clear what belongs together: put it in parentheses.")
    return _group(joined, parts, start)


def _group(kind: str, parts: list[_Read], start: int) -> _Read:
    marks = {"": start, f".{kind}": start}
    for n, part in enumerate(parts):
        marks.update(part.under(f".{kind}[{n}]"))
    return _Read({kind: [part.document for part in parts]}, marks)


def _read_part(reader: Reader, *, deep: int) -> _Read:
    start = reader.token.start
    if deep > NESTED_MAX:
        raise reader.refusal(
            worded("This is nested too deeply: at most {most} levels of not and parentheses.", most=NESTED_MAX)
        )
    if reader.take("not"):
        part = _read_part(reader, deep=deep + 1)
        return _Read({"not": part.document}, {"": start, **dict(part.under(".not"))})
    if reader.take("("):
        part = _read_group(reader, deep=deep + 1)
        reader.need(")")
        return part
    for kind in _WORDS:
        if reader.take(kind):
            return _group(kind, _read_list(reader, deep=deep + 1), start)
    reader.marks = {"": start}
    leaf = read_leaf(reader)
    if leaf is None:
        raise reader.refusal()
    return _Read(leaf, reader.marks)


def _read_list(reader: Reader, *, deep: int) -> list[_Read]:
    reader.need("(")
    parts = [_read_group(reader, deep=deep)]
    while not reader.take(")"):
        reader.need(",")
        parts.append(_read_group(reader, deep=deep))
    return parts


def to_text(document: object) -> str:
    """The rule object, or `{"version": 1, "rule": {…}}`, in words. Raises Invalid where it is no valid rule.

    What it says by default it does not say: `where: []`, `confirmed: false`, the `true` of exists, a step without where
    as an object. All else comes back from `from_text` as it was.
    """
    parse(document)
    assert isinstance(document, dict)  # parse refuses all else
    return "\n".join(_lines(document.get("rule", document), lead="", width=WIDTH, grouped=False))


def _lines(rule: Mapping[str, Json], *, lead: str, width: int, grouped: bool) -> list[str]:
    """`lead` stands before the rule on its first line; `grouped`: parts joined by a word need parentheses."""
    flat = lead + _flat(rule, grouped=grouped)
    if len(flat) <= width:
        return [flat]
    if "not" in rule:
        return _lines(rule["not"], lead=f"{lead}not ", width=width, grouped=True)
    kind = next((kind for kind in _WORDS if kind in rule), None)
    if kind is None:
        return _filled(write_leaf(rule), lead=lead, width=width)
    parts = rule[kind]
    if len(parts) == 1:
        return _wrapped(parts[0], f"{lead}{kind}(", width)
    if grouped:
        return _wrapped(rule, f"{lead}(", width)
    joints = ["", *[f"{_WORDS[kind]} "] * (len(parts) - 1)]
    pairs = zip(joints, parts, strict=True)
    return [line for joint, part in pairs for line in _lines(part, lead=joint, width=width, grouped=True)]


def _wrapped(rule: Mapping[str, Json], opening: str, width: int) -> list[str]:
    inner = _lines(rule, lead="", width=width - 2, grouped=False)
    return [opening, *(f"  {line}" for line in inner), ")"]


def _filled(pieces: list[str], *, lead: str, width: int) -> list[str]:
    """As many pieces on a line as fit; what follows the first line is indented."""
    lines = [lead + pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(f"    {piece}")
    return lines


def _flat(rule: Mapping[str, Json], *, grouped: bool) -> str:
    if "not" in rule:
        return f"not {_flat(rule['not'], grouped=True)}"
    kind = next((kind for kind in _WORDS if kind in rule), None)
    if kind is None:
        return " ".join(write_leaf(rule))
    if len(rule[kind]) == 1:
        return f"{kind}({_flat(rule[kind][0], grouped=False)})"
    joined = f" {_WORDS[kind]} ".join(_flat(part, grouped=True) for part in rule[kind])
    return f"({joined})" if grouped else joined
