"""What a leaf says about profiles, as SQL."""

from __future__ import annotations

from antiphon.segments.engine.frame import Frame


class Answer:
    """Of a profile that the leaf has no row for, `unknown` is the answer.

    A leaf about the profile's own row alone gives `row` (and `row_timer`), over `p (bucket, id, traits)`; any other
    overrides `differing` and, if time alone can change it, `timers` or, where one look finds both, `judged`.
    """

    unknown = False

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def row(self) -> str | None:
        """A boolean, never null."""
        return None

    def row_timer(self) -> str | None:
        """The earliest instant after the one asked about at which time alone may change `row`, or null."""
        return None

    def differing(self) -> str:
        """Rows `(bucket, profile_id)`, each profile once: those for whom the answer is not `unknown`."""
        row = self.row()
        assert row is not None, "a leaf answers by row or by table"
        return f"SELECT p.bucket, p.id AS profile_id FROM {self.frame.people} p WHERE {row}"  # noqa: S608 - our own words

    def timers(self) -> str | None:
        """Rows `(bucket, profile_id, timer_at)`, any number of each profile."""
        return None

    def judged(self) -> str:
        """Rows `(bucket, profile_id, truth, timer_at)`, each profile at most once."""
        truth = str(not self.unknown).lower()
        here = f"SELECT d.bucket, d.profile_id, {truth}, NULL::timestamptz FROM ({self.differing()}) d"  # noqa: S608 - our own words
        timers = self.timers()
        if timers is not None:
            here += (
                f" UNION ALL SELECT m.bucket, m.profile_id, {str(self.unknown).lower()}, m.timer_at FROM ({timers}) m"  # noqa: S608 - our own words
            )
        fold = "bool_and" if self.unknown else "bool_or"
        return (
            f"SELECT j.bucket, j.profile_id, {fold}(j.truth) AS truth, min(j.timer_at) AS timer_at"  # noqa: S608 - our own words
            f" FROM ({here}) AS j (bucket, profile_id, truth, timer_at) GROUP BY j.bucket, j.profile_id"
            if timers is not None
            else f"SELECT j.* FROM ({here}) AS j (bucket, profile_id, truth, timer_at)"  # noqa: S608 - our own words
        )
