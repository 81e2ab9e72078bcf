"""Who belongs together: the situations that people know. What holds whatever the data: test_people_holds.py."""

from __future__ import annotations

from time import process_time

import pytest

from antiphon.profiles.identity.people import Link, Node, Verdict, path, people
from antiphon.profiles.identity.rules import COMPONENT_MAX, DEFAULTS, read
from profiles.town import START, Town, day


def test_a_browser_becomes_the_person_who_signs_in() -> None:
    town = Town().heard("email:anna anonymous_id:b").heard("external_id:anna email:anna", 1)
    assert town.groups == ["external_id:anna email:anna anonymous_id:b"]
    assert town.way("anonymous_id:b", "external_id:anna") == [
        "email:anna anonymous_id:b",
        "external_id:anna email:anna",
    ]


def test_somebody_of_whom_nothing_else_is_known_is_one_person() -> None:
    town = Town()
    town.node("anonymous_id:b")
    assert town.groups == ["anonymous_id:b"]


def test_two_shops_with_the_same_mail_have_one_customer() -> None:
    town = Town().heard("external_id@shop:1 email:anna").heard("external_id@crm:9 email:anna", 5)
    assert town.groups == ["external_id@crm:9 external_id@shop:1 email:anna"]
    assert town.refused == []


def test_two_numbers_of_one_shop_are_two_customers_and_the_mail_is_the_first_one_s() -> None:
    town = Town().heard("external_id@shop:2 email:anna", 5).heard("external_id@shop:1 email:anna")
    assert town.groups == ["external_id@shop:1 email:anna", "external_id@shop:2"]
    assert town.refused == [("external_id@shop:2 email:anna", "limit")]


def test_two_customers_are_not_joined_by_way_of_a_third_identifier() -> None:
    town = Town().heard("external_id:1 email:a").heard("external_id:2 phone:p").heard("email:a phone:p", 1)
    assert town.groups == ["external_id:1 email:a", "external_id:2 phone:p"]
    assert town.refused == [("email:a phone:p", "limit")]


def test_a_mail_and_a_phone_that_were_named_together_weigh_more_than_a_browser() -> None:
    town = Town().heard("external_id@crm:1 email:m anonymous_id:b").heard("external_id:2 anonymous_id:b", 1)
    assert town.groups[0] == "external_id:2 external_id@crm:1 email:m anonymous_id:b"
    town.heard("external_id:1 phone:p", 9).heard("email:m phone:p", 9)
    assert town.groups == ["external_id:1 external_id@crm:1 email:m phone:p anonymous_id:b", "external_id:2"]


def test_a_browser_that_two_customers_use_stays_with_the_first() -> None:
    town = Town().heard("external_id:2 anonymous_id:b", 5).heard("external_id:1 anonymous_id:b", 1)
    assert town.groups == ["external_id:1 anonymous_id:b", "external_id:2"]


def test_of_two_who_came_at_the_same_instant_the_name_decides_not_who_was_heard_first() -> None:
    town = Town().heard("external_id:2 anonymous_id:b").heard("external_id:1 anonymous_id:b")
    assert town.groups == ["external_id:1 anonymous_id:b", "external_id:2"]


def test_the_kiosk_in_the_shop_is_nobody() -> None:
    town = Town()
    for n in range(3):
        town.heard(f"external_id:{n} device:kiosk", n)
    assert town.groups == ["external_id:0 device:kiosk", "external_id:1", "external_id:2"]
    town.heard("external_id:3 device:kiosk", 3).heard("device:kiosk anonymous_id:b", 4)
    assert town.groups == [*(f"external_id:{n}" for n in range(4)), "device:kiosk", "anonymous_id:b"]
    assert town.found.shared == {town.node("device:kiosk")}
    assert {reason for _, reason in town.refused} == {"shared"}


def test_a_browser_with_many_names_is_not_shared() -> None:
    """Only stronger identifiers count: those say that it is several people's."""
    town = Town()
    for n in range(9):
        town.heard(f"anonymous_id:{n} anonymous_id:z")
    assert len(town.groups) == 1


