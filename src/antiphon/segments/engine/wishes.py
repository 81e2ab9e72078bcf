"""What people said about being written to, and where they read."""

from __future__ import annotations

from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.conditions import SIGNS
from antiphon.segments.engine.frame import Frame
from antiphon.segments.engine.reach import narrowest
from antiphon.segments.language.rules import Consent, Mobile, Preference

_GROUP = "GROUP BY f.bucket, f.profile_id"


class Wished(Answer):
    """A wish and a pause stand side by side: somebody may want a topic and have paused it. Who has neither is unset."""

    def __init__(self, leaf: Preference, frame: Frame) -> None:
        super().__init__(frame)
        self.leaf = leaf
        self.unknown = leaf.state == "unset"

    def differing(self) -> str:
        return f"SELECT f.bucket, f.profile_id {self._source()} AND ({self._stands()}) {_GROUP}"

    def _stands(self) -> str:
        """Null is as good as false here."""
        if self.leaf.state == "unwanted":
            return "f.state = 'unwanted'"
        paused = f"f.paused_until > {self.frame.now}"
        if self.leaf.state == "paused":
            return paused
        wanted = f"f.state = 'wanted' AND (f.expires_at IS NULL OR f.expires_at > {self.frame.now})"
        return wanted if self.leaf.state == "wanted" else f"{wanted} OR f.state = 'unwanted' OR {paused}"

    def timers(self) -> str | None:
        ends = {
            "wanted": "f.expires_at",
            "unwanted": None,
            "paused": "f.paused_until",
            "unset": "greatest(CASE WHEN f.state = 'wanted' THEN f.expires_at END, f.paused_until)",
        }[self.leaf.state]
        if ends is None:
            return None
        ahead = f"{self._source()} AND {ends} > {self.frame.now}"
        return f"SELECT f.bucket, f.profile_id, min({ends}) AS timer_at {ahead} {_GROUP}"

    def _source(self) -> str:
        topic, channel = self.frame.add(self.leaf.topic, "text"), self.frame.add(self.leaf.channel, "text")
        return f"FROM known_preference f{self.frame.limit('f')} WHERE f.topic = {topic} AND f.channel = {channel}"


class Consented(Answer):
    """As a decision looks for it: from the narrowest statement outwards, up to a withdrawal.

    Statements may be for one address alone. It holds where a consent is in force for whatever address, or for one of
    those that were named.
    """

    def __init__(self, leaf: Consent, frame: Frame) -> None:
        super().__init__(frame)
        self.leaf = leaf

    def differing(self) -> str:
        proof = " AND f.confirmed" if self.leaf.confirmed else ""
        consented = narrowest(f"f.state = 'wanted' AND f.basis = 'consent'{proof}")
        unwanted = narrowest("f.state = 'unwanted'")
        return (
            f"SELECT DISTINCT g.bucket, g.profile_id FROM (SELECT DISTINCT f.bucket, f.profile_id,"  # noqa: S608 - our own words
            f" coalesce(f.address, '') AS address {self._source()}) g"
            f" JOIN known_preference f ON f.bucket = g.bucket AND f.profile_id = g.profile_id"
            f" WHERE {self._about()} AND coalesce(f.address, '') IN ('', g.address)"
            f" AND (f.expires_at IS NULL OR f.expires_at > {self.frame.now})"
            f" GROUP BY g.bucket, g.profile_id, g.address HAVING {consented} < {unwanted}"
        )

    def timers(self) -> str:
        return (
            f"SELECT f.bucket, f.profile_id, min(f.expires_at) AS timer_at {self._source()}"
            f" AND f.basis = 'consent' AND f.expires_at > {self.frame.now} {_GROUP}"
        )

    def _source(self) -> str:
        return f"FROM known_preference f{self.frame.limit('f')} WHERE {self._about()}"

    def _about(self) -> str:
        topic, channel = self.frame.add(self.leaf.topic, "text"), self.frame.add(self.leaf.channel, "text")
        return f"f.topic IN ({topic}, '*') AND f.channel IN ({channel}, '*')"


class OnMobile(Answer):
    def __init__(self, leaf: Mobile, frame: Frame) -> None:
        super().__init__(frame)
        self.leaf = leaf

    def differing(self) -> str:
        """Not divided: a third is a third."""
        channel = f" WHERE a.channel = {self.frame.add(self.leaf.channel, 'text')}" if self.leaf.channel else ""
        seen = "sum(a.on_mobile + a.on_other)"
        share = self.frame.add(self.leaf.value, "numeric")
        return (
            f"SELECT a.bucket, a.profile_id FROM known_address a{self.frame.limit('a')}{channel}"  # noqa: S608 - our own words
            f" GROUP BY a.bucket, a.profile_id HAVING {seen} > 0"
            f" AND sum(a.on_mobile) {SIGNS[self.leaf.op]} {share} * {seen}"
        )
