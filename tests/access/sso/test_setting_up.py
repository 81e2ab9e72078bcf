"""Single sign-on is set up, checked, and ends what it opened."""

from __future__ import annotations

import time
from typing import Any

import pytest

from access.sso.door import Door
from antiphon import access
from antiphon.access import calling, oidc, sessions, sso
from antiphon.access.sso_records import Claims, Known, Refused
from antiphon.access.sso_records import Provider as Settings


async def test_only_an_owner_sets_it_up_and_the_secret_never_comes_out(door: Door) -> None:
    answer = await door.set_up(title="Office")
    base = door.house.runtime.base_url
    assert answer.json()["callback"] == f"{base}/sso/main/callback"
    for role, status in (("manager", 403), ("developer", 403), ("marketer", 403)):
        staff = await door.house.colleague(f"{role}@example.org", role=role)
        async with door.house.client(await door.house.opened(staff)) as client:
            answer = await client.put("/api/v1/sso/main", json={**door.settings, "issuer": "https://evil.example"})
            assert answer.status_code == status
            assert (await client.delete("/api/v1/sso/main")).status_code == status
    manager = await door.house.rows("SELECT id FROM staff WHERE role = 'manager'")
    async with door.house.client(await door.house.opened(manager[0]["id"])) as client:
        shown = [(await client.get(f"/api/v1/sso{path}")).text for path in ("", "/main")]
        assert all('"title":"Office"' in text and door.provider.client[1] not in text for text in shown)
    (row,) = await door.house.rows("SELECT secret FROM sso")
    assert door.provider.client[1].encode() not in bytes(row["secret"])
    await door.house.colleague()
    changed = {name: value for name, value in door.settings.items() if name != "secret"}
    await door.set_up(**changed)
    assert await door.sign_in() == "/app/", "left out, it stays as it was"


async def test_settings_that_would_let_strangers_in_are_refused_with_the_way_out(door: Door) -> None:
    for changed, at in [
        ({"role": "owner"}, "role"),
        ({"role": "analyst", "domains": []}, "domains"),
        ({"trusted": True, "domains": []}, "domains"),
        ({"domains": ["@example.org"]}, "domains[0]"),
        ({"domains": ["*.example.org"]}, "domains[0]"),
        ({"issuer": "login.example.org"}, "issuer"),
        ({"secret": ""}, "secret"),
        ({"title": " "}, "title"),
    ]:
        answer = await door.set_up(**changed)
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (400, at), changed
    assert (await door.set_up("Main Office")).json()["errors"][0]["at"] == "name"


async def test_a_check_says_what_is_wrong(door: Door) -> None:
    (boss,) = await door.house.rows("SELECT id FROM staff WHERE role = 'owner'")
    async with door.house.client(await door.house.opened(boss["id"])) as client:

        async def check() -> Any:
            return (await client.post("/api/v1/sso/main/check")).json()

        assert await check() == {"works": True, "problems": []}
        door.provider.discovery = {"id_token_signing_alg_values_supported": ["HS256"]}
        assert "HS256" in (await check())["problems"][0]
        door.provider.discovery = {"issuer": "https://login.example.org/tenant"}
        assert "https://login.example.org/tenant" in (await check())["problems"][0]
        door.provider.discovery, door.provider.published = {}, []
        assert "keys" in (await check())["problems"][0]
        await door.set_up(issuer=f"{door.provider.issuer}/nowhere")
        assert "is this the issuer" in (await check())["problems"][0]


async def test_a_provider_ends_the_sessions_that_it_opened_and_no_others(door: Door) -> None:
    staff = await door.house.colleague()
    await door.sign_in()
    own = await door.house.opened(staff, "passkey")
    now = int(time.time())
    claims = {
        "iss": door.provider.issuer,
        "aud": "antiphon",
        "iat": now,
        "exp": now + 120,
        "jti": "1",
        "sub": "subject-1",
        "events": {oidc.LOGOUT_EVENT: {}},
    }

    async def told(typ: str = "logout+jwt", **changed: Any) -> int:
        said = {name: value for name, value in {**claims, **changed}.items() if value is not None}
        token = door.provider.key.sign(said, typ=typ)
        return (await door.client.post("/sso/main/logout", data={"logout_token": token})).status_code

    for changed in ({"events": None}, {"events": {}}, {"nonce": "n"}, {"sub": None}, {"aud": "x"}, {"jti": None}):
        assert await told(**changed) == 400, changed
    assert await told("at+jwt") == 400
    assert (await door.client.post("/sso/main/logout", data={})).status_code == 400
    assert await door.who() is not None
    assert await told() == 200
    assert await door.who() is None
    assert await sessions.find_session(door.house.database, own.token) is not None


GUEST = Settings("main", "Main", "https://login.example.org", "c", "s", ("example.org",), None, True, False)


def test_a_role_of_owner_in_the_table_brings_nobody() -> None:
    claims = Claims("s", "ada@example.org", email_verified=True)
    given = Settings("main", "Main", "https://login.example.org", "c", "s", ("example.org",), "owner", True, False)
    for provider in (given, GUEST):
        with pytest.raises(Refused, match="not_invited"):
            sso.choose(provider, claims, bound=None, named=None)


def test_without_domains_an_invitation_is_what_counts() -> None:
    open_to_all = Settings("main", "Main", "https://login.example.org", "c", "s", (), None, True, False)
    claims = Claims("s", "ada@else.example", email_verified=True)
    invited = Known(access.StaffId(1), "invited")
    assert sso.choose(open_to_all, claims, bound=None, named=invited) == "colleague"
    with pytest.raises(Refused, match="not_invited"):
        sso.choose(open_to_all, claims, bound=None, named=None)


async def test_a_provider_that_does_not_answer_is_left_alone_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may begin a sign-in: that is no way to make us call somebody a thousand times."""
    asked: list[str] = []

    async def get(url: str, **_: object) -> None:
        asked.append(url)
        raise calling.NoAnswer("It is away.")

    monkeypatch.setattr(calling, "get", get)
    for _ in range(5):
        with pytest.raises(calling.NoAnswer, match="away"):
            await oidc.known("https://away.example", private=True)
    assert len(asked) == 1
    oidc.forget("https://away.example")
    with pytest.raises(calling.NoAnswer):
        await oidc.known("https://away.example", private=True)
    assert len(asked) == 2
