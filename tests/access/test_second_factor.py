"""A second factor that is demanded: whoever has none sets one up first, and can do nothing else before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest
import pytest_asyncio

from access.serving import House, open_browser, open_house
from access.staffed import ANOTHER, PASSWORD, ask, came_in, join, next_code, sign_in, token, with_codes
from antiphon import access
from antiphon.access import second_factor, sessions
from antiphon.access.records import Colleague, StaffId
from antiphon.access.roles import ADMINS, ROLES
from antiphon.kernel import clock
from antiphon.kernel.db import Database


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with open_house(database) as opened:
        yield opened


async def demand(house: House, of: str) -> None:
    async with house.database.transaction() as tx:
        await second_factor.write(tx, of)  # type: ignore[arg-type]


def colleague(*, has_totp: bool = False, passkeys: int = 0) -> Colleague:
    at = clock.wall_datetime()
    return Colleague(StaffId(1), "a@b", "Ada", "agent", "active", at, has_totp=has_totp, passkeys=passkeys)


def test_the_word_admins_means_who_changes_how_this_works() -> None:
    assert set(ADMINS) == {"owner", "manager", "developer"}
    assert [role for role in ROLES if second_factor.is_demanded("admins", role)] == ["owner", "manager", "developer"]
    assert all(second_factor.is_demanded("everybody", role) for role in ROLES)
    assert not any(second_factor.is_demanded("optional", role) for role in ROLES)


@pytest.mark.parametrize(
    ("who", "demanded", "step"),
    [
        (colleague(), False, None),
        (colleague(), True, "enrol"),
        (colleague(has_totp=True), False, "give"),
        (colleague(has_totp=True), True, "give"),
        (colleague(passkeys=1), False, None),
        (colleague(passkeys=1), True, "give"),
    ],
)
def test_what_is_next_after_a_password(who: Colleague, demanded: bool, step: str | None) -> None:
    assert second_factor.step_after(who, demanded=demanded) == step


async def test_who_has_none_sets_one_up_and_can_do_nothing_else_before(house: House) -> None:
    await join(house, role="owner")
    await demand(house, "everybody")
    async with house.client() as browser:
        said = await sign_in(browser, "ada@example.org")
        assert (said["state"], said["permissions"], said["role"]) == ("enrol", [], None)
        assert said["colleague"]["email"] == "ada@example.org"
        await nothing_else(browser)
        before = token(house, browser)
        app, codes = await with_codes(browser)
        assert len(codes) == 10
        assert token(house, browser) != before
        assert await access.find_session(house.database, before, even_waiting=True) is None
        said = await ask(browser, "GET", "/session")
        assert (said["state"], said["role"]) == ("signed_in", "owner")
        (session,) = (await ask(browser, "GET", "/me/sessions"))["sessions"]
        assert session["factors"] == ["password", "totp"]
    async with house.client() as browser:
        assert (await sign_in(browser, "ada@example.org"))["state"] == "second_factor"
        code = {"code": next_code(app)}
        assert (await ask(browser, "POST", "/session/second-factor", code))["state"] == "signed_in"


async def nothing_else(browser: httpx.AsyncClient) -> None:
    await ask(browser, "GET", "/me", status=401)
    await ask(browser, "PATCH", "/me", {"email": "thief@example.org"}, status=401)
    await ask(browser, "PUT", "/me/password", {"password": ANOTHER}, status=401)
    await ask(browser, "GET", "/staff", status=401)
    await ask(browser, "POST", "/me/recovery-codes", status=401)
    await ask(browser, "POST", "/session/prove", {"password": PASSWORD}, status=401)
    await ask(browser, "POST", "/session/second-factor", {"code": "123456"}, status=401)


async def test_a_passkey_will_do_and_is_asked_for_afterwards(house: House) -> None:
    staff = await join(house)
    await demand(house, "everybody")
    async with open_browser(house) as browser, house.client() as elsewhere:
        given = {"email": "ada@example.org", "password": PASSWORD}
        assert (await browser.ask("POST", "/session", given))["state"] == "enrol"
        await browser.make_passkey()
        assert (await browser.ask("GET", "/session"))["state"] == "signed_in"
        said = await sign_in(elsewhere, "ada@example.org")
        assert (said["state"], said["second_factors"]) == ("second_factor", ["passkey"])
        await nothing_else(elsewhere)
        await browser.ask("DELETE", "/session", status=204)
        await browser.ask("POST", "/session", given)
        await browser.sign_in()
        (kept, *_) = await house.rows("SELECT factors FROM staff_session WHERE staff_id = $1 AND NOT waiting", staff)
        assert kept["factors"] == ["password", "passkey"]


async def test_whoever_has_only_the_password_cannot_set_up_a_second_one(house: House) -> None:
    """A thief with the password opens a page for it, and waits until its owner has set one up."""
    await join(house)
    await demand(house, "everybody")
    async with house.client() as thief, house.client() as ada:
        await sign_in(thief, "ada@example.org")
        begun = await ask(thief, "POST", "/me/totp")
        await sign_in(ada, "ada@example.org")
        await with_codes(ada)
        given = {"pending": begun["pending"], "code": pyotp.TOTP(begun["secret"]).now()}
        await ask(thief, "PUT", "/me/totp", given, status=401)
        assert (await ask(thief, "GET", "/session"))["state"] == "signed_out"
        await ask(ada, "GET", "/me")


async def test_a_session_that_was_for_setting_up_cannot_replace_a_factor_that_came_meanwhile(house: House) -> None:
    staff = await join(house)
    await demand(house, "everybody")
    async with house.client() as thief:
        await sign_in(thief, "ada@example.org")
        begun = await ask(thief, "POST", "/me/totp")
        await house.rows("UPDATE staff SET totp = 'x' WHERE id = $1", staff)
        given = {"pending": begun["pending"], "code": pyotp.TOTP(begun["secret"]).now()}
        await ask(thief, "PUT", "/me/totp", given, status=401)
        (kept,) = await house.rows("SELECT totp FROM staff WHERE id = $1", staff)
        assert bytes(kept["totp"]) == b"x"


async def test_the_time_for_setting_up_ends(house: House) -> None:
    await join(house)
    await demand(house, "everybody")
    async with house.client() as browser:
        await sign_in(browser, "ada@example.org")
        await house.rows("UPDATE staff_session SET ends_at = ends_at - $1::interval", sessions.ENROLLING)
        assert (await ask(browser, "GET", "/session"))["state"] == "signed_out"
        await ask(browser, "POST", "/me/totp", status=401)


async def test_who_is_signed_in_stays_so_until_the_next_time(house: House) -> None:
    browser = await came_in(house)
    await demand(house, "everybody")
    assert (await ask(browser, "GET", "/me"))["needs_second_factor"] is True
    assert (await sign_in(browser, "ada@example.org"))["state"] == "enrol"


async def test_admins_are_asked_and_others_are_not(house: House) -> None:
    await demand(house, "admins")
    for role, state in (("manager", "enrol"), ("developer", "enrol"), ("marketer", "signed_in")):
        await join(house, f"{role}@example.org", role=role)
        async with house.client() as browser:
            assert (await sign_in(browser, f"{role}@example.org"))["state"] == state


async def test_who_follows_an_invitation_sets_one_up_too(house: House) -> None:
    owner = await came_in(house, "owner@example.org", role="owner")
    await demand(house, "everybody")
    made = await ask(owner, "POST", "/staff", {"email": "new@example.org", "role": "agent"}, status=201)
    given = {"token": made["link"]["url"].partition("#")[2], "password": ANOTHER}
    async with house.client() as browser:
        assert (await ask(browser, "POST", "/invitations/accept", given))["state"] == "enrol"
        await nothing_else(browser)


async def test_the_last_one_stays_while_it_is_demanded(house: House) -> None:
    browser = await came_in(house)
    await with_codes(browser)
    await demand(house, "everybody")
    refused = await ask(browser, "DELETE", "/me/totp", status=409)
    assert refused["code"] == "second_factor_needed"
    assert (await ask(browser, "GET", "/me"))["colleague"]["has_totp"] is True
    await demand(house, "admins")
    await ask(browser, "DELETE", "/me/totp", status=204)


async def test_of_two_one_may_go_and_then_the_other_stays(house: House) -> None:
    await demand(house, "everybody")
    async with open_browser(house) as browser:
        await browser.enter(await house.opened(await join(house)))
        begun = await browser.ask("POST", "/me/totp")
        first = {"pending": begun["pending"], "code": pyotp.TOTP(begun["secret"]).now()}
        await browser.ask("PUT", "/me/totp", first)
        made = await browser.make_passkey()
        await browser.ask("DELETE", "/me/totp", status=204)
        refused = await browser.ask("DELETE", f"/me/passkeys/{made['id']}", status=409)
        assert refused["code"] == "second_factor_needed"


async def test_whoever_lost_all_of_them_is_let_in_by_a_manager_and_begins_anew(house: House) -> None:
    staff = await join(house)
    await demand(house, "everybody")
    await house.rows(
        "INSERT INTO passkey (id, staff_id, name, public_key, sign_count, created_at)"
        " VALUES ('lost', $1, 'Phone', '', 0, now())", staff,
    )  # fmt: skip
    manager = await house.opened(await join(house, "m@example.org", role="manager"), "password", "totp")
    async with house.client(manager) as helper, house.client() as browser:
        assert (await sign_in(browser, "ada@example.org"))["second_factors"] == ["passkey"]
        await ask(helper, "DELETE", f"/staff/{staff}/second-factor", status=204)
        assert (await sign_in(browser, "ada@example.org"))["state"] == "enrol"


async def test_only_an_owner_who_has_proved_it_changes_the_rule_and_it_is_in_the_log(house: House) -> None:
    manager = await house.opened(await join(house, "m@example.org", role="manager"))
    owner = await house.opened(await join(house, "o@example.org", role="owner"))
    await house.rows("UPDATE staff SET totp = 'x' WHERE email = 'o@example.org'")
    await join(house, "a@example.org", role="agent")
    await join(house, "gone@example.org", role="agent", state="left")
    rule: dict[str, Any] = {"second_factor": "admins"}
    async with house.client(manager) as browser:
        shown = await ask(browser, "GET", "/sign-in-rule")
        assert shown == {
            "second_factor": "optional",
            "admins": ["owner", "manager", "developer"],
            "lacking": {"admins": 1, "everybody": 2},
        }
        await ask(browser, "PUT", "/sign-in-rule", rule, status=403)
    async with house.client(owner) as browser:
        assert (await ask(browser, "PUT", "/sign-in-rule", rule))["second_factor"] == "admins"
        assert (await ask(browser, "GET", "/sign-in-rule"))["second_factor"] == "admins"
        await ask(browser, "PUT", "/sign-in-rule", {"second_factor": "nobody"}, status=400)
        await house.age_proofs(timedelta(hours=1))
        assert (await ask(browser, "PUT", "/sign-in-rule", rule, status=403))["code"] == "prove_again"
    (line, *_) = await house.rows("SELECT * FROM audit WHERE act = 'sign-in-rule.change' AND status = 200")
    assert (line["actor_kind"], line["detail"]) == ("staff", {"second_factor": "admins"})