def test_a_mail_in_many_systems_is_not_shared() -> None:
    town = Town()
    for n in range(20):
        town.heard(f"external_id@system{n}:1 email:anna", n)
    assert len(town.groups) == 1


def test_what_is_known_to_be_shared_joins_nobody_however_few_use_it_now() -> None:
    town = Town()
    town.node("phone:centre", shared=True)
    town.heard("external_id:1 phone:centre")
    assert town.groups == ["external_id:1", "phone:centre"]


@pytest.mark.parametrize(("idle", "owner"), [(90, "external_id:old"), (91, "external_id:new")])
def test_a_phone_number_goes_to_its_new_owner_when_the_old_one_was_long_silent(idle: float, owner: str) -> None:
    town = Town().heard("external_id:old phone:p", 0, 100).heard("external_id:new phone:p", 100 + idle)
    assert f"{owner} phone:p" in town.groups
    assert town.refused[0][1] == ("recycled" if owner == "external_id:new" else "limit")


def test_a_phone_number_in_a_second_system_much_later_is_not_recycled() -> None:
    town = Town().heard("external_id@crm:1 phone:p", 0).heard("external_id@shop:2 phone:p", 400)
    assert len(town.groups) == 1


def test_a_mail_is_never_recycled_unless_the_operator_says_so() -> None:
    links = ("external_id:old email:m", "external_id:new email:m")
    assert Town().heard(links[0]).heard(links[1], 4_000).groups == ["external_id:new", "external_id:old email:m"]
    town = Town(read({"email": {"recycled_after_days": 365}})).heard(links[0]).heard(links[1], 4_000)
    assert town.groups == ["external_id:new email:m", "external_id:old"]


def test_the_family_phone_is_the_parent_s_who_named_it_first() -> None:
    town = Town().heard("external_id:mother email:m phone:p").heard("external_id:child email:c phone:p", 10)
    town.heard("external_id:father email:f phone:p", 20)
    assert town.groups == [
        "external_id:child email:c",
        "external_id:father email:f",
        "external_id:mother email:m phone:p",
    ]


def test_nobody_has_more_than_the_operator_allows() -> None:
    town = Town(read({"email": {"most": 2}}))
    town.heard("external_id:1 email:c", 3).heard("external_id:1 email:b", 2).heard("external_id:1 email:a", 1)
    assert town.groups == ["external_id:1 email:a email:b", "email:c"]


def test_staff_can_join_what_the_rules_keep_apart() -> None:
    town = Town().heard("external_id:1 email:a").heard("external_id:2 email:b")
    town.said("external_id:1", "external_id:2", same=True)
    assert town.groups == ["external_id:1 external_id:2 email:a email:b"]
    ways = path(town.found.accepted, town.node("email:a"), town.node("email:b"))
    assert [link.manual for link in ways] == [False, True, False]


def test_what_staff_gave_to_one_customer_is_taken_from_the_other() -> None:
    town = Town().heard("external_id:2 email:b").said("external_id:1", "email:b", same=True)
    assert town.groups == ["external_id:1 email:b", "external_id:2"]


def test_what_staff_joined_still_takes_new_browsers_but_no_third_number() -> None:
    town = Town().said("external_id:1", "external_id:2", same=True).heard("external_id:2 anonymous_id:b")
    town.heard("external_id:1 email:a").heard("external_id:3 email:a", 1)
    assert town.groups == ["external_id:1 external_id:2 email:a anonymous_id:b", "external_id:3"]


def test_staff_can_part_what_the_rules_join_and_the_rest_follows_the_best_evidence() -> None:
    town = Town().heard("external_id@crm:1 email:m anonymous_id:b").heard("external_id@shop:2 email:m", 1)
    assert len(town.groups) == 1
    town.said("external_id@crm:1", "external_id@shop:2", same=False)
    assert town.groups == ["external_id@crm:1 email:m anonymous_id:b", "external_id@shop:2"]
    assert town.refused == [("external_id@shop:2 email:m", "apart")]


