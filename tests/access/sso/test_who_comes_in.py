"""Who comes in by single sign-on, and who does not, whatever a good provider says of them."""

from __future__ import annotations

from access.provider import open_provider
from access.sso.door import Door, problem


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
