"""Single sign-on against a small provider of our own: what a good provider cannot be made to do."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
import structlog
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access.provider import ALGORITHMS, Asked, Key, Provider, Sign, open_provider
from access.serving import House, open_house
from antiphon import access
from antiphon.access import calling, http_sso, oidc, sessions, sso
from antiphon.access.sso_records import Claims, Known, Refused
from antiphon.access.sso_records import Provider as Settings
from antiphon.kernel.db import Database


@dataclass
class Door:
    """`client` is a browser in which nobody is signed in."""

    house: House
    provider: Provider
    client: httpx.AsyncClient
    settings: dict[str, Any] = field(default_factory=dict)

    async def set_up(self, name: str = "main", **changed: Any) -> httpx.Response:
        owner = await self.house.rows("SELECT id FROM staff WHERE role = 'owner'")
        staff = owner[0]["id"] if owner else await self.house.colleague("boss@example.org", role="owner")
        self.settings = {
            "title": "Company",
            "issuer": self.provider.issuer,
            "client_id": self.provider.client[0],
            "secret": self.provider.client[1],
            "domains": ["example.org"],
            **changed,
        }
        async with self.house.client(await self.house.opened(staff)) as client:
            return await client.put(f"/api/v1/sso/{name}", json=self.settings)

    async def begin(self, client: httpx.AsyncClient | None = None, **query: str) -> Asked:
        answer = await (client or self.client).get("/api/v1/sso/main/start", params=query)
        assert answer.status_code == 302, answer.text
        return self.provider.read(answer.headers["location"])

    async def back(self, code: str, state: str, client: httpx.AsyncClient | None = None, **query: str) -> str:
        """Where the browser is sent."""
        asked = {"code": code, "state": state, **query}
        answer = await (client or self.client).get("/sso/main/callback", params=asked)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def sign_in(self, sign: Sign | None = None, **changed: Any) -> str:
        """With these claims changed."""
        asked = await self.begin()
        return await self.back(self.provider.code(asked, self.provider.claims(asked, **changed), sign), asked.state)

    async def who(self) -> access.Colleague | None:
        token = self.client.cookies.get(access.cookie_name(self.house.runtime)) or ""
        found = await access.find_session(self.house.database, token)
        return found[0] if found is not None else None


@contextlib.asynccontextmanager
async def open_door(database: Database, algorithm: str = "ES256") -> AsyncIterator[Door]:
    """The browser asks at `base_url`, where the provider sends people back to."""
    async with (
        open_house(database) as house,
        open_provider(algorithm) as provider,
        httpx.AsyncClient(base_url=house.runtime.base_url) as client,
    ):
        made = Door(house, provider, client)
        assert (await made.set_up()).status_code == 200
        yield made


@pytest_asyncio.fixture
async def door(database: Database) -> AsyncIterator[Door]:
    async with open_door(database) as made:
        yield made


def problem(code: str) -> str:
    return f"/app/sign-in?problem={code}"


async def test_who_was_invited_comes_in_at_first_by_address_and_then_by_subject_alone(door: Door) -> None:
    staff = await door.house.colleague("Ada@Example.org", state="invited")
    assert await door.sign_in() == "/app/"
    who = await door.who()
    assert who is not None
    assert (who.id, who.state, who.role) == (staff, "active", "marketer")
    (session,) = await door.house.rows("SELECT factors, waiting FROM staff_session WHERE staff_id = $1", staff)
    assert (session["factors"], session["waiting"]) == (["sso"], False)
    door.client.cookies.clear()
    assert await door.sign_in(email="ada.king@elsewhere.example", email_verified=False) == "/app/"
    assert (await door.who()) == who


async def test_an_address_that_changed_hands_does_not_open_the_account(door: Door) -> None:
    await door.house.colleague()
    await door.sign_in()
    door.client.cookies.clear()
    assert await door.sign_in(sub="somebody-new") == problem("other_subject")
    assert await door.who() is None


async def test_the_same_subject_of_another_provider_is_somebody_else(door: Door) -> None:
    await door.house.colleague()
    assert await door.sign_in() == "/app/"
    door.client.cookies.clear()
    bob = await door.house.colleague("bob@example.org")
    async with open_provider() as door.provider:
        await door.set_up()
        assert await door.sign_in(email="bob@example.org") == "/app/"
    who = await door.who()
    assert who is not None
    assert who.id == bob


async def test_nobody_comes_in_uninvited_unless_the_provider_brings_them_with_a_role(door: Door) -> None:
    assert await door.sign_in() == problem("not_invited")
    await door.set_up(role="analyst")
    assert await door.sign_in() == "/app/"
    who = await door.who()
    assert who is not None
    assert (who.email, who.name, who.role, who.state) == ("ada@example.org", "Ada Lovelace", "analyst", "active")


async def test_the_first_time_the_address_is_verified_and_of_our_domains(door: Door) -> None:
    await door.house.colleague()
    for claims, code in (
        ({"email_verified": False}, "email"),
        ({"email_verified": None}, "email"),
        ({"email_verified": "false"}, "email"),
        ({"email_verified": 1}, "email"),
        ({"email": None}, "email"),
        ({"email": ""}, "email"),
        ({"email": ["ada@example.org"]}, "email"),
        ({"email": "ada@example.org.evil.example"}, "domain"),
        ({"email": "ada@sub.example.org"}, "domain"),
        ({"email": '"ada@example.org"@evil.example'}, "domain"),
    ):
        assert await door.sign_in(**claims) == problem(code), claims
    assert await door.who() is None


async def test_the_word_of_a_trusted_provider_counts_for_its_domains_only(door: Door) -> None:
    await door.house.colleague()
    await door.house.colleague("eve@elsewhere.example")
    await door.set_up(trusted=True)
    assert await door.sign_in(email_verified=None, email="eve@elsewhere.example", sub="2") == problem("domain")
    assert await door.sign_in(email_verified=None) == "/app/"


async def test_an_owner_forgets_whom_a_provider_means(door: Door) -> None:
    """The same person has a new account there."""
    staff = await door.house.colleague()
    await door.sign_in()
    door.client.cookies.clear()
    assert await door.sign_in(sub="new account") == problem("other_subject")
    path = f"/api/v1/staff/{staff}/sso"
    async with door.house.client(await door.house.opened(staff)) as client:
        assert (await client.delete(path)).status_code == 403
    (boss,) = await door.house.rows("SELECT id FROM staff WHERE role = 'owner'")
    async with door.house.client(await door.house.opened(boss["id"])) as client:
        assert (await client.delete(path)).status_code == 204
    assert await door.sign_in(sub="new account") == "/app/"


async def test_who_has_left_stays_outside(door: Door) -> None:
    staff = await door.house.colleague()
    await door.sign_in()
    door.client.cookies.clear()
    await door.house.rows("UPDATE staff SET state = 'left' WHERE id = $1", staff)
    assert await door.sign_in() == problem("left")
    assert await door.sign_in(sub="another") == problem("left")


async def test_who_is_sent_away_is_known_to_no_provider_any_more(door: Door) -> None:
    staff = await door.house.colleague()
    await door.sign_in()
    (boss,) = await door.house.rows("SELECT id FROM staff WHERE role = 'owner'")
    async with door.house.client(await door.house.opened(boss["id"])) as client:
        assert (await client.patch(f"/api/v1/staff/{staff}", json={"state": "left"})).status_code == 200
    assert await door.house.rows("SELECT 1 FROM sso_subject WHERE staff_id = $1", staff) == []
    door.client.cookies.clear()
    assert await door.sign_in() == problem("left"), "by the address, which the list still has"


async def test_a_word_of_the_token_does_not_verify_the_address_of_userinfo(door: Door) -> None:
    await door.house.colleague()
    door.provider.userinfo = {"sub": "subject-1", "email": "ada@example.org"}
    assert await door.sign_in(email=None, email_verified=True) == problem("email")


async def test_who_was_invited_anew_is_who_has_the_address_now(door: Door) -> None:
    """A colleague left, and somebody else got their address and an invitation to the same account."""
    staff = await door.house.colleague()
    await door.sign_in(sub="old")
    door.client.cookies.clear()
    await door.house.rows("UPDATE staff SET state = 'invited' WHERE id = $1", staff)
    assert await door.sign_in(sub="old", email="ada@elsewhere.example") == problem("domain")
    assert await door.sign_in(sub="new") == "/app/"
    who = await door.who()
    assert who is not None
    assert (who.id, who.state) == (staff, "active")
    door.client.cookies.clear()
    assert await door.sign_in(sub="old", email="ada.king@example.org") == problem("not_invited")
    await door.house.rows("UPDATE staff SET state = 'invited' WHERE id = $1", staff)
    assert await door.sign_in(sub="new") == "/app/", "the same person again"


async def test_an_address_that_only_userinfo_tells_counts_for_the_same_subject(door: Door) -> None:
    await door.house.colleague()
    told = {"email": "ada@example.org", "email_verified": True}
    door.provider.userinfo = {**told, "sub": "somebody else"}
    assert await door.sign_in(email=None, email_verified=None) == problem("token")
    door.provider.userinfo = {**told, "sub": "subject-1"}
    assert await door.sign_in(email=None, email_verified=None) == "/app/"


HOUR = timedelta(hours=1)


STRANGE: tuple[dict[str, Any], ...] = (
    {"nonce": "of another sign-in"},
    {"nonce": None},
    {"nonce": ["a"]},
    {"exp": -HOUR, "iat": -HOUR},
    {"exp": None},
    {"iat": -HOUR},
    {"iat": HOUR},
    {"iat": None},
    {"nbf": HOUR},
    {"aud": "another-client"},
    {"aud": ["another-client"]},
    {"aud": None},
    {"aud": ["antiphon", "another-client"]},
    {"aud": ["antiphon", "another-client"], "azp": "another-client"},
    {"azp": "another-client"},
    {"iss": "https://login.example.org"},
    {"iss": None},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"sub": "x" * 300},
)


async def test_a_token_that_is_not_for_this_sign_in_opens_nothing(door: Door) -> None:
    await door.house.colleague()
    for claims in STRANGE:
        assert await door.sign_in(**claims) == problem("token"), claims
    assert await door.who() is None


async def test_several_audiences_are_well_when_it_was_issued_to_us(door: Door) -> None:
    await door.house.colleague()
    assert await door.sign_in(aud=["antiphon", "api"], azp="antiphon") == "/app/"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_each_algorithm_that_we_name_is_taken(database: Database, algorithm: str) -> None:
    async with open_door(database, algorithm) as door:
        await door.house.colleague()
        assert await door.sign_in() == "/app/"


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, algorithm="none")  # type: ignore[arg-type]


def raw(header: dict[str, Any], claims: dict[str, Any], signature: bytes) -> str:
    pieces = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(piece).rstrip(b"=").decode() for piece in pieces)


async def test_a_token_without_a_signature_or_signed_with_what_everybody_knows_opens_nothing(door: Door) -> None:
    """alg none in its spellings; HMAC with the public key as its secret; a key that the token itself brings."""
    await door.house.colleague()
    public = door.provider.key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    own = Key("first")
    attacks: list[Sign] = [
        unsigned,
        *(lambda claims, alg=alg: raw({"alg": alg, "kid": "first"}, claims, b"") for alg in ("None", "NONE", "", 7)),
        lambda claims: raw({"kid": "first"}, claims, b""),
        lambda claims: raw({"alg": "ES256", "kid": "first"}, claims, b""),
        lambda claims: raw({"alg": "ES256", "kid": "first"}, claims, bytes(64)),
        lambda claims: _hmac(claims, public, kid="first"),
        lambda claims: _hmac(claims, door.provider.client[1].encode(), kid="first"),
        own.sign,
        lambda claims: jwt.encode(claims, own.private, algorithm="ES256", headers={"kid": "first", "jwk": own.jwk}),
        lambda claims: "not.a.token",
        lambda claims: "",
    ]
    for attack in attacks:
        assert await door.sign_in(attack) == problem("token")
    assert await door.who() is None
    assert await door.sign_in() == "/app/", "the honest one, by the same way"


def _hmac(claims: dict[str, Any], secret: bytes, *, kid: str) -> str:
    """PyJWT itself refuses to do this."""
    signed = raw({"alg": "HS256", "typ": "JWT", "kid": kid}, claims, b"").rpartition(".")[0]
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


async def test_a_token_of_another_kind_signs_nobody_in(door: Door) -> None:
    await door.house.colleague()
    for kind in ("logout+jwt", "at+jwt", "application/secevent+jwt"):
        assert await door.sign_in(partial(door.provider.key.sign, typ=kind)) == problem("token"), kind
    assert await door.sign_in(partial(door.provider.key.sign, typ="application/JWT")) == "/app/"


async def test_a_short_key_of_the_provider_is_refused(door: Door) -> None:
    await door.house.colleague()
    short = Key("short", "RS256", bits=1024)
    door.provider.published.append(short.jwk)
    assert await door.sign_in(short.sign) == problem("token")


async def test_new_keys_are_found_and_a_stream_of_unknown_names_asks_for_them_once(door: Door) -> None:
    await door.house.colleague()
    assert await door.sign_in() == "/app/"
    rotated = Key("second")
    door.provider.published = [rotated.jwk]
    assert await door.sign_in(rotated.sign) == "/app/"
    before = door.provider.said.count("/jwks")
    assert await door.sign_in(door.provider.key.sign) == problem("token"), "the old key is gone"
    for number in range(5):
        assert await door.sign_in(Key(f"guessed-{number}").sign) == problem("token")
    assert door.provider.said.count("/jwks") == before


async def test_a_state_counts_once_in_time_and_in_the_browser_that_began(door: Door) -> None:
    await door.house.colleague()
    asked = await door.begin()
    honest = door.provider.claims(asked)
    async with httpx.AsyncClient(base_url=door.house.runtime.base_url) as stranger:
        await door.begin(stranger)
        assert await door.back(door.provider.code(asked, honest), asked.state, stranger) == problem("other_browser")
    asked = await door.begin()
    code = door.provider.code(asked, door.provider.claims(asked))
    assert await door.back(code, asked.state) == "/app/"
    again = door.provider.code(asked, door.provider.claims(asked))
    assert await door.back(again, asked.state) == problem("expired")
    assert await door.back(again, "made-up") == problem("expired")
    assert await door.back(again, "") == problem("expired")
    late = await door.begin()
    await door.house.rows("UPDATE sign_in_begun SET ends_at = created_at")
    assert await door.back(door.provider.code(late, door.provider.claims(late)), late.state) == problem("expired")


async def test_two_tabs_of_one_browser_both_come_back(door: Door) -> None:
    await door.house.colleague()
    first, second = await door.begin(next="/app/people"), await door.begin()
    for asked, where in ((second, "/app/"), (first, "/app/people")):
        assert await door.back(door.provider.code(asked, door.provider.claims(asked)), asked.state) == where


async def test_what_came_back_for_another_provider_is_not_taken(door: Door) -> None:
    await door.house.colleague()
    await door.set_up("other", title="Other")
    asked = await door.begin()
    code = door.provider.code(asked, door.provider.claims(asked))
    answer = await door.client.get("/sso/other/callback", params={"code": code, "state": asked.state})
    assert answer.headers["location"] == problem("expired")
    asked = await door.begin()
    mixed_up = await door.back("code", asked.state, iss="https://evil.example")
    assert mixed_up == problem("provider")


async def test_a_provider_that_says_no_or_nothing_is_told_apart(door: Door) -> None:
    asked = await door.begin()
    assert await door.back("", asked.state, error="access_denied") == problem("denied")
    asked = await door.begin()
    assert await door.back("", asked.state, error="server_error") == problem("provider")
    asked = await door.begin()
    assert await door.back("no-such-code", asked.state) == problem("provider")
    await door.set_up(enabled=False)
    answer = await door.client.get("/api/v1/sso/main/start")
    assert answer.headers["location"] == problem("unknown_provider")
    await door.set_up(issuer="http://127.0.0.1:9")
    answer = await door.client.get("/api/v1/sso/main/start")
    assert answer.headers["location"] == problem("provider")


async def test_a_wrong_secret_is_the_providers_refusal_and_stands_in_no_log(door: Door) -> None:
    await door.set_up(secret="wr0ng-secret")
    with structlog.testing.capture_logs() as logs:
        assert await door.sign_in() == problem("provider")
    assert "invalid_client" in str(logs)
    assert "wr0ng-secret" not in str(logs)
    assert "ada@example.org" not in str(logs)


async def test_the_client_speaks_as_the_provider_asks(door: Door) -> None:
    await door.house.colleague()
    door.provider.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await door.set_up()
    assert await door.sign_in() == "/app/"


async def test_somebody_who_comes_in_twice_at_once_is_one_colleague(door: Door) -> None:
    await door.set_up(role="analyst")
    ways = [await door.begin() for _ in range(4)]
    codes = [door.provider.code(asked, door.provider.claims(asked)) for asked in ways]
    back = await asyncio.gather(*(door.back(code, asked.state) for code, asked in zip(codes, ways, strict=True)))
    assert back == ["/app/"] * 4
    assert len(await door.house.rows("SELECT FROM staff WHERE email_key = 'ada@example.org'")) == 1


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/app/",
        "//evil.example/app/",
        "/\\evil.example",
        "/app",
        "/application/",
        "/app/../c/link",
        "/app/%2e%2e/c/link",
        "/app/..%2fc",
        "/app/%5c../x",
        "/app/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "",
    ],
)
def test_nobody_is_sent_out_of_the_app_with_our_help(wanted: str) -> None:
    assert http_sso.checked_next(wanted) == "/app/"


async def test_a_strange_place_to_come_back_to_is_the_app_itself(door: Door) -> None:
    await door.house.colleague()
    asked = await door.begin(next="//evil.example/app/")
    assert await door.back(door.provider.code(asked, door.provider.claims(asked)), asked.state) == "/app/"


@pytest.mark.parametrize("wanted", ["/app/", "/app/people?q=a%20b#top", "/app/campaigns/12"])
def test_a_path_in_the_app_is_kept(wanted: str) -> None:
    assert http_sso.checked_next(wanted) == wanted


async def test_who_opens_the_app_by_another_name_of_this_machine_starts_at_the_one_that_comes_back(door: Door) -> None:
    async with httpx.AsyncClient(base_url=door.house.url) as client:
        answer = await client.get("/api/v1/sso/main/start", params={"next": "/app/people"})
    base = door.house.runtime.base_url
    assert answer.headers["location"] == f"{base}/api/v1/sso/main/start?next=%2Fapp%2Fpeople"


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
