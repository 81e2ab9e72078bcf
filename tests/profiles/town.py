"""People for tests: told in words, or any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from antiphon.profiles import kinds
from antiphon.profiles.identity.people import Link, Node, People, Verdict, path, people
from antiphon.profiles.identity.rules import DEFAULTS, IdentityRules, KindRule

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Whoever measures time on a busy machine measures the machine."""

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(n: float) -> datetime:
    return START + timedelta(days=n)


class Town:
    """Identifiers are written `kind:value`; their numbers are their places in the order of mention."""

    def __init__(self, rules: IdentityRules = DEFAULTS) -> None:
        self.rules = rules
        self.nodes: dict[str, Node] = {}
        self.links: list[Link] = []
        self.verdicts: list[Verdict] = []

    def node(self, name: str, *, verified: bool = False, shared: bool = False) -> int:
        if name not in self.nodes:
            kind, _, value = name.partition(":")
            self.nodes[name] = Node(len(self.nodes) + 1, kind, value, verified=verified, shared=shared)
        return self.nodes[name].id

    def heard(self, names: str, first: float = 0, last: float | None = None) -> Town:
        """A fact names them together, the strongest first."""
        one, *others = map(self.node, names.split())
        self.links += [Link(one, other, day(first), day(first if last is None else last)) for other in others]
        return self

    def said(self, one: str, other: str, *, same: bool, at: float = 0) -> Town:
        self.verdicts.append(Verdict(self.node(one), self.node(other), same, day(at)))
        return self

    @property
    def found(self) -> People:
        return people(self.nodes.values(), self.links, self.verdicts, self.rules)

    def names(self, ids: tuple[int, ...]) -> str:
        names = {node.id: name for name, node in self.nodes.items()}
        return " ".join(names[id] for id in ids)

    @property
    def groups(self) -> list[str]:
        return [self.names(group.nodes) for group in self.found.groups]

    @property
    def refused(self) -> list[tuple[str, str]]:
        return [(self.names((r.link.one, r.link.other)), r.reason) for r in self.found.refused]

    def way(self, one: str, other: str) -> list[str]:
        steps = path(self.found.accepted, self.node(one), self.node(other))
        return [self.names((link.one, link.other)) for link in steps]


KINDS = ("external_id", "external_id@crm", "email", "phone", "psid@1", "psid@2", "device", "anonymous_id")
BROWSERS = [("anonymous_id", value) for value in "xyz"]
"""Everybody's example has these."""


class Case(NamedTuple):
    nodes: list[Node]
    links: list[Link]
    verdicts: list[Verdict]
    rules: IdentityRules

    @property
    def found(self) -> People:
        return people(self.nodes, self.links, self.verdicts, self.rules)


@st.composite
def rule_sets(draw: st.DrawFn) -> IdentityRules:
    limit = st.none() | st.integers(1, 3)
    weak = st.builds(KindRule, st.booleans(), st.integers(1, 3), limit, limit, st.booleans())
    names = {kinds.base(kind) for kind in KINDS} - {"external_id"}
    return IdentityRules(
        external_id=KindRule(most=1, shared_above=None), **{name: draw(weak) for name in sorted(names)}
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    name = st.tuples(st.sampled_from(KINDS), st.sampled_from("abcd"))
    names = [*draw(st.lists(name, max_size=12, unique=True)), *BROWSERS]
    nodes = [
        Node(n, *name, verified=draw(st.booleans()), shared=draw(st.integers(0, 19)) == 0)
        for n, name in enumerate(names)
    ]
    ids = st.integers(0, len(nodes) - 1)
    days = st.integers(0, 9).map(lambda n: START + timedelta(days=n))
    links = [
        Link(draw(ids), draw(ids), first, first + timedelta(days=draw(st.integers(0, 2))))
        for first in draw(st.lists(days, max_size=24))
    ]
    verdicts = [Verdict(draw(ids), draw(ids), draw(st.booleans()), at) for at in draw(st.lists(days, max_size=4))]
    return Case(nodes, links, verdicts, draw(rule_sets()))
