"""Whether somebody can be reached, as SQL: the twin of `profiles.effective`, for everybody at once.

An address is usable that is not dead and that nobody opted out, and for which the person's wishes allow the topic (the
empty topic where the rule names none). Most people said nothing: for them the topic's default is worked out once.
"""

from __future__ import annotations

from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.frame import Frame
from antiphon.segments.language.rules import Reachable

RANK = "((f.topic = '*')::int * 4 + (f.channel = '*')::int * 2 + (coalesce(f.address, '') = '')::int)"
"""Of all statements that are about one topic, channel and address the narrowest has the lowest rank."""
NO_RANK = 99
_NEEDS = "n.needs <> 'nothing'"
_NEEDS_NO_PROOF = "n.needs = 'consent'"
_RESUMED = "'1970-01-01 00:00:00+00'"  # `paused_until` of an exception from a broader pause


class Reach(Answer):
    def __init__(self, leaf: Reachable, frame: Frame) -> None:
        super().__init__(frame)
        self.channel = frame.add(leaf.channel, "text")
        self.topic = frame.add(leaf.topic or "", "text")
        self.now = frame.now

    def differing(self) -> str:
        """One row per profile that has a usable address."""
        # opt_out is a directory with a bucket of its own, the hash of the address: read across buckets
        return (
            f"SELECT DISTINCT a.bucket, a.profile_id FROM known_address a{self.frame.limit('a')}"  # noqa: S608 - our own words
            f" LEFT JOIN ({self._said()}) said ON said.bucket = a.bucket AND said.profile_id = a.profile_id"
            " AND said.value = a.value"
            f" WHERE a.channel = {self.channel} AND a.state <> 'dead' AND NOT EXISTS"
            " (SELECT FROM known_opt_out o WHERE o.channel = a.channel AND o.value = a.value)"
            f" AND NOT coalesce(said.refused, {self._of_topic(f'{self._unwanted} OR {_NEEDS}')})"
        )

    def timers(self) -> str:
        """When the first pause or consent of each profile ends that may change the answer."""
        ends = [f"min(f.{end}) FILTER (WHERE f.{end} > {self.now})" for end in ("expires_at", "paused_until")]
        return (
            f"SELECT f.bucket, f.profile_id, least({', '.join(ends)}) AS timer_at FROM known_preference f"  # noqa: S608 - our own words
            f"{self.frame.limit('f')} WHERE f.topic IN ({self.topic}, '*')"
            f" AND (f.expires_at > {self.now} OR f.paused_until > {self.now}) GROUP BY f.bucket, f.profile_id"
        )

    def _said(self) -> str:
        """What those who said anything let us do, per address."""
        here = f"f.channel IN ({self.channel}, '*') AND coalesce(f.address, '') IN ('', a.value)"
        holds = f"(f.expires_at IS NULL OR f.expires_at > {self.now})"
        return (
            f"SELECT a.bucket, a.profile_id, a.value, {self._refused(here, holds)} AS refused"  # noqa: S608 - our own words
            f" FROM known_address a{self.frame.limit('a')}"
            " JOIN known_preference f ON f.bucket = a.bucket AND f.profile_id = a.profile_id"
            f" WHERE a.channel = {self.channel} AND f.topic IN ({self.topic}, '*')"
            " GROUP BY a.bucket, a.profile_id, a.value"
        )

    def _refused(self, here: str, holds: str) -> str:
        def first(which: str) -> str:
            return narrowest(f"{here} AND {which}")

        wanted, unwanted = first(f"{holds} AND f.state = 'wanted'"), first(f"{holds} AND f.state = 'unwanted'")
        proof = f"(f.confirmed OR {self._of_topic(_NEEDS_NO_PROOF)})"
        consented = first(f"{holds} AND f.state = 'wanted' AND f.basis = 'consent' AND {proof}")
        elsewhere = f"bool_or(f.state = 'wanted' AND f.topic <> '*' AND {holds})"
        silent = f"({elsewhere} OR {self._of_topic(self._unwanted)})"
        refused = f"CASE WHEN least({wanted}, {unwanted}) = {NO_RANK} THEN {silent} ELSE {unwanted} < {wanted} END"
        unproven = f"({self._of_topic(_NEEDS)} AND {consented} >= {unwanted})"
        paused = f"{first(f'f.paused_until > {self.now}')} < {first(f'f.paused_until = {_RESUMED}')}"
        return f"({refused} OR {unproven} OR {paused})"

    @property
    def _unwanted(self) -> str:
        return f"(n.state = 'unwanted' OR (n.channels <> '{{}}' AND {self.channel} <> ALL (n.channels)))"

    def _of_topic(self, what: str) -> str:
        """Worked out once; false for a topic that nobody set up."""
        return f"coalesce((SELECT {what} FROM known_topic n WHERE n.name = {self.topic}), false)"  # noqa: S608 - our own words


def narrowest(which: str) -> str:
    """The rank of the narrowest statement among grouped `f`; `NO_RANK` where there is none."""
    return f"coalesce(min({RANK}) FILTER (WHERE {which}), {NO_RANK})"
