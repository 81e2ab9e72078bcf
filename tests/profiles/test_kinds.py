"""Kinds of identifiers: their rank and their scope."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel.errors import Invalid
from antiphon.profiles import kinds
from profiles.town import patient

SCOPED = [name for name, (rule, _) in kinds.SCOPES.items() if rule != "none"]


def test_the_kinds_stand_from_the_strongest_to_the_weakest() -> None:
    assert kinds.KINDS == (
        "external_id", "email", "phone", "whatsapp_bsuid", "whatsapp_wa_id", "psid", "igsid", "telegram", "viber",
        "line", "fcm_fid", "fcm_token", "apns_token", "webpush", "device", "anonymous_id",
    )  # fmt: skip
    assert [kinds.rank(kind) for kind in kinds.KINDS] == list(range(16))


@pytest.mark.parametrize("kind", SCOPED)
def test_a_scope_changes_neither_base_nor_rank(kind: str) -> None:
    assert kinds.base(f"{kind}@a@b") == kinds.base(kind) == kind
    assert kinds.rank(f"{kind}@a@b") == kinds.rank(kind)
    assert (kinds.scope(f"{kind}@a@b"), kinds.scope(kind)) == ("a@b", "")


def test_a_kind_that_nobody_knows_is_the_weakest() -> None:
    assert kinds.rank("shoe_size") == kinds.rank("shoe_size@left") > kinds.rank("anonymous_id")


@pytest.mark.parametrize(
    "kind",
    ["external_id", "external_id@crm", "email", "phone", "whatsapp_bsuid@9", "whatsapp_wa_id", "psid@1", "igsid@1",
     "telegram@shop_bot", "viber@1", "line@1", "fcm_fid@shop-1", "fcm_token", "fcm_token@shop-1",
     "apns_token@com.shop.app+production", "webpush", "webpush@BCVx_-", "device", "anonymous_id",
     "external_id@" + "a" * 200, "external_id@läden"],
)  # fmt: skip
def test_a_kind_with_the_scope_that_it_needs_is_taken(kind: str) -> None:
    assert kinds.fault(kind) == ""
    assert kinds.check(kind) == kind.partition("@")[0]


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("shoe_size", "psid@<page>, igsid@<account>"),
        ("", "external_id[@<source>], email,"),
        ("@crm", "external_id[@<source>], email,"),
        ("External_id", "external_id"),
        ("psid", "write it as psid@<page>"),
        ("apns_token", "write it as apns_token@<topic+environment>"),
        ("whatsapp_bsuid", "write it as whatsapp_bsuid@<portfolio>"),
        ("email@shop", "write it as email alone"),
        ("phone@", "write it as phone alone"),
        ("anonymous_id@web", "write it as anonymous_id alone"),
        ("external_id@", "1 to 200 characters"),
        ("psid@", "1 to 200 characters"),
        ("external_id@" + "a" * 201, "1 to 200 characters"),
        ("external_id@" + "a" * 100_000, "It is longer than"),
        ("external_id@my crm", "no spaces"),
        ("external_id@crm\n", "no spaces"),
        ("external_id@a\u00a0b", "no spaces"),
        ("external_id@a\x00b", "no control characters"),
        ("external_id@\ud800", "no control characters"),
        ("external_id@a:b", "no colon"),
    ],
)
def test_what_is_no_kind_is_refused_with_the_way_out(kind: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        kinds.check(kind)
    assert [flaw.at for flaw in refused.value.flaws] == ["kind"]
    assert says in refused.value.flaws[0].message


@patient
@given(st.text(max_size=30))
def test_any_text_gets_an_answer_that_can_be_shown(text: str) -> None:
    for kind in (text, f"psid@{text}", f"{text}@1"):
        kinds.fault(kind).encode()
        kinds.rank(kind)
