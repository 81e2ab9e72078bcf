"""The team: invited, given a role, sent away, locked out; and who may do that to whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from access.serving import House, open_house
from access.staffed import ANOTHER, PASSWORD, ask, came_in, join, sign_in, token, with_codes
from antiphon import access
from antiphon.access.records import StaffId
from antiphon.kernel.db import Database


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with open_house(database) as opened:
        yield opened


async def invited(owner: httpx.AsyncClient, email: str = "new@example.org", role: str = "marketer") -> tuple[str, str]:
    """The id, and what stands behind # in the link."""
    made = await ask(owner, "POST", "/staff", {"email": email, "role": role}, status=201)
    assert made["link"]["url"].count("#") == 1
    return made["colleague"]["id"], made["link"]["url"].partition("#")[2]


async def test_an_invitation_leads_in_once_and_needs_no_mail(house: House) -> None:
    owner = await came_in(house, role="owner")
    _, link = await invited(owner)
    async with house.client() as browser:
        seen = await ask(browser, "POST", "/links/look", {"token": link})
        assert (seen["kind"], seen["email"], seen["name"]) == ("invitation", "new@example.org", "new")
        said = await ask(browser, "POST", "/invitations/accept", {"token": link, "password": ANOTHER, "name": "Nova"})
        assert (said["state"], said["role"], said["colleague"]["name"]) == ("signed_in", "marketer", "Nova")
        assert said["colleague"]["state"] == "active"
        for path in ("/links/look", "/invitations/accept"):
            body = {"token": link} | ({"password": ANOTHER} if "accept" in path else {})
            assert (await ask(browser, "POST", path, body, status=404))["code"] == "bad_link"
        await sign_in(browser, "new@example.org", ANOTHER)
    kept = str([dict(row) for row in await house.rows("SELECT * FROM staff_link")])
    assert link not in kept


