"""Whom people belong to: accounts and segments, now and as it was noted."""

from __future__ import annotations

from datetime import timedelta

from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.frame import Frame
from antiphon.segments.engine.traits import OfTrait
from antiphon.segments.language.rules import AccountTrait, InAccount, InSegment, Moved, Trait

_BY_MERGE = "c.cause = 'merge'"
"""Two numbers turned out to be one person: nobody entered or left."""


class OfAccount(Answer):
    def __init__(self, leaf: InAccount, frame: Frame) -> None:
        super().__init__(frame)
        self.key = frame.add(leaf.account, "text")

    def differing(self) -> str:
        return (
            f"SELECT DISTINCT b.bucket, b.profile_id FROM known_belonging b{self.frame.limit('b')}"  # noqa: S608 - our own words
            f" WHERE b.account = {self.key}"
        )


class OfAccountTrait(Answer):
    """Of several accounts one is enough."""

    def __init__(self, leaf: AccountTrait, frame: Frame) -> None:
        super().__init__(frame)
        self.trait = OfTrait(Trait(leaf.condition), frame, column="c.traits")

    def differing(self) -> str:
        return f"SELECT DISTINCT b.bucket, b.profile_id {self._source()} WHERE {self.trait.row()}"

    def timers(self) -> str | None:
        timer = self.trait.row_timer()
        return f"SELECT b.bucket, b.profile_id, {timer} AS timer_at {self._source()}" if timer else None

    def _source(self) -> str:
        """An account has a bucket of its own, the hash of its key: read across buckets."""
        text = f"FROM known_belonging b{self.frame.limit('b')} JOIN known_account c ON c.key = b.account"
        if self.trait.condition.op == "anniversary":
            text += f" JOIN {self.frame.people} p ON p.id = b.profile_id"
        return text


class Members(Answer):
    """Who is in now, whatever the instant; and who has been for so long at the instant.

    Of the present the members say for how long. Of another instant the history is asked as well: who was in is who is
    in now, taken back by every entry and exit since. That is exact but for two who have left since: first members, who
    have no entry, count from the first publication of the segment, and who came by a merge from that merge.
    """

    def __init__(self, leaf: InSegment, frame: Frame) -> None:
        super().__init__(frame)
        self.segment = frame.add(frame.words.segments[leaf.segment], "integer")
        self.since = leaf.since

    def differing(self) -> str:
        members = f"SELECT (m.profile_id & 255)::smallint AS bucket, m.profile_id {self._members()}"
        if self.since is None:
            return members
        members += f" AND m.entered_at <= {self._edge(self.since)}"
        return members if self.frame.rollups else f"{members} UNION {self._who_left(self._edge(self.since))}"

    def timers(self) -> str | None:
        if self.since is None:
            return None
        wait, edge = self.frame.add(self.since, "interval"), self._edge(self.since)
        after = f"m.entered_at + {wait} AS timer_at"
        rows = f"SELECT m.bucket, m.profile_id, {after} {self._members()} AND m.entered_at > {edge}"
        if self.frame.rollups:
            return rows
        timer = f"CASE WHEN c.at > {self.frame.now} THEN c.at ELSE c.at + {wait} END"
        return f"{rows} UNION ALL SELECT c.bucket, c.profile_id, {timer} {self._changes()} AND c.at > {edge}"

    def _edge(self, since: timedelta) -> str:
        return self.frame.add(self.frame.at - since, "timestamptz")

    def _members(self) -> str:
        return f"FROM member m{self.frame.limit('m')} WHERE m.segment_id = {self.segment}"

    def _changes(self) -> str:
        return f"FROM segment_change c{self.frame.limit('c')} WHERE c.segment_id = {self.segment}"

    def _who_left(self, edge: str) -> str:
        """Those who were in at the edge and did not leave up to the instant, but left, or left and came back, later.

        Changes are kept by number, also of numbers that lead elsewhere: these are nobody.
        """
        inside = "(count(m.profile_id) > 0)::integer + sum(CASE WHEN c.entered THEN -1 ELSE 1 END)"
        broken = f"NOT c.entered AND NOT {_BY_MERGE} AND c.at <= {self.frame.now}"
        return (
            f"SELECT c.bucket, c.profile_id FROM segment_change c"  # noqa: S608 - our own words
            f" JOIN {self.frame.people} p ON p.bucket = c.bucket AND p.id = c.profile_id"
            " LEFT JOIN member m ON m.bucket = c.bucket AND m.segment_id = c.segment_id AND m.profile_id = c.profile_id"
            f" WHERE c.segment_id = {self.segment} AND c.at > {edge} AND {self._begun()} <= {edge}"
            f" GROUP BY c.bucket, c.profile_id HAVING {inside} > 0 AND NOT bool_or({broken})"
        )

    def _begun(self) -> str:
        """When the segment had its first members."""
        return (
            "(SELECT coalesce(min(v.published_at), min(s.created_at)) FROM segment s"  # noqa: S608 - our own words
            f" LEFT JOIN segment_version v ON v.segment_id = s.id WHERE s.id = {self.segment})"
        )


class HasMoved(Answer):
    """What was noted of any of the person's numbers: who entered unknown and turned out to be somebody has entered."""

    def __init__(self, leaf: Moved, frame: Frame) -> None:
        super().__init__(frame)
        self.leaf = leaf
        self.segment = frame.add(frame.words.segments[leaf.segment], "integer")

    def differing(self) -> str:
        now = self.frame.now
        recent = ""
        if self.leaf.within is not None:
            recent = f" AND c.at > {self.frame.add(self.frame.at - self.leaf.within, 'timestamptz')}"
        return f"SELECT DISTINCT w.bucket, w.id AS profile_id {self._source()} AND c.at <= {now}{recent}"

    def timers(self) -> str | None:
        """Until when the last move counts; and moves still to come, seen from an earlier instant or a late clock."""
        turns = [f"min(c.at) FILTER (WHERE c.at > {self.frame.now})"]
        if self.leaf.within is not None:
            now, over = self.frame.now, f"c.at + {self.frame.add(self.leaf.within, 'interval')}"
            turns.append(f"max({over}) FILTER (WHERE c.at <= {now} AND {over} > {now})")
        timer = f"least({', '.join(turns)}) AS timer_at"
        return f"SELECT w.bucket, w.id AS profile_id, {timer} {self._source()} GROUP BY w.bucket, w.id"

    def _source(self) -> str:
        """Changes `c` of each person `w (bucket, id)`."""
        entered = "c.entered" if self.leaf.entered else "NOT c.entered"
        rows = _OF_GIVEN if self.frame.given else _OF_EVERYBODY
        return f"{rows} WHERE c.segment_id = {self.segment} AND {entered} AND NOT {_BY_MERGE}"


_OF_GIVEN = (
    "FROM (SELECT t.bucket, t.id, t.bucket AS number_bucket, t.id AS number FROM target t UNION ALL"
    " SELECT t.bucket, t.id, a.bucket, a.id FROM target t JOIN known_alias a ON a.profile_id = t.id) w"
    " JOIN segment_change c ON c.bucket = w.number_bucket AND c.profile_id = w.number"
)
_OF_EVERYBODY = (
    "FROM segment_change c LEFT JOIN known_alias a ON a.bucket = c.bucket AND a.id = c.profile_id"
    " CROSS JOIN LATERAL (SELECT coalesce(a.profile_id, c.profile_id) AS id,"
    " (coalesce(a.profile_id, c.profile_id) & 255)::smallint AS bucket) w"
)
