"""What is answered about rules and people: explanations, previews, sizes, overlaps, verifications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel.records import ProfileId, SegmentId


class Asked(Struct, frozen=True):
    """What a leaf compares its value with. `of` says what the value is: `count`, `trait`, `usable addresses` …"""

    of: str
    op: str
    value: Any  # Any: JSON


class Part(Struct, frozen=True):
    """A place in a rule, such as `rule.all[0]`, whether it holds, and when time alone may change that.

    A leaf also has the `value` that was found of the person, and what it is `asked` to be.
    """

    at: str
    holds: bool
    text: str = ""
    turns_at: datetime | None = None
    asked: Asked | None = None
    value: Any = None  # Any: JSON, and instants


class Moved(Struct, frozen=True):
    """Somebody entered or left. `leaf` is the part of the rule of that time that decided."""

    at: datetime
    entered: bool
    cause: str
    leaf: str


class Wanted(Struct, frozen=True):
    """A leaf that would have to be otherwise for the rule to turn."""

    at: str
    text: str
    says: str


class Explanation(Struct, frozen=True):
    """`holds` is the whole rule, now; `member` what is written down. They differ only while work is due.

    `next_look_at`: before it time alone changes nothing; it may be earlier than what changes the answer. `to_change`:
    the fewest leaves that would have to be otherwise for the rule to turn, as far as they turn by themselves.
    """

    member: bool
    holds: bool
    next_look_at: datetime | None
    parts: Sequence[Part]
    entered_at: datetime | None = None
    last: Moved | None = None
    to_change: Sequence[Wanted] = ()


class Verification(Struct, frozen=True):
    """How many satisfy the rule, how many of them are no members, how many members do not satisfy it.

    `missing_due` and `surplus_due` of these have work due and will be put right. So may be anybody while people of an
    account or topic are walked through (`crowds`) or a version is built. `sample`: those who have none due come first.
    """

    count: int
    missing: int
    surplus: int
    sample: Sequence[ProfileId]
    missing_due: int = 0
    surplus_due: int = 0
    crowds: int = 0
    building: bool = False

    @property
    def odd(self) -> int:
        return self.missing + self.surplus

    @property
    def says(self) -> str:
        """In a sentence."""
        if not self.odd:
            return "Members and rule agree."
        if not self.odd - self.missing_due - self.surplus_due:
            return f"{self.odd} differ, all of them have work due."
        if not self.wrong:
            return f"{self.odd} differ, and work is under way that changes many at once. Look again when it is done."
        return f"{self.missing} are missing and {self.surplus} too many; {self.wrong} of them have no work due."

    @property
    def wrong(self) -> int:
        """How many differ and have nothing due."""
        return 0 if self.crowds or self.building else self.odd - self.missing_due - self.surplus_due


class Person(Struct, frozen=True):
    """Somebody who is shown as an example. `name` is first and last name, as far as they are known."""

    profile: ProfileId
    external_id: str | None
    name: str | None


class Caution(Struct, frozen=True):
    """Something about a place of a rule that its author may not have meant, or that cannot be known."""

    at: str
    code: str
    message: str
    since: datetime | None = None


class Preview(Struct, frozen=True):
    """How many, how many of them could be reached, and some of them.

    `margin`: the true number lies so near with 95 % (0 where it is `exact`); `reach_margin` the same of each number of
    `reach` and `reach_by_topic`. Reach is worked out of at most 4,000 of those who were found, else it is exact.
    """

    count: int
    exact: bool
    margin: int
    reach: dict[str, int]
    reach_by_topic: dict[str, dict[str, int]]
    reach_exact: bool
    reach_margin: int
    sample: Sequence[Person]
    warnings: Sequence[Caution] = ()


class Mover(Person, frozen=True):
    """Somebody who would enter or leave, and the leaf of the new rule that decides."""

    at: str
    text: str


class DraftPreview(Struct, frozen=True):
    """How many are in now, and would be by the draft; who would enter and who would leave, some of them by name."""

    count: int
    draft_count: int
    enter: int
    leave: int
    entering: Sequence[Mover]
    leaving: Sequence[Mover]
    warnings: Sequence[Caution] = ()


class Size(Struct, frozen=True):
    """How many were in at the end of the hour or day that begins `at`, and how many entered and left in it."""

    at: datetime
    size: int
    entered: int
    left: int


class Overlap(Struct, frozen=True):
    """How many are in both; `share` of the segment that was asked about, `of_other` of the other."""

    segment: SegmentId
    name: str
    size: int
    both: int
    share: float
    of_other: float
