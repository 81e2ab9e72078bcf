"""What holds of people whatever the data: order-free, guarded, local."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.profiles import kinds
from antiphon.profiles.identity.people import Link, People, Verdict, path, people
from profiles.town import START, Case, cases, patient


def partition(found: People) -> set[frozenset[int]]:
    return {frozenset(group.nodes) for group in found.groups}


def pairs_apart(verdicts: Iterable[Verdict]) -> set[frozenset[int]]:
    latest: dict[frozenset[int], tuple[datetime, bool]] = {}
    for verdict in verdicts:
        pair = frozenset({verdict.one, verdict.other})
        latest[pair] = max(latest.get(pair, (START, False)), (verdict.at, not verdict.same))
    return {pair for pair, (_, apart) in latest.items() if apart and len(pair) == 2}


def counts(case: Case, group: Iterable[int]) -> Counter[str]:
    kinds_of = (case.nodes[id].kind for id in group)
    return Counter(kind if kind.startswith("external_id") else kinds.base(kind) for kind in kinds_of)


def broken(case: Case, group: Iterable[int]) -> set[str]:
    return {kind for kind, count in counts(case, group).items() if count > case.rules.of(kind).most}


@patient
@given(cases(), st.data())
def test_the_order_of_what_is_said_never_matters(case: Case, data: st.DataObject) -> None:
    shuffled = people(
        data.draw(st.permutations(case.nodes)),
        data.draw(st.permutations(case.links)),
        data.draw(st.permutations(case.verdicts)),
        case.rules,
    )
    turned = [Link(link.other, link.one, link.first_at, link.last_at) for link in case.links]
    assert shuffled == case.found
    assert case._replace(links=turned + case.links, verdicts=case.verdicts * 2).found == case.found


@patient
@given(cases(), st.data())
def test_what_the_numbers_are_never_matters(case: Case, data: st.DataObject) -> None:
    new = data.draw(st.permutations(range(len(case.nodes)))).__getitem__
    renamed = people(
        [replace(node, id=new(node.id)) for node in case.nodes],
        [replace(link, one=new(link.one), other=new(link.other)) for link in case.links],
        [replace(verdict, one=new(verdict.one), other=new(verdict.other)) for verdict in case.verdicts],
        case.rules,
    )
    assert [group.nodes for group in renamed.groups] == [tuple(map(new, group.nodes)) for group in case.found.groups]
    assert [r.reason for r in renamed.refused] == [r.reason for r in case.found.refused]


@patient
@given(cases())
def test_everybody_is_in_one_group_and_the_strongest_comes_first(case: Case) -> None:
    groups = [group.nodes for group in case.found.groups]
    assert sorted(id for group in groups for id in group) == [node.id for node in case.nodes]
    strength = [
        [(kinds.rank(case.nodes[id].kind), case.nodes[id].kind, case.nodes[id].value) for id in g] for g in groups
    ]
    assert all(group == sorted(group) for group in strength)
    assert strength == sorted(strength, key=lambda group: group[0])


@patient
@given(cases())
def test_no_group_breaks_a_limit_unless_a_person_said_so(case: Case) -> None:
    found = case.found
    by_staff = people(case.nodes, [], case.verdicts, case.rules)
    for group in partition(found):
        for kind in broken(case, group):
            assert counts(case, group)[kind] in {counts(case, g)[kind] for g in partition(by_staff) if g <= group}


@patient
@given(cases())
def test_who_was_told_apart_stays_apart(case: Case) -> None:
    apart = pairs_apart(case.verdicts)
    assert not any(pair <= group for pair in apart for group in partition(case.found))


@patient
@given(cases())
def test_what_is_shared_joins_nobody(case: Case) -> None:
    found = case.found
    assert found.shared >= {node.id for node in case.nodes if node.shared}
    for link in found.accepted:
        assert link.manual or found.shared.isdisjoint((link.one, link.other))


@patient
@given(cases())
def test_a_kind_that_does_not_merge_never_holds_two_together(case: Case) -> None:
    held: Counter[int] = Counter()
    for link in case.found.accepted:
        for id in (link.one, link.other):
            rule = case.rules.of(case.nodes[id].kind)
            leaf = not rule.merges or (rule.verified_only and not case.nodes[id].verified)
            assert link.manual or not leaf or not held[id]
            held[id] += 1


@patient
@given(cases())
def test_what_was_accepted_is_a_forest_that_shows_why_two_are_one(case: Case) -> None:
    found = case.found
    assert len(found.accepted) == len(case.nodes) - len(found.groups)
    whose = {id: group for group in partition(found) for id in group}
    for one, other in combinations(whose, 2):
        steps = path(found.accepted, one, other)
        assert bool(steps) == (other in whose[one])
        here = one
        for link in steps:
            here = link.other if link.one == here else link.one
        assert not steps or here == other


@patient
@given(cases())
def test_nothing_is_refused_without_a_reason_that_still_holds(case: Case) -> None:
    found = case.found
    whose = {id: group for group in partition(found) for id in group}
    apart = pairs_apart(case.verdicts)
    refused = {frozenset({r.link.one, r.link.other}) for r in found.refused}
    for link in case.links:
        assert link.other in whose[link.one] or frozenset({link.one, link.other}) in refused
    for link, reason in ((r.link, r.reason) for r in found.refused):
        both = whose[link.one] | whose[link.other]
        assert link.other not in whose[link.one]
        rules = [case.rules.of(case.nodes[id].kind) for id in (link.one, link.other)]
        assert {
            "limit": bool(broken(case, both)),
            "apart": any(pair <= both for pair in apart),
            "shared": not found.shared.isdisjoint((link.one, link.other)),
            "recycled": rules[1].recycled_after_days is not None,
            "does_not_merge": not all(rule.merges for rule in rules),
            "unverified": any(rule.verified_only for rule in rules),
        }[reason]


@patient
@given(cases(), st.data())
def test_weaker_evidence_that_comes_later_never_parts_anybody(case: Case, data: st.DataObject) -> None:
    weak = [node.id for node in case.nodes if node.kind == "anonymous_id"]
    one, other = data.draw(st.sampled_from(list(combinations(weak, 2))))
    at = START + timedelta(days=99)
    after = case._replace(links=[*case.links, Link(one, other, at, at)]).found
    for group in partition(case.found):
        assert any(group <= grown for grown in partition(after))


class Directory:
    """What a server does: it looks again at whoever is connected to what changed, and at nobody else."""

    def __init__(self, case: Case) -> None:
        self.nodes = {node.id: node for node in case.nodes}
        self.rules = case.rules
        self.links: list[Link] = []
        self.verdicts: list[Verdict] = []
        self.groups = {id: frozenset({id}) for id in self.nodes}

    def hear(self, row: Link | Verdict) -> None:
        if isinstance(row, Link):
            self.links.append(row)
        else:
            self.verdicts.append(row)
        near = self.component([row.one, row.other])
        links = [link for link in self.links if {link.one, link.other} <= near]
        verdicts = [verdict for verdict in self.verdicts if {verdict.one, verdict.other} <= near]
        found = people([self.nodes[id] for id in near], links, verdicts, self.rules)
        for id in found.shared:
            self.nodes[id] = replace(self.nodes[id], shared=True)
        for group in found.groups:
            self.groups |= dict.fromkeys(group.nodes, frozenset(group.nodes))

    def component(self, ids: Sequence[int]) -> set[int]:
        """Links of what is known to be shared are not followed: they may be millions."""
        near, waiting = set(ids), list(ids)
        while waiting:
            here = waiting.pop()
            rows: list[Link | Verdict] = [*self.verdicts, *([] if self.nodes[here].shared else self.links)]
            for row in rows:
                if here in (row.one, row.other):
                    there = row.other if row.one == here else row.one
                    if there not in near:
                        near.add(there)
                        waiting.append(there)
        return near


@settings(patient, max_examples=200)
@given(cases(), st.data())
def test_hearing_it_bit_by_bit_in_any_order_makes_the_same_people(case: Case, data: st.DataObject) -> None:
    directory = Directory(case)
    rows: list[Link | Verdict] = [*case.links, *case.verdicts]
    for row in data.draw(st.permutations(rows)):
        directory.hear(row)
    assert set(directory.groups.values()) == partition(case.found)
    assert {id for id, node in directory.nodes.items() if node.shared} == case.found.shared