def test_the_latest_word_on_a_pair_counts() -> None:
    town = Town().said("external_id:1", "external_id:2", same=True, at=1)
    town.said("external_id:2", "external_id:1", same=False, at=2)
    assert town.groups == ["external_id:1", "external_id:2"]
    assert len(town.said("external_id:1", "external_id:2", same=True, at=3).groups) == 1


def test_of_words_that_cannot_all_be_kept_the_newer_is() -> None:
    town = Town().said("email:a", "email:b", same=True, at=1).said("email:b", "email:c", same=True, at=2)
    town.said("email:a", "email:c", same=False, at=0)
    assert town.groups == ["email:a", "email:b email:c"]
    assert town.refused == [("email:a email:b", "apart")]


def test_staff_can_say_whose_the_shared_phone_is() -> None:
    town = Town()
    town.node("phone:p", shared=True)
    town.heard("external_id:1 phone:p").heard("external_id:2 phone:p").said("phone:p", "external_id:2", same=True)
    assert town.groups == ["external_id:1", "external_id:2 phone:p"]


def test_a_kind_that_does_not_merge_belongs_to_its_best_link_and_joins_nobody() -> None:
    rules = read({"device": {"merges": False}})
    town = (
        Town(rules).heard("external_id@a:1 device:d", 5).heard("email:m device:d", 1).heard("device:d anonymous_id:b")
    )
    assert town.groups == ["external_id@a:1 device:d", "email:m", "anonymous_id:b"]
    assert {reason for _, reason in town.refused} == {"does_not_merge"}


def test_a_mail_that_is_only_claimed_brings_nobody_together_until_it_is_verified() -> None:
    rules = read({"email": {"verified_only": True}})
    town = Town(rules).heard("email:anna anonymous_id:anna").heard("email:anna anonymous_id:mallory", 1)
    assert town.groups == ["email:anna anonymous_id:anna", "anonymous_id:mallory"]
    assert town.refused == [("email:anna anonymous_id:mallory", "unverified")]
    town = Town(rules)
    town.node("email:anna", verified=True)
    assert len(town.heard("email:anna anonymous_id:1").heard("email:anna anonymous_id:2").groups) == 1


def test_links_about_somebody_who_is_gone_are_passed_over() -> None:
    node = Node(1, "email", "a")
    found = people([node], [Link(1, 2, START, START), Link(1, 1, START, START)], [Verdict(1, 3, True, START)], DEFAULTS)
    assert [group.nodes for group in found.groups] == [(1,)]
    assert path(found.accepted, 1, 2) == []


@pytest.mark.parametrize("shape", ["star", "chain", "web", "apart"])
def test_the_largest_component_takes_a_moment(shape: str) -> None:
    """Quadratic work would take minutes."""
    count = COMPONENT_MAX
    bases = ["email", "phone", "anonymous_id", "device"]
    nodes = [Node(n, bases[n % 4] if n else "external_id", str(n)) for n in range(count)]
    nodes[1:] = [Node(n, f"external_id@{n}", "1") for n in range(1, count)] if shape == "chain" else nodes[1:]
    pairs = {
        "star": [(0, n) for n in range(1, count)],
        "chain": [(n, n + 1) for n in range(count - 1)],
        "web": [(n * 7 % count, n * 31 % count) for n in range(20_000)],
        "apart": [(n, (n * 31 + 1) % count) for n in range(count)],
    }[shape]
    links = [Link(one, other, day(n), day(n)) for n, (one, other) in enumerate(pairs)]
    verdicts = [Verdict(n, count - 1 - n, False, START) for n in range(count // 2)] if shape == "apart" else []
    rules = read({kind: {"most": 2_000, "shared_above": None} for kind in ("email", "phone", "device", "anonymous_id")})
    begun = process_time()
    people(nodes, links, verdicts, rules)
    assert process_time() - begun < 3
