"""The rules of identity as an operator writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from antiphon.kernel.errors import Invalid
from antiphon.profiles import kinds
from antiphon.profiles.identity.rules import DEFAULTS, IdentityRules, KindRule, dump, read

PAGE = Path(__file__).parents[2] / "docs/explanation/identity.md"


def test_every_kind_has_a_rule() -> None:
    assert tuple(field.name for field in msgspec.structs.fields(IdentityRules)) == kinds.KINDS
    assert all(isinstance(DEFAULTS.of(kind), KindRule) for kind in kinds.KINDS)
    assert DEFAULTS.of("psid@1") is DEFAULTS.psid


def test_the_page_shows_the_rules_as_they_are() -> None:
    def shown(kind: str, rule: KindRule) -> list[str]:
        most = f"{rule.most} per scope" if kind == "external_id" else str(rule.most)
        days = f"{rule.recycled_after_days} days" if rule.recycled_after_days else "–"
        return [yes[rule.merges], most, str(rule.shared_above or "–"), days, yes[rule.verified_only]]

    yes = {True: "yes", False: "no"}
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.read_text("utf-8").splitlines()]
    told = {row[0].strip("`"): row[2:] for row in rows if len(row) == 7 and row[0].startswith("`")}
    assert told == {kind: shown(kind, DEFAULTS.of(kind)) for kind in kinds.KINDS}


def test_what_is_not_said_stays_as_it_was() -> None:
    rules = read({"phone": {"most": 3, "shared_above": None}, "device": {"merges": False}})
    assert rules.phone == KindRule(most=3, shared_above=None, recycled_after_days=90)
    assert rules.device == KindRule(merges=False, most=500, shared_above=3)
    assert msgspec.structs.replace(rules, phone=DEFAULTS.phone, device=DEFAULTS.device) == DEFAULTS
    assert read({}) == DEFAULTS


def test_rules_survive_being_shown() -> None:
    rules = read({"email": {"verified_only": True}, "phone": {"recycled_after_days": None}})
    shown = json.loads(json.dumps(dump(rules)))
    assert tuple(shown) == kinds.KINDS
    assert read(shown) == rules


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ([], ["identity"]),
        ({"shoe_size": {}}, ["identity.shoe_size"]),
        ({"external_id@crm": {}}, ["identity.external_id@crm"]),
        ({"phone": 3}, ["identity.phone"]),
        ({"phone": {"most": 0}}, ["identity.phone.most"]),
        ({"phone": {"most": 2_001}}, ["identity.phone.most"]),
        ({"phone": {"most": True}}, ["identity.phone.most"]),
        ({"phone": {"most": None}}, ["identity.phone.most"]),
        ({"phone": {"most": 1.5}}, ["identity.phone.most"]),
        ({"phone": {"most": "3"}}, ["identity.phone.most"]),
        ({"phone": {"shared_above": 0}}, ["identity.phone.shared_above"]),
        ({"phone": {"recycled_after_days": 10**30}}, ["identity.phone.recycled_after_days"]),
        ({"phone": {"merges": 1}}, ["identity.phone.merges"]),
        ({"phone": {"mots": 3}}, ["identity.phone.mots"]),
        ({"external_id": {"merges": False}}, ["identity.external_id.merges"]),
        ({"external_id": {"verified_only": True}}, ["identity.external_id.verified_only"]),
        ({"phone": {"most": 0, "merges": 1}, "email": 1},
         ["identity.phone.most", "identity.phone.merges", "identity.email"]),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_every_place(given: Any, places: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        read(given)
    assert [flaw.at for flaw in refused.value.flaws] == places