async def test_of_two_who_follow_one_link_at_once_one_comes_in(house: House) -> None:
    _, link = await invited(await came_in(house, role="owner"))
    browsers = [house.client() for _ in range(4)]
    bodies = [{"token": link, "password": f"{ANOTHER} {n}"} for n in range(4)]
    answers = await asyncio.gather(
        *(one.post("/api/v1/invitations/accept", json=body) for one, body in zip(browsers, bodies, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
    async with house.client() as browser:
        await sign_in(browser, "new@example.org", f"{ANOTHER} {winner}")


async def test_a_weak_password_does_not_use_the_link_up(house: House) -> None:
    _, link = await invited(await came_in(house, role="owner"))
    async with house.client() as browser:
        for weak in ("short", "Password1234!", "new@example.org-x"):
            await ask(browser, "POST", "/invitations/accept", {"token": link, "password": weak}, status=400)
        await ask(browser, "POST", "/invitations/accept", {"token": link, "password": ANOTHER})


@pytest.mark.parametrize("kind", ["invitation", "password"])
async def test_a_link_is_good_for_its_time_and_for_its_purpose(house: House, kind: str) -> None:
    owner = await came_in(house, role="owner")
    staff, link = await invited(owner)
    paths = {"invitation": "/invitations/accept", "password": "/password/reset"}
    if kind == "password":
        await house.rows("UPDATE staff SET state = 'active'")
        link = (await ask(owner, "POST", f"/staff/{staff}/link", status=201))["url"].partition("#")[2]
    other = paths["password" if kind == "invitation" else "invitation"]
    async with house.client() as browser:
        body = {"token": link, "password": ANOTHER}
        await ask(browser, "POST", other, body, status=404)
        lasts = timedelta(days=7) if kind == "invitation" else timedelta(hours=1)
        await house.rows("UPDATE staff_link SET ends_at = ends_at - $1::interval", lasts)
        await ask(browser, "POST", paths[kind], body, status=404)
        await house.rows("UPDATE staff_link SET ends_at = ends_at + interval '1 minute'")
        await ask(browser, "POST", paths[kind], body)


async def test_a_new_link_ends_the_one_before(house: House) -> None:
    owner = await came_in(house, role="owner")
    staff, first = await invited(owner)
    second = (await ask(owner, "POST", f"/staff/{staff}/link", status=201))["url"].partition("#")[2]
    async with house.client() as browser:
        await ask(browser, "POST", "/links/look", {"token": first}, status=404)
        await ask(browser, "POST", "/links/look", {"token": second})


async def test_a_password_set_by_link_ends_every_session_and_still_asks_for_the_code(house: House) -> None:
    owner = await came_in(house, role="owner")
    locked_out = await came_in(house, "ada2@example.org")
    await with_codes(locked_out)
    who = (await ask(locked_out, "GET", "/me"))["colleague"]["id"]
    link = (await ask(owner, "POST", f"/staff/{who}/link", status=201))["url"].partition("#")[2]
    async with house.client() as browser:
        said = await ask(browser, "POST", "/password/reset", {"token": link, "password": ANOTHER})
        assert said["state"] == "second_factor"
        await ask(locked_out, "GET", "/me", status=401)
        await sign_in(browser, "ada2@example.org", PASSWORD, status=401)
        await ask(owner, "DELETE", f"/staff/{who}/second-factor", status=204)
        assert (await sign_in(browser, "ada2@example.org", ANOTHER))["state"] == "signed_in"


async def test_guessing_links_is_throttled_by_address(house: House) -> None:
    _, link = await invited(await came_in(house, role="owner"))
    async with house.client() as browser:
        answers = [await browser.post("/api/v1/links/look", json={"token": f"guess{n}"}) for n in range(51)]
        assert [answer.status_code for answer in answers] == [404] * 50 + [429]
        await ask(browser, "POST", "/links/look", {"token": link}, status=429)
        browser.headers["x-forwarded-for"] = "198.51.100.7"
        await ask(browser, "POST", "/links/look", {"token": link})


async def test_changing_the_password_ends_all_other_sessions_and_links(house: House) -> None:
    browser, elsewhere = await came_in(house), house.client()
    await sign_in(elsewhere, "ada@example.org")
    await ask(browser, "PUT", "/me/password", {"password": "Summer2026!!", "current": PASSWORD}, status=400)
    await ask(browser, "PUT", "/me/password", {"password": ANOTHER, "current": PASSWORD})
    await ask(browser, "GET", "/me")
    await ask(elsewhere, "GET", "/me", status=401)
    await sign_in(elsewhere, "ada@example.org", PASSWORD, status=401)
    await sign_in(elsewhere, "ada@example.org", ANOTHER)


async def test_one_sees_and_ends_ones_own_sessions_and_nobody_elses(house: House) -> None:
    mine, other = await came_in(house), await came_in(house, "eve@example.org")
    phone = house.client()
    phone.headers["user-agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
    await sign_in(phone, "ada@example.org")
    listed = (await ask(mine, "GET", "/me/sessions"))["sessions"]
    assert {one["client"] for one in listed if not one["current"]} == {"Safari on iPhone"}
    assert sum(one["current"] for one in listed) == 1
    hers = (await ask(other, "GET", "/me/sessions"))["sessions"][0]["id"]
    await ask(mine, "DELETE", f"/me/sessions/{hers}", status=404)
    await ask(mine, "DELETE", "/me/sessions/nonsense", status=404)
    there = next(one["id"] for one in listed if not one["current"])
    await ask(mine, "DELETE", f"/me/sessions/{there}", status=204)
    await ask(phone, "GET", "/me", status=401)
    await sign_in(phone, "ada@example.org")
    assert await ask(mine, "DELETE", "/me/sessions") == {"ended": 1}
    await ask(mine, "GET", "/me")
    await ask(other, "GET", "/me")


async def test_who_leaves_is_out_at_once_and_comes_back_with_nothing(house: House) -> None:
    owner, leaver = await came_in(house, role="owner"), await came_in(house, "eve@example.org")
    await with_codes(leaver)
    who = (await ask(leaver, "GET", "/me"))["colleague"]["id"]
    await ask(owner, "PATCH", f"/staff/{who}", {"state": "left"})
    await ask(leaver, "GET", "/me", status=401)
    await sign_in(leaver, "eve@example.org", status=401)
    await ask(owner, "POST", f"/staff/{who}/link", status=409)
    back = await ask(owner, "PATCH", f"/staff/{who}", {"state": "invited"})
    assert (back["state"], back["has_password"], back["has_totp"]) == ("invited", False, False)
    await sign_in(leaver, "eve@example.org", status=401)
    link = (await ask(owner, "POST", f"/staff/{who}/link", status=201))["url"].partition("#")[2]
    said = await ask(leaver, "POST", "/invitations/accept", {"token": link, "password": ANOTHER})
    assert said["state"] == "signed_in"


async def test_what_roles_may_do_is_told_to_who_sees_the_team(house: House) -> None:
    owner, analyst = await came_in(house, role="owner"), await came_in(house, "eve@example.org", role="analyst")
    told = {one["role"]: one for one in (await ask(owner, "GET", "/roles"))["roles"]}
    assert told["owner"]["gives"][:2] == ["owner", "manager"]
    assert "owner" not in told["manager"]["gives"]
    assert told["developer"]["gives"] == []
    assert "keys.write" in told["developer"]["permissions"]
    assert "keys.write" not in told["manager"]["permissions"]
    await ask(analyst, "GET", "/roles", status=403)


async def test_an_owner_stays_even_when_two_owners_dismiss_each_other_at_once(house: House) -> None:
    first, second = await came_in(house, role="owner"), await came_in(house, "eve@example.org", role="owner")
    ids = [(await ask(one, "GET", "/me"))["colleague"]["id"] for one in (first, second)]
    answers = await asyncio.gather(
        first.patch(f"/api/v1/staff/{ids[1]}", json={"role": "analyst"}),
        second.patch(f"/api/v1/staff/{ids[0]}", json={"state": "left"}),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 403], [200, 409])
    owners = await house.rows("SELECT 1 FROM staff WHERE role = 'owner' AND state = 'active'")
    assert len(owners) == 1


async def test_the_only_owner_neither_leaves_nor_steps_down(house: House) -> None:
    owner = await came_in(house, role="owner")
    me = (await ask(owner, "GET", "/me"))["colleague"]["id"]
    for change in ({"role": "manager"}, {"state": "left"}):
        await ask(owner, "PATCH", f"/staff/{me}", change, status=409)
    assert (await ask(owner, "GET", "/session"))["role"] == "owner"


async def test_a_manager_has_no_way_to_become_an_owner(house: House) -> None:
    """Not by making one, nor by the password of one."""
    manager = await came_in(house, role="manager")
    owner = await join(house, "owner@example.org", role="owner")
    other = await join(house, "other@example.org")
    me = (await ask(manager, "GET", "/me"))["colleague"]["id"]
    await ask(manager, "POST", "/staff", {"email": "o@example.org", "role": "owner"}, status=403)
    await ask(manager, "PATCH", f"/staff/{me}", {"role": "owner"}, status=403)
    await ask(manager, "PATCH", f"/staff/{owner}", {"role": "analyst"}, status=403)
    for method, path in (("POST", "link"), ("DELETE", "sessions"), ("DELETE", "second-factor")):
        await ask(manager, method, f"/staff/{owner}/{path}", status=403)
    await ask(manager, "POST", f"/staff/{other}/link", status=201)
    await ask(manager, "PATCH", f"/staff/{other}", {"role": "agent"})
    for role in ("developer", "owner"):  # they may what a manager may not
        await ask(manager, "PATCH", f"/staff/{other}", {"role": role}, status=403)


@pytest.mark.parametrize("role", ["marketer", "agent", "analyst", "developer"])
async def test_whoever_is_no_manager_changes_nobody(house: House, role: str) -> None:
    browser = await came_in(house, role=role)
    other = await join(house, "other@example.org")
    await ask(browser, "POST", "/staff", {"email": "n@example.org", "role": "agent"}, status=403)
    await ask(browser, "PATCH", f"/staff/{other}", {"state": "left"}, status=403)
    await ask(browser, "POST", f"/staff/{other}/link", status=403)


async def test_the_list_comes_in_pages_and_tells_no_secret(house: House) -> None:
    owner = await came_in(house, role="owner")
    for n in range(3):
        await join(house, f"c{n}@example.org")
    first = await ask(owner, "GET", "/staff?limit=3")
    rest = await ask(owner, "GET", f"/staff?limit=3&cursor={first['cursor']}")
    emails = [one["email"] for one in first["staff"] + rest["staff"]]
    assert emails == ["ada@example.org", "c0@example.org", "c1@example.org", "c2@example.org"]
    assert rest["cursor"] is None
    assert "argon2" not in str(first)


async def test_nobody_has_an_address_twice(house: House) -> None:
    owner = await came_in(house, role="owner")
    await join(house, "eve@example.org")
    answer = await ask(owner, "POST", "/staff", {"email": "EVE@example.org", "role": "agent"}, status=400)
    assert answer["errors"][0]["at"] == "email"
    await ask(owner, "PATCH", "/me", {"email": "Eve@Example.org"}, status=400)
    await ask(owner, "PATCH", "/me", {"email": "ADA@example.org"})
    for no_address in ("", "x", "a@", "@b", "a b@c.example", "a@b@c.example", "a@b..example", "a\n@b.example"):
        await ask(owner, "POST", "/staff", {"email": no_address, "role": "agent"}, status=400)


async def test_name_and_wishes_are_kept(house: House) -> None:
    browser = await came_in(house)
    wishes = {"locale": "es", "theme": "dark", "keys": False, "time_zone": "Europe/Madrid"}
    said = await ask(browser, "PATCH", "/me", {"name": "  Ada   L. ", "wishes": wishes})
    assert (said["colleague"]["name"], said["wishes"]) == ("Ada L.", wishes)
    assert (await ask(browser, "GET", "/session"))["locale"] == "es"
    await ask(browser, "PATCH", "/me", {"wishes": {"time_zone": "Mars/Olympus"}}, status=400)
    await ask(browser, "PATCH", "/me", {"name": ""}, status=400)


async def test_the_first_owner_is_made_once(house: House) -> None:
    new = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD, "company": "Larkspur"}
    async with house.client() as browser:
        before = await ask(browser, "GET", "/session")
        assert (before["state"], before["may_set_up"]) == ("setup", True)
        await ask(browser, "POST", "/setup", {**new, "password": "Larkspur 2026!"}, status=400)
        answers = await asyncio.gather(*(house.client().post("/api/v1/setup", json=new) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        said = await sign_in(browser, "ada@example.org")
        assert (said["role"], said["company"]) == ("owner", "Larkspur")
        await ask(browser, "POST", "/setup", {**new, "email": "eve@example.org"}, status=409)
    assert len(await house.rows("SELECT 1 FROM staff")) == 1


async def test_from_elsewhere_the_first_owner_needs_the_link_of_the_start(house: House) -> None:
    new = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD}
    async with house.client() as browser:
        browser.headers["x-forwarded-for"] = "198.51.100.7"
        assert (await ask(browser, "GET", "/session"))["may_set_up"] is False
        assert (await ask(browser, "GET", "/session?token=wrong"))["may_set_up"] is False
        link = house.runtime.link_token
        assert (await ask(browser, "GET", f"/session?token={link}"))["may_set_up"] is True
        await ask(browser, "POST", "/setup", new, status=403)
        await ask(browser, "POST", "/setup", {**new, "token": "wrong"}, status=403)
        assert (await ask(browser, "POST", "/setup", {**new, "token": link}))["state"] == "signed_in"
        assert (await ask(browser, "GET", "/session"))["company"] == ""


@pytest.mark.parametrize("role", ["owner", "manager", "marketer", "agent", "analyst", "developer"])
async def test_the_sandbox_lets_a_visitor_of_this_machine_in(house: House, role: str) -> None:
    async with house.client() as browser:
        assert (await ask(browser, "GET", "/session"))["may_enter"] is True
        said = await ask(browser, "POST", "/sandbox/enter", {"role": role})
        assert (said["state"], said["role"]) == ("signed_in", role)
        again = await ask(browser, "POST", "/sandbox/enter", {"role": role})
        assert again["colleague"]["id"] == said["colleague"]["id"]
        assert await access.find_session(house.database, token(house, browser)) is not None


async def test_the_sandbox_lets_in_nobody_from_elsewhere(house: House) -> None:
    async with house.client() as browser:
        browser.headers["x-forwarded-for"] = "198.51.100.7"
        assert (await ask(browser, "GET", "/session"))["may_enter"] is False
        await ask(browser, "POST", "/sandbox/enter", {"role": "owner"}, status=403)
    assert await house.rows("SELECT 1 FROM staff") == []


async def test_a_forgotten_password_tells_nothing_of_accounts(house: House) -> None:
    await join(house)
    async with house.client() as browser:
        known = await browser.post("/api/v1/password/forgot", json={"email": "ada@example.org"})
        unknown = await browser.post("/api/v1/password/forgot", json={"email": "nobody@example.org"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


async def test_nothing_of_this_is_for_a_program_with_a_key(house: House) -> None:
    staff: StaffId = await join(house)
    async with house.database.transaction() as tx:
        _, key = await access.create_key(tx, "k", "admin")
    async with httpx.AsyncClient(base_url=house.url, headers={"authorization": f"Bearer {key}"}) as program:
        await ask(program, "GET", "/me", status=403)
        await ask(program, "GET", "/staff", status=403)
        await ask(program, "POST", f"/staff/{staff}/link", status=403)
