"""Nobody comes by what they may not by giving it."""

from __future__ import annotations

from antiphon.access.roles import MAY, ROLES, may_give


def test_nobody_gives_a_role_that_may_more_than_their_own() -> None:
    for giver in ROLES:
        for role in ROLES:
            assert may_give(giver, before=None, after=role) is (MAY[role] <= MAY[giver])
            assert may_give(giver, before=role, after="agent") is (MAY[role] <= MAY[giver] >= MAY["agent"])


def test_a_manager_makes_no_developer_who_could_change_provider_accounts_and_keys() -> None:
    assert not may_give("manager", before="manager", after="developer")
    assert not may_give("manager", before="developer", after="agent")
    assert may_give("owner", before="manager", after="developer")
