"""Steps that follow each other."""

from __future__ import annotations

from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.conditions import condition_sql
from antiphon.segments.engine.events import events_of
from antiphon.segments.engine.frame import Frame
from antiphon.segments.engine.windows import Span
from antiphon.segments.language.rules import Step, Steps

_GROUP = "GROUP BY e.profile_id"
_WHO = "(e.profile_id & 255)::smallint AS bucket, e.profile_id"


class FromSteps(Answer):
    """A chain of earliest next steps: from the earliest first step where any run will do; from each first step where
    a run may take so long only; from the latest where it must be incomplete.
    """

    def __init__(self, leaf: Steps, frame: Frame) -> None:
        super().__init__(frame)
        self.leaf, self.span = leaf, Span(leaf.window, frame)
        self.past = self.span.past()

    def differing(self) -> str:
        if self.leaf.complete:
            first = self._every_first() if self.leaf.span is not None else self._one_first("min")
            run = f"{self._followed(first)} WHERE x.at IS NOT NULL" if self.frame.given else self._run(first)
            return f"SELECT DISTINCT r.bucket, r.profile_id FROM ({run}) r"  # noqa: S608 - our own words
        first = self._one_first("max")
        late = f" AND f.start + {self._may_take} <= {self.frame.now}" if self.leaf.span is not None else ""
        if self.frame.given:
            return f"SELECT f.bucket, f.profile_id FROM ({self._followed(first)}) f WHERE f.at IS NULL{late}"  # noqa: S608 - our own words
        return (
            f"SELECT f.bucket, f.profile_id FROM ({first}) f WHERE NOT EXISTS (SELECT FROM ({self._run(first)}) r"  # noqa: S608 - our own words
            f" WHERE r.profile_id = f.profile_id){late}"
        )

    def timers(self) -> str:
        """When the oldest event of any step leaves the window, the next one comes, or the time of a run is over."""
        rows = []
        for step in sorted(set(self.leaf.steps), key=repr):
            timers = [f"min({self.span.enters('e.at')}) FILTER (WHERE NOT {self.past})"]
            if leaves := self.span.leaves("e.at"):
                timers.append(f"min({leaves}) FILTER (WHERE {self.past})")
            timer = f"least({', '.join(timers)})"
            ahead = "" if leaves else f" AND NOT {self.past}"
            rows.append(f"SELECT {_WHO}, {timer} AS timer_at {self._events(step)}{ahead} {_GROUP}")
        if self.leaf.span is not None and not self.leaf.complete:
            over = f"f.start + {self._may_take}"
            rows.append(
                f"SELECT f.bucket, f.profile_id, {over} FROM ({self._one_first('max')}) f"  # noqa: S608 - our own words
                f" WHERE {over} > {self.frame.now}"
            )
        return " UNION ALL ".join(rows)

    @property
    def _may_take(self) -> str:
        return self.frame.add(self.leaf.span, "interval")

    def _one_first(self, pick: str) -> str:
        source = f"{self._events(self.leaf.steps[0])} AND {self.past} {_GROUP}"
        return f"SELECT {_WHO}, {pick}(e.at) AS start, {pick}(e.at) AS at {source}"

    def _every_first(self) -> str:
        return f"SELECT {_WHO}, e.at AS start, e.at {self._events(self.leaf.steps[0])} AND {self.past}"

    def _run(self, first: str) -> str:
        """Rows of those first steps from which a run reaches the end."""
        chain = first
        for step in self.leaf.steps[1:-1]:
            chain = (
                f"SELECT c.bucket, c.profile_id, c.start, min(e.at) AS at FROM ({chain}) c"  # noqa: S608 - our own words
                f" JOIN (SELECT e.profile_id, e.at {self._plain(step)}) e ON {self._on()}"
                " GROUP BY c.bucket, c.profile_id, c.start"
            )
        return (
            f"SELECT c.bucket, c.profile_id FROM ({chain}) c"  # noqa: S608 - our own words
            f" WHERE EXISTS (SELECT {self._plain(self.leaf.steps[-1])} AND {self._on()})"
        )

    def _followed(self, first: str) -> str:
        """The same of given profiles: first steps with their last, one look for each step; `at` is null without one."""
        chain = first
        for step in self.leaf.steps[1:]:
            chain = (
                f"SELECT c.bucket, c.profile_id, c.start, x.at FROM ({chain}) c"  # noqa: S608 - our own words
                f" CROSS JOIN LATERAL (SELECT min(e.at) AS at {self._plain(step)} AND {self._on()}) x"
            )
        return chain

    def _on(self) -> str:
        on = f"e.profile_id = c.profile_id AND e.at > c.at AND {self.past}"
        if self.leaf.span is not None:
            on += f" AND e.at <= c.start + {self._may_take}"
        return on

    def _events(self, step: Step) -> str:
        return events_of((step.event,), self.span, self.frame) + self._where(step)

    def _plain(self, step: Step) -> str:
        """Without the guard: they follow a step that was guarded."""
        person = ""
        if self.span.needs_person:
            person = f" JOIN {self.frame.people} person ON person.id = e.profile_id"
        named = self.frame.event(step.event)
        return f"FROM known_event e{person} WHERE e.name_id = {named}{self.span.recent()}{self._where(step)}"

    def _where(self, step: Step) -> str:
        return "".join(f" AND {condition_sql(condition, 'e.properties', self.frame)}" for condition in step.where)
