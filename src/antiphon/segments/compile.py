"""From rules to one set-wise statement, for everybody or for the profiles that something happened to.

Every leaf becomes a derived table with one row per profile that has something to say; what a leaf means for a
profile without a row is known beforehand (`count = 0` holds, `sum >= 100` does not). For everybody these tables are
joined from the left, so the planner reads each once and turns lone leaves into semi and anti joins. For given
profiles they are stacked and grouped: as many rows as there is to know, whatever the planner believes about them.

The rollup (`known_event_sum`) answers where it can and where its last event is not after the instant in question;
rows with a later event are few and look into the raw events, in a branch that only they enter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from antiphon.segments import rules
from antiphon.segments.compile_reach import Reach
from antiphon.segments.conditions import Parameters, condition_sql, number_sql, sign
from antiphon.segments.rules import AccountTrait, Happened, InAccount, Leaf, Reachable, Rule, Steps, Trait

NOBODY = 0
"""The number of an event name that was never seen."""


class Moment(Struct, frozen=True):
    """The instant that a rule is asked about; rollups know the present only."""

    at: datetime
    rollups: bool = True


class Statement(Struct, frozen=True):
    text: str
    parameters: Sequence[Any]


_Says = Literal["presence", "truth and timer", "timer"]
_SAYS = {"presence": "true, NULL", "truth and timer": "x.truth, x.timer_at", "timer": "NULL, x.timer_at"}


def everybody(rule: Rule, names: Mapping[str, int], moment: Moment) -> Statement:
    """Rows `(bucket, id)` of all profiles for which the rule holds."""
    builder = _Builder(names, moment)
    truth = builder.truth(rule)
    return builder.statement(f"SELECT p.bucket, p.id\n  FROM known_profile p{builder.joined()}\n WHERE {truth}")


def everybody_with_timers(rule: Rule, names: Mapping[str, int], moment: Moment) -> Statement:
    """Rows `(bucket, id, inside, timer_at)` of all profiles."""
    builder = _Builder(names, moment, timers=True)
    truth = builder.truth(rule)
    return builder.statement(
        f"SELECT p.bucket, p.id, {truth} AS inside, {builder.timer()} AS timer_at"
        f"\n  FROM known_profile p{builder.joined()}"
    )


def given(
    wanted: Sequence[Rule], names: Mapping[str, int], moment: Moment, *, buckets: Sequence[int], ids: Sequence[int]
) -> Statement:
    """Rows `(bucket, id, inside, timer_at)` of the given profiles; `inside` is an array, one boolean per rule."""
    builder = _Builder(names, moment, timers=True, target=(buckets, ids))
    truths = ", ".join(builder.truth(rule) for rule in wanted)
    return builder.statement(
        f"SELECT u.bucket, u.profile_id AS id, ARRAY[{truths}]::boolean[] AS inside, min(u.timer_at) AS timer_at"
        f"\n  FROM ({builder.stacked()}) AS u (bucket, profile_id, leaf, truth, timer_at)"
        "\n GROUP BY u.bucket, u.profile_id"
    )


class _Builder:
    def __init__(
        self,
        names: Mapping[str, int],
        moment: Moment,
        *,
        timers: bool = False,
        target: tuple[Sequence[int], Sequence[int]] | None = None,
    ) -> None:
        self.names, self.rollups, self.timers = names, moment.rollups, timers
        self.parameters = Parameters()
        self.target = ""
        if target is not None:
            buckets = self.parameters.new(list(target[0]), "smallint[]")
            ids = self.parameters.new(list(target[1]), "bigint[]")
            self.target = (
                "WITH target AS MATERIALIZED (\n  SELECT p.bucket, p.id, p.traits"
                f"\n    FROM unnest({buckets}, {ids}) AS g (bucket, id)"
                "\n    JOIN known_profile p ON p.bucket = g.bucket AND p.id = g.id)\n"
            )
        self.moment = moment.at
        self.tables: list[tuple[str, _Says]] = []
        self.leaves: dict[bytes, str] = {}

    @property
    def now(self) -> str:
        return self.parameters.add(self.moment, "timestamptz")

    def statement(self, text: str) -> Statement:
        return Statement(self.target + text, tuple(self.parameters.values))

    def truth(self, rule: Rule) -> str:
        if isinstance(rule, rules.All):
            return "(" + " AND ".join(self.truth(part) for part in rule.parts) + ")"
        if isinstance(rule, rules.Any):
            return "(" + " OR ".join(self.truth(part) for part in rule.parts) + ")"
        if isinstance(rule, rules.Not):
            return f"(NOT {self.truth(rule.part)})"
        return self.leaf(rule)

    def joined(self) -> str:
        return "".join(
            f"\n  LEFT JOIN ({table}) l{n} ON l{n}.bucket = p.bucket AND l{n}.profile_id = p.id"
            for n, (table, _) in enumerate(self.tables)
        )

    def stacked(self) -> str:
        """The given profiles themselves, then what each table knows of them."""
        rows = ["SELECT t.bucket, t.id, -1, NULL::boolean, NULL::timestamptz FROM target t"]
        for n, (table, says) in enumerate(self.tables):
            rows.append(f"SELECT x.bucket, x.profile_id, {n}, {_SAYS[says]} FROM ({table}) x")
        return "\n    UNION ALL ".join(rows)

    def timer(self) -> str:
        timers = [f"l{n}.timer_at" for n, (_, says) in enumerate(self.tables) if says != "presence"]
        return f"least({', '.join(timers)})" if timers else "NULL::timestamptz"

    def leaf(self, leaf: Leaf) -> str:
        key = rules.key_of(leaf)
        if key not in self.leaves:
            self.leaves[key] = self._leaf(leaf)
        return self.leaves[key]

    def _leaf(self, leaf: Leaf) -> str:
        if isinstance(leaf, Trait):
            return self._trait(leaf)
        if isinstance(leaf, Happened):
            return self._happened(leaf)
        if isinstance(leaf, Steps):
            return self._steps(leaf)
        if isinstance(leaf, Reachable):
            return self._reachable(leaf)
        if isinstance(leaf, InAccount | AccountTrait):
            return self._account(leaf)
        raise TypeError("a segment is named by a rule that was not expanded")

    def _table(self, text: str, says: _Says) -> int:
        self.tables.append((text, says))
        return len(self.tables) - 1

    def _present(self, table: int) -> str:
        """Whether the table has a row for the profile."""
        return self._truth(table, unknown=False) if self.target else f"(l{table}.profile_id IS NOT NULL)"

    def _truth(self, table: int, *, unknown: bool) -> str:
        value = f"bool_or(u.truth) FILTER (WHERE u.leaf = {table})" if self.target else f"l{table}.truth"
        return f"coalesce({value}, {str(unknown).lower()})"

    # ---- events ----

    def _happened(self, leaf: Happened) -> str:
        from_rollup = self.rollups and not leaf.where and leaf.measure.sum_of is None
        if from_rollup and (leaf.within is None or leaf.measure.asks_presence):
            return self._from_rollup(leaf)
        return self._from_events(leaf)

    def _measured(self, table: str, leaf: Happened, *, truth: str, timer: str | None) -> str:
        """Join `table`: with timers all that it knows, else only those who differ from a profile unknown to it."""
        unknown = leaf.measure.holds(0)
        if timer is None or not self.timers:
            differs = self._present(self._table(f"{table} {'NOT ' if unknown else ''}({truth})", "presence"))
            return f"(NOT {differs})" if unknown else differs
        return self._truth(self._table(table, "truth and timer"), unknown=unknown)

    def _from_rollup(self, leaf: Happened) -> str:
        name, since = self._name(leaf.event), self._since(leaf)
        who = f"s.bucket, s.profile_id, {name}"
        begin = since or "'-infinity'"
        past = f"({who}, {begin}, {self.now})"
        known = "1" if leaf.within is not None else "s.count"
        count = f"CASE WHEN s.last_at <= {self.now} THEN {known} ELSE count_events{past} END"
        truth = f"{count} {self._compared(leaf)}"
        source = f"{self._rollup(name)}" + (f" AND s.last_at > {since}" if since else "")
        if not self.timers:
            return self._measured(f"SELECT s.bucket, s.profile_id {source} AND", leaf, truth=truth, timer=None)
        future = f"first_event({who}, {self.now}, 'infinity')"
        if leaf.within is None:
            timer = f"CASE WHEN s.last_at > {self.now} THEN {future} END"
        else:
            within = self.parameters.add(leaf.within, "interval")
            late = f"least({future}, first_event{past} + {within})"
            timer = f"CASE WHEN s.last_at <= {self.now} THEN s.last_at + {within} ELSE {late} END"
        table = f"SELECT s.bucket, s.profile_id, {truth} AS truth, {timer} AS timer_at {source}"
        return self._measured(table, leaf, truth=truth, timer=timer)

    def _from_events(self, leaf: Happened) -> str:
        amount, past = "count(*)", f"e.at <= {self.now}"
        if leaf.measure.sum_of is not None:
            field = f"(e.properties -> {self.parameters.add(leaf.measure.sum_of, 'text')})"
            amount = f"sum({number_sql(field)})"
        if self.timers:
            amount += f" FILTER (WHERE {past})"
        truth = f"coalesce({amount}, 0) {self._compared(leaf)}"
        source = self._events(self._name(leaf.event), self._since(leaf))
        for condition in leaf.where:
            source += f" AND {condition_sql(condition, 'e.properties', self.parameters)}"
        group = "GROUP BY e.bucket, e.profile_id"
        if not self.timers:
            table = f"SELECT e.bucket, e.profile_id {source} AND {past} {group} HAVING"
            return self._measured(table, leaf, truth=truth, timer=None)
        timer = self._oldest_leaves_or_next_comes(leaf)
        table = f"SELECT e.bucket, e.profile_id, {truth} AS truth, {timer} AS timer_at {source} {group}"
        return self._measured(table, leaf, truth=truth, timer=timer)

    def _oldest_leaves_or_next_comes(self, leaf: Happened | Steps) -> str:
        future = f"min(e.at) FILTER (WHERE e.at > {self.now})"
        if leaf.within is None:
            return future
        within = self.parameters.add(leaf.within, "interval")
        return f"least(min(e.at) FILTER (WHERE e.at <= {self.now}) + {within}, {future})"

    def _steps(self, leaf: Steps) -> str:
        """A chain of earliest next steps from the earliest first step; for an incomplete run, from the latest."""
        since = self._since(leaf)
        past = f"e.at <= {self.now}"
        pick = "min" if leaf.complete else "max"
        source = self._events(self._name(leaf.steps[0]), since)
        first = f"SELECT e.bucket, e.profile_id, {pick}(e.at) AS at {source} AND {past} GROUP BY e.bucket, e.profile_id"
        chain = first
        for step in leaf.steps[1:]:
            chain = (
                f"SELECT c.bucket, c.profile_id, min(e.at) AS at FROM ({chain}) c JOIN known_event e"
                f" ON e.bucket = c.bucket AND e.profile_id = c.profile_id AND e.name_id = {self._name(step)}"
                f" AND e.at > c.at AND {past} GROUP BY c.bucket, c.profile_id"
            )
        self._add_step_timers(leaf, since)
        done = self._present(self._table(chain, "presence"))
        if leaf.complete:
            return done
        return f"({self._present(self._table(first, 'presence'))} AND NOT {done})"

    def _add_step_timers(self, leaf: Steps, since: str) -> None:
        if not self.timers:
            return
        for step in sorted(set(leaf.steps)):
            source, timer = self._events(self._name(step), since), self._oldest_leaves_or_next_comes(leaf)
            if not since:
                source += f" AND e.at > {self.now}"
            group = "GROUP BY e.bucket, e.profile_id"
            self._table(f"SELECT e.bucket, e.profile_id, {timer} AS timer_at {source} {group}", "timer")

    def _rollup(self, name: str) -> str:
        if self.target:
            return (
                "FROM target t JOIN known_event_sum s"
                f" ON s.bucket = t.bucket AND s.profile_id = t.id WHERE s.name_id = {name}"
            )
        return f"FROM known_event_sum s WHERE s.name_id = {name}"

    def _events(self, name: str, since: str) -> str:
        """For given profiles the rollup guards: who has no such event since then is not looked up further."""
        recent = f" AND e.at > {since}" if since else ""
        if not self.target:
            return f"FROM known_event e WHERE e.name_id = {name}{recent}"
        guard = f" AND s.last_at > {since}" if since else ""
        return (
            "FROM target t JOIN known_event_sum s ON s.bucket = t.bucket AND s.profile_id = t.id"
            " JOIN known_event e ON e.bucket = t.bucket AND e.profile_id = t.id"
            f" WHERE s.name_id = {name}{guard} AND e.name_id = {name}{recent}"
        )

    def _name(self, event: str) -> str:
        return self.parameters.add(self.names.get(event, NOBODY), "integer")

    def _since(self, leaf: Happened | Steps) -> str:
        return self.parameters.add(self.moment - leaf.within, "timestamptz") if leaf.within is not None else ""

    def _compared(self, leaf: Happened) -> str:
        return f"{sign(leaf.measure.op)} {self.parameters.add(leaf.measure.value, 'numeric')}"

    # ---- traits, addresses and accounts ----

    def _trait(self, leaf: Trait) -> str:
        if not self.target:
            return condition_sql(leaf.condition, "p.traits", self.parameters)
        condition = condition_sql(leaf.condition, "t.traits", self.parameters)
        return self._present(
            self._table(f"SELECT t.bucket, t.id AS profile_id FROM target t WHERE {condition}", "presence")
        )

    def _reachable(self, leaf: Reachable) -> str:
        reach = Reach(leaf, self.parameters, now=self.now, given=bool(self.target))
        if self.timers:
            self._table(reach.timers(), "timer")
        return self._present(self._table(reach.reached(), "presence"))

    def _account(self, leaf: InAccount | AccountTrait) -> str:
        source = "FROM known_belonging b"
        if self.target:
            source += " JOIN target t ON t.bucket = b.bucket AND t.id = b.profile_id"
        if isinstance(leaf, InAccount):
            source += f" WHERE b.account = {self.parameters.add(leaf.account, 'text')}"
        else:  # an account has a bucket of its own, the hash of its key: read across buckets
            condition = condition_sql(leaf.condition, "c.traits", self.parameters)
            source += f" JOIN known_account c ON c.key = b.account WHERE {condition}"
        return self._present(self._table(f"SELECT DISTINCT b.bucket, b.profile_id {source}", "presence"))
