"""Who satisfies a rule at an instant, of everybody, as one statement of set algebra.

A part of a rule is a condition on the profile's own row, a set of profiles, or everybody but a set. So the table of all
profiles is read only where a rule speaks of traits, or holds for those of whom nothing is known; "bought, and opened
nothing" begins with those who bought.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from antiphon.segments.engine.events import FromEvents
from antiphon.segments.engine.frame import Frame, Moment, Statement, Words
from antiphon.segments.engine.leaves import answer, is_costly
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Happened, Leaf, Measure, Rule

_ANY = Measure("count", "gte", Decimal(1))

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
        text = f"SELECT p.bucket, p.id FROM known_profile p WHERE NOT {_has(piece.text, 'p.id')}"  # noqa: S608 - our own words
    else:
        text = f"SELECT s.bucket, s.profile_id AS id FROM ({piece.text}) s WHERE {_LEAVING}"  # noqa: S608 - our own words
    return frame.statement(text)


def holds_for_unknown(rule: Rule, words: Words, moment: Moment) -> bool:
    """Whether it is everybody but a set."""
    piece = _Algebra(Frame(words, moment)).piece(rule)
    return isinstance(piece, Set) and piece.but


def counted(rule: Rule, words: Words, moment: Moment) -> Statement:
    """One number. Where nearly everybody may be in, those who are not are counted."""
    frame = Frame(words, moment)
    piece = _Algebra(frame).piece(rule)
    if isinstance(piece, Row):
        return frame.statement(f"SELECT count(*) FROM known_profile p WHERE {piece.text}")  # noqa: S608 - our own words
    found = f"SELECT count(*) FROM ({piece.text}) s WHERE {_LEAVING}"  # noqa: S608 - our own words
    return frame.statement(f"SELECT (SELECT count(*) FROM known_profile) - ({found})" if piece.but else found)  # noqa: S608 - our own words


class _Algebra:
    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.leaves: dict[bytes, Piece] = {}

    def piece(self, rule: Rule) -> Piece:
        if isinstance(rule, rules.All):
            alike = self._alike(rule)
            taken = {id(leaf) for some in alike for leaf in some}
            rest = [part for part in rule.parts if id(part) not in taken]
            return _all([*map(self._together, alike), *map(self.piece, rest)])
        if isinstance(rule, rules.Any):
            return _any([self.piece(part) for part in rule.parts])
        if isinstance(rule, rules.Not):
            return _not(self.piece(rule.part))
        key = rules.key_of(rule)
        if key not in self.leaves:
            self.leaves[key] = self._leaf(rule)
        return self.leaves[key]

    def _alike(self, rule: rules.All) -> list[list[Happened]]:
        """Parts that measure the same events in several ways, where who has none is out by each of them."""
        groups: dict[bytes, list[Happened]] = {}
        for part in rule.parts:
            if not isinstance(part, Happened) or part.measure.holds_without_events:
                continue
            if is_costly(part, self.frame):
                key = rules.key_of(Happened(part.events, part.where, part.window, _ANY))
                groups.setdefault(key, []).append(part)
        return [some for some in groups.values() if len(some) > 1]

    def _together(self, alike: list[Happened]) -> Piece:
        first, *others = alike
        return Set(FromEvents(first, self.frame).together([leaf.measure for leaf in others]), but=False)

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
        conditions = [_has(text, "s.profile_id") for text in rest]
        conditions += [f"NOT {_has(text, 's.profile_id')}" for text in without]
        return Set(f"SELECT s.bucket, s.profile_id FROM ({first}) s WHERE {' AND '.join(conditions)}", but=False)  # noqa: S608 - our own words
    conditions = rows + [_has(text, "p.id") for text in within]
    conditions += [f"NOT {_has(text, 'p.id')}" for text in without]
    return Set(
        f"SELECT p.bucket, p.id AS profile_id FROM known_profile p WHERE {' AND '.join(conditions)}",  # noqa: S608 - our own words
        but=False,
    )


def _any(pieces: list[Piece]) -> Piece:
    rows = [piece.text for piece in pieces if isinstance(piece, Row)]
    tables = [piece.text for piece in pieces if isinstance(piece, Set)]
    if not tables or any(isinstance(piece, Set) and piece.but for piece in pieces):
        return _not(_all([_not(piece) for piece in pieces]))
    if rows:
        tables.append(f"SELECT p.bucket, p.id AS profile_id FROM known_profile p WHERE ({' OR '.join(rows)})")  # noqa: S608 - our own words
    return Set(_union(tables), but=False)


def _has(table: str, id: str) -> str:
    """The planner makes semi and anti joins of these: each table is read once.

    The bucket follows from the id; to compare it too would make the planner expect two hundred times too few.
    """
    return f"EXISTS (SELECT FROM ({table}) x WHERE x.profile_id = {id})"


def _union(tables: list[str]) -> str:
    if len(tables) == 1:
        return tables[0]
    return " UNION ".join(f"SELECT u.bucket, u.profile_id FROM ({text}) u" for text in tables)  # noqa: S608 - our own words
