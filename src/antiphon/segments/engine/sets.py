"""Who satisfies a rule at an instant, of everybody, as one statement of set algebra.

A part of a rule is a condition on the profile's own row, a set of profiles, or everybody but a set. So the table of all
profiles is read only where a rule speaks of traits, or holds for those of whom nothing is known; "bought, and opened
nothing" begins with those who bought.
"""

from __future__ import annotations

from msgspec import Struct

from antiphon.segments.engine.frame import Frame, Moment, Statement, Words
from antiphon.segments.engine.leaves import answer
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Leaf, Rule

_LEAVING = "NOT EXISTS (SELECT FROM known_leaving g WHERE g.profile_id = s.profile_id)"
"""A number that was merged away or erased may have rows for a moment, and is nobody."""


class Row(Struct, frozen=True):
    """A condition over `p`."""

    text: str


class Set(Struct, frozen=True):
    """Rows `(bucket, profile_id)`, each once; `but`: everybody except these."""

    text: str
    but: bool


Piece = Row | Set


def everybody(rule: Rule, words: Words, moment: Moment) -> Statement:
    """Rows `(bucket, id)` of all profiles for which the rule holds."""
    frame = Frame(words, moment)
    piece = _Algebra(frame).piece(rule)
    if isinstance(piece, Row):
        text = f"SELECT p.bucket, p.id FROM known_profile p WHERE {piece.text}"  # noqa: S608 - our own words
    elif piece.but:
        text = f"SELECT p.bucket, p.id FROM known_profile p WHERE NOT {_has(piece.text, 'p.id', 'p.bucket')}"  # noqa: S608 - our own words
    else:
        text = f"SELECT s.bucket, s.profile_id AS id FROM ({piece.text}) s WHERE {_LEAVING}"  # noqa: S608 - our own words
    return frame.statement(text)


class _Algebra:
    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.leaves: dict[bytes, Piece] = {}

    def piece(self, rule: Rule) -> Piece:
        if isinstance(rule, rules.All):
            return _all([self.piece(part) for part in rule.parts])
        if isinstance(rule, rules.Any):
            return _not(_all([_not(self.piece(part)) for part in rule.parts]))
        if isinstance(rule, rules.Not):
            return _not(self.piece(rule.part))
        key = rules.key_of(rule)
        if key not in self.leaves:
            self.leaves[key] = self._leaf(rule)
        return self.leaves[key]

    def _leaf(self, leaf: Leaf) -> Piece:
        found = answer(leaf, self.frame)
        row = found.row()
        return Row(row) if row is not None else Set(found.differing(), but=found.unknown)


def _not(piece: Piece) -> Piece:
    if isinstance(piece, Row):
        return Row(f"(NOT {piece.text})")
    return Set(piece.text, but=not piece.but)


def _all(pieces: list[Piece]) -> Piece:
    rows = [piece.text for piece in pieces if isinstance(piece, Row)]
    within = [piece.text for piece in pieces if isinstance(piece, Set) and not piece.but]
    without = [piece.text for piece in pieces if isinstance(piece, Set) and piece.but]
    if not within and not without:
        return Row("(" + " AND ".join(rows) + ")")
    if not rows and not within:
        return Set(_union(without), but=True)
    if not rows:
        first, *rest = within
        if not rest and not without:
            return Set(first, but=False)
        conditions = [_has(text, "s.profile_id", "s.bucket") for text in rest]
        conditions += [f"NOT {_has(text, 's.profile_id', 's.bucket')}" for text in without]
        return Set(f"SELECT s.bucket, s.profile_id FROM ({first}) s WHERE {' AND '.join(conditions)}", but=False)  # noqa: S608 - our own words
    conditions = rows + [_has(text, "p.id", "p.bucket") for text in within]
    conditions += [f"NOT {_has(text, 'p.id', 'p.bucket')}" for text in without]
    return Set(
        f"SELECT p.bucket, p.id AS profile_id FROM known_profile p WHERE {' AND '.join(conditions)}",  # noqa: S608 - our own words
        but=False,
    )


def _has(table: str, id: str, bucket: str) -> str:
    """The planner makes semi and anti joins of these: each table is read once."""
    return f"EXISTS (SELECT FROM ({table}) x WHERE x.profile_id = {id} AND x.bucket = {bucket})"


def _union(tables: list[str]) -> str:
    if len(tables) == 1:
        return tables[0]
    return " UNION ".join(f"SELECT u.bucket, u.profile_id FROM ({text}) u" for text in tables)  # noqa: S608 - our own words
