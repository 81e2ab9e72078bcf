"""What staff ask for is what comes out, with as few words as it takes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from antiphon.profiles.identity.verdicts import Known, Words, to_merge, to_part
from profiles.town import START, Case, Town, cases, patient

LATER = START + timedelta(days=99)


def known(case: Case | Town) -> Known:
    nodes = list(case.nodes.values()) if isinstance(case, Town) else case.nodes
    latest = {frozenset({v.one, v.other}): v for v in sorted(case.verdicts, key=lambda v: (v.at, not v.same))}
    return Known(nodes, case.links, list(latest.values()), case.rules)


def merge(case: Case | Town, one: int, other: int) -> Words:
    whose = known(case).groups({}, at=LATER)
    return to_merge(known(case), whose[one], whose[other], at=LATER)


def part(case: Case | Town, cut: Collection[int]) -> Words:
    whole = known(case).groups({}, at=LATER)[next(iter(cut))]
    sides = [id for id in whole if id in cut], [id for id in whole if id not in cut]
    return to_part(known(case), *sides, at=LATER)


def said(town: Town, words: Words) -> list[tuple[str, bool]]:
    return [(town.names(pair), same) for pair, same in sorted(words.items())]


def test_two_people_are_one_by_one_word() -> None:
    town = Town().heard("external_id:1 email:a").heard("external_id:2 email:b anonymous_id:b")
    words = merge(town, town.node("email:a"), town.node("anonymous_id:b"))
    assert said(town, words) == [("external_id:1 external_id:2", True)]


def test_the_numbers_of_every_source_come_along() -> None:
    town = Town().heard("external_id@crm:1 email:a").heard("external_id@shop:1 email:a anonymous_id:1")
    town.heard("external_id@crm:2 email:b").heard("external_id@shop:2 email:b anonymous_id:2")
    words = merge(town, town.node("email:a"), town.node("email:b"))
    assert len(words) == 3
    (group,) = {*known(town).groups(words, at=LATER).values()}
    assert len(group) == len(town.nodes)


def test_who_was_parted_can_be_merged_again() -> None:
    town = Town().heard("external_id@crm:1 email:m").heard("external_id@shop:2 email:m", 1)
    words = part(town, [town.node("external_id@shop:2")])
    assert said(town, words) == [("external_id@crm:1 external_id@shop:2", False)]
    town.said("external_id@crm:1", "external_id@shop:2", same=False, at=99)
    again = merge(town, town.node("email:m"), town.node("external_id@shop:2"))
    assert said(town, again) == [("external_id@crm:1 external_id@shop:2", True)]


def test_what_is_cut_out_keeps_the_browser_that_it_had_by_way_of_the_other() -> None:
    town = Town().heard("external_id@crm:1 email:m anonymous_id:b").heard("external_id@shop:2 email:m", 1)
    cut = [town.node("external_id@shop:2"), town.node("anonymous_id:b")]
    words = part(town, cut)
    assert set(known(town).groups(words, at=LATER).values()) == {
        (town.node("external_id@crm:1"), town.node("email:m")),
        (town.node("external_id@shop:2"), town.node("anonymous_id:b")),
    }


@patient
@given(cases(), st.data())
def test_a_merge_makes_one_person_of_two_whatever_stands_against_it(case: Case, data: st.DataObject) -> None:
    ids = st.sampled_from([node.id for node in case.nodes])
    one, other = data.draw(ids), data.draw(ids)
    whose = {id: group.nodes for group in case.found.groups for id in group.nodes}
    words = merge(case, one, other)
    after = known(case).groups(words, at=LATER)
    assert {*whose[one], *whose[other]} <= {*after[one]}


@patient
@given(cases(), st.data())
def test_a_cut_makes_two_people_of_one_just_as_it_was_asked(case: Case, data: st.DataObject) -> None:
    large = [group.nodes for group in case.found.groups if len(group.nodes) > 1]
    if not large:
        return
    whole = data.draw(st.sampled_from(large))
    cut = data.draw(st.sets(st.sampled_from(whole), min_size=1, max_size=len(whole) - 1))
    after = known(case).groups(part(case, cut), at=LATER)
    sides = [cut, set(whole) - cut]
    for side in sides:
        (group,) = {after[id] for id in side}
        assert set(group) & set(whole) == side
