"""Adapters as forms: everything is named, and no secret is ever shown."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from antiphon.channels import describing, registry
from antiphon.channels.registry import ADAPTERS
from antiphon.kernel.records import Channel
from channels.mail_providers import SECRET, Infobip, Mailgun, Postmark, SendGrid, Ses

KEY = "-----BEGIN PRIVATE KEY-----"
DKIM = [{"domain": "a.example", "selector": "s1", "private_key": KEY + "1"}]


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_says_what_it_is_for_and_names_each_of_its_settings(name: str) -> None:
    """Words stand in data/adapters.json, or at the fields of its struct."""
    view = describing.described(name)
    assert view.title != name
    assert view.about
    properties = view.schema["properties"]
    assert set(properties) == set(ADAPTERS[name].settings.__struct_fields__)
    assert [field for field, said in properties.items() if not (said.get("title") and said.get("description"))] == []
    assert "$ref" not in msgspec.json.encode(view.schema).decode()


@pytest.mark.parametrize("provider", [Ses(), SendGrid(), Mailgun(), Postmark(), Infobip()], ids=lambda p: p.adapter)
def test_what_may_be_shown_of_an_account_holds_no_secret(provider: Any) -> None:
    given = provider.settings("https://api.example")
    kept, hidden = describing.shown(provider.adapter, given)
    assert SECRET not in str(kept)
    assert kept["base_url"] == "https://api.example"
    assert hidden
    assert set(kept) | {path.partition("[")[0] for path in hidden} == set(given)


def test_the_secret_inside_a_list_is_hidden_and_what_is_beside_it_is_not() -> None:
    kept, hidden = describing.shown("smtp", {"host": "mail.example", "password": "", "dkim": DKIM})
    assert kept == {"host": "mail.example", "dkim": [{"domain": "a.example", "selector": "s1"}]}
    assert hidden == ["dkim[0].private_key"]
    assert describing.secrets_of("smtp") == {"password", "dkim[].private_key"}


def test_a_key_that_is_left_out_of_an_entry_stays_where_the_entry_is_the_same() -> None:
    same, other = {"domain": "a.example", "selector": "s1"}, {"domain": "b.example", "selector": "s1"}
    merged = describing.with_kept("smtp", {"password": "p", "dkim": DKIM}, {"port": 26, "dkim": [other, same]})
    assert merged == {"password": "p", "port": 26, "dkim": [other, DKIM[0]]}


class Settings(Struct, forbid_unknown_fields=True):
    token: str
    nickname: Annotated[str, Meta(title="Nickname", description="Of the account.")] = ""
    odd: str = ""


def test_of_an_adapter_without_words_only_what_it_describes_itself_is_shown(monkeypatch) -> None:
    monkeypatch.setitem(registry.ADAPTERS, "novel", registry.Entry(Channel.CHAT, Settings, lambda _s, _a: None))
    kept, hidden = describing.shown("novel", {"token": "t", "nickname": "n", "odd": "o", "gone": "g"})
    assert (kept, hidden) == ({"nickname": "n"}, ["token", "odd", "gone"])
    describing.described.cache_clear()
