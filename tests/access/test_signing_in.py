"""Signing in: by password, by a second step, and what the answers tell whoever guesses."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import pytest_asyncio

from access.serving import House, open_house
from access.staffed import ANOTHER, PASSWORD, ask, came_in, join, next_code, sign_in, token, with_codes
from antiphon import access
from antiphon.access import http, http_links, http_me, http_staff, passwords, throttle, totp
from antiphon.kernel.db import Database


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with open_house(database) as opened:
        yield opened


async def test_who_signs_in_is_told_who_they_are_and_what_they_may(house: House) -> None:
    await join(house, "Ada@Example.org")
    async with house.client() as browser:
        assert (await ask(browser, "GET", "/session"))["state"] == "signed_out"
        said = await sign_in(browser, " ada@EXAMPLE.org ")
        assert (said["state"], said["role"], said["colleague"]["email"]) == ("signed_in", "marketer", "Ada@Example.org")
        assert "campaigns.launch" in said["permissions"]
        assert "team.write" not in said["permissions"]
        assert await ask(browser, "GET", "/session") == said
        assert (await ask(browser, "GET", "/me"))["colleague"]["id"] == said["colleague"]["id"]


async def test_the_cookie_is_for_this_browser_and_no_script(house: House) -> None:
    await join(house)
    async with house.client() as browser:
        answer = await browser.post("/api/v1/session", json={"email": "ada@example.org", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("antiphon=")
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "domain" not in cookie
    assert answer.headers["cache-control"] == "no-store"


async def test_signing_out_ends_the_session_and_not_only_the_cookie(house: House) -> None:
    browser = await came_in(house)
    held = token(house, browser)
    await ask(browser, "DELETE", "/session", status=204)
    assert await access.find_session(house.database, held) is None
    assert (await ask(browser, "GET", "/session"))["state"] == "signed_out"
    await ask(browser, "GET", "/me", status=401)
    await ask(browser, "DELETE", "/session", status=204)


async def test_signing_in_again_leaves_no_session_behind(house: House) -> None:
    browser = await came_in(house)
    before = token(house, browser)
    await sign_in(browser, "ada@example.org")
    assert token(house, browser) != before
    assert await access.find_session(house.database, before) is None


async def test_a_page_of_another_site_signs_nobody_in(house: House) -> None:
    await join(house)
    async with house.client() as browser:
        browser.headers["origin"] = "https://evil.example"
        await sign_in(browser, "ada@example.org", status=403)


async def test_unknown_wrong_left_invited_and_without_a_password_sound_the_same(house: House) -> None:
    await join(house, "here@example.org")
    await join(house, "left@example.org", state="left")
    await join(house, "invited@example.org", state="invited")
    await house.rows("UPDATE staff SET password = NULL WHERE id = $1", await join(house, "sso@example.org"))
    answers = []
    async with house.client() as browser:
        for name in ("here", "left", "invited", "sso", "nobody"):
            given = {"email": f"{name}@example.org", "password": ANOTHER if name == "here" else PASSWORD}
            answer = await browser.post("/api/v1/session", json=given)
            answers.append((answer.status_code, answer.content, sorted(answer.headers)))
    assert answers == [answers[0]] * 5
    assert answers[0][0] == 401


async def test_nobody_takes_as_long_as_somebody(house: House) -> None:
    await join(house)

    async def takes(email: str) -> float:
        started = time.perf_counter()
        async with house.client() as browser:
            await sign_in(browser, email, ANOTHER, status=401)
        await house.rows("DELETE FROM sign_in_throttle")
        return time.perf_counter() - started

    await takes("warm@example.org")
    known, unknown = [], []
    for n in range(7):
        known.append(await takes("ada@example.org"))
        unknown.append(await takes(f"nobody{n}@example.org"))
    ratio = statistics.median(unknown) / statistics.median(known)
    assert 0.6 < ratio < 1.6, (known, unknown)


async def test_after_five_wrong_ones_the_right_one_waits_too_and_is_told_how_long(house: House) -> None:
    here = await came_in(house)
    async with house.client() as browser:
        for _ in range(throttle.FREE):
            await sign_in(browser, "ada@example.org", ANOTHER, status=401)
        answer = await browser.post("/api/v1/session", json={"email": "ADA@example.org", "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (429, "too_often")
        assert 0 < int(answer.headers["retry-after"]) <= 30
        await ask(here, "GET", "/me")  # whoever is signed in stays so
        await ask(here, "POST", "/session/prove", {"password": PASSWORD})
        await house.rows("UPDATE sign_in_throttle SET until = until - interval '31 seconds'")
        await sign_in(browser, "ada@example.org")
        await sign_in(browser, "ada@example.org", ANOTHER, status=401)


async def test_an_unknown_account_is_throttled_like_a_known_one(house: House) -> None:
    async with house.client() as browser:
        for _ in range(throttle.FREE):
            await sign_in(browser, "nobody@example.org", status=401)
        await sign_in(browser, "nobody@example.org", status=429)


async def test_guesses_at_once_are_no_more_than_guesses_in_a_row(house: House) -> None:
    await join(house)
    async with house.client() as browser:
        given = {"email": "ada@example.org", "password": ANOTHER}
        answers = await asyncio.gather(*(browser.post("/api/v1/session", json=given) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15


async def test_a_password_hashed_more_weakly_is_hashed_anew(house: House) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    await house.rows("UPDATE staff SET password = $2 WHERE id = $1", await join(house), old)
    async with house.client() as browser:
        await sign_in(browser, "ada@example.org")
        kept = (await house.rows("SELECT password FROM staff"))[0]["password"]
        assert not passwords.is_outdated(kept)
        await sign_in(browser, "ada@example.org")


async def test_a_session_that_waits_for_its_code_may_do_nothing_else(house: House) -> None:
    """Every route that asks who it is says 401, whatever the role."""
    await with_codes(await came_in(house, role="owner"))
    routes = [route for part in (http, http_links, http_me, http_staff) for route in part.routes]
    async with house.client() as browser:
        said = await sign_in(browser, "ada@example.org")
        assert (said["state"], said["second_factors"]) == ("second_factor", ["totp", "recovery"])
        assert (said["colleague"], said["permissions"], said["role"]) == (None, [], None)
        tried = 0
        for route in routes:
            if route.opt["permission"] == "public":
                continue
            path = next(iter(route.paths)).replace("{session:str}", "1").replace("{staff:str}", "1")
            for method in route.http_methods - {"OPTIONS", "HEAD"}:
                answer = await browser.request(method, f"/api/v1{path}", json={})
                assert answer.status_code == 401, (method, path, answer.text)
                tried += 1
        assert tried > 15
        await ask(browser, "GET", "/segments", status=401)


async def test_the_code_ends_the_waiting_and_works_once(house: House) -> None:
    app, _ = await with_codes(await came_in(house))
    async with house.client() as first, house.client() as second:
        await sign_in(first, "ada@example.org")
        await sign_in(second, "ada@example.org")
        waiting, code = token(house, first), next_code(app)
        said = await ask(first, "POST", "/session/second-factor", {"code": code})
        assert said["state"] == "signed_in"
        assert token(house, first) != waiting
        assert await access.find_session(house.database, waiting, even_waiting=True) is None
        await ask(second, "POST", "/session/second-factor", {"code": code}, status=401)
        listed = (await ask(first, "GET", "/me/sessions"))["sessions"]
        assert next(one["factors"] for one in listed if one["current"]) == ["password", "totp"]


async def test_the_code_that_set_it_up_signs_nobody_in(house: House) -> None:
    app, _ = await with_codes(await came_in(house))
    async with house.client() as browser:
        await sign_in(browser, "ada@example.org")
        await ask(browser, "POST", "/session/second-factor", {"code": app.now()}, status=401)


async def test_of_two_at_once_with_one_code_one_comes_in(house: House) -> None:
    app, recovery = await with_codes(await came_in(house))
    for code in (next_code(app), recovery[0]):
        browsers = [house.client() for _ in range(4)]
        for browser in browsers:
            await sign_in(browser, "ada@example.org")
        given = {"code": code}
        answers = await asyncio.gather(*(one.post("/api/v1/session/second-factor", json=given) for one in browsers))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
        await house.rows("DELETE FROM sign_in_throttle")


async def test_a_recovery_code_stands_in_however_it_is_typed_and_only_once(house: House) -> None:
    _, recovery = await with_codes(await came_in(house))
    assert len(set(recovery)) == 10
    assert {len(code.replace("-", "")) * 5 for code in recovery} == {120}, "random bits in base32"
    async with house.client() as browser:
        await sign_in(browser, "ada@example.org")
        typed = recovery[3].upper().replace("-", " ")
        await ask(browser, "POST", "/session/second-factor", {"code": typed})
        assert (await ask(browser, "GET", "/me"))["recovery_codes"] == 9
        await sign_in(browser, "ada@example.org")
        await ask(browser, "POST", "/session/second-factor", {"code": recovery[3]}, status=401)
    kept = str([dict(row) for row in await house.rows("SELECT * FROM staff")])
    assert recovery[0].replace("-", "") not in kept


async def test_wrong_codes_are_throttled_however_often_the_password_is_given(house: House) -> None:
    await with_codes(await came_in(house))
    statuses = []
    async with house.client() as browser:
        for n in range(7):
            await sign_in(browser, "ada@example.org")
            answer = await browser.post("/api/v1/session/second-factor", json={"code": f"{n:06}"})
            statuses.append(answer.status_code)
    assert statuses == [401] * 5 + [429] * 2


async def test_ten_minutes_after_the_password_the_code_is_too_late(house: House) -> None:
    app, _ = await with_codes(await came_in(house))
    async with house.client() as browser:
        await sign_in(browser, "ada@example.org")
        await house.rows("UPDATE staff_session SET ends_at = ends_at - interval '10 minutes' WHERE waiting")
        await ask(browser, "POST", "/session/second-factor", {"code": next_code(app)}, status=401)


@pytest.mark.parametrize("late", [-3, -2, -1, 0, 1, 2, 3])
def test_the_step_before_and_the_one_after_count(late: int) -> None:
    secret, at = pyotp.random_base32(), 1_700_000_017
    step = at // totp.STEP_S + late
    code = pyotp.TOTP(secret).generate_otp(step)
    assert totp.step_of(secret, code, after=0, at=at) == (step if abs(late) <= 1 else None)
    assert totp.step_of(secret, code, after=step, at=at) is None


def test_codes_are_those_of_the_rfc() -> None:
    """RFC 6238, appendix B (SHA-1), the last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for at, code in {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}.items():
        assert totp.step_of(secret, code, after=0, at=at) == at // 30


async def test_the_secret_is_sealed_and_opens_for_its_owner_alone(house: House) -> None:
    mine, theirs = await came_in(house), await came_in(house, "eve@example.org")
    begun = await ask(mine, "POST", "/me/totp")
    assert begun["uri"].startswith("otpauth://totp/Antiphon:ada")
    assert begun["qr"].startswith("data:image/svg+xml")
    first: dict[str, Any] = {"pending": begun["pending"], "code": pyotp.TOTP(begun["secret"]).now()}
    await ask(theirs, "PUT", "/me/totp", first, status=400)
    await ask(mine, "PUT", "/me/totp", {**first, "code": "000000"}, status=400)
    await ask(mine, "PUT", "/me/totp", first)
    kept = str([dict(row) for row in await house.rows("SELECT * FROM staff")])
    assert begun["secret"] not in kept
    await house.rows("UPDATE staff SET totp = (SELECT totp FROM staff WHERE totp IS NOT NULL)")
    async with house.client() as browser:
        await sign_in(browser, "eve@example.org")
        answer = await browser.post("/api/v1/session/second-factor", json={"code": first["code"]})
        assert answer.status_code == 500


GRAVE: list[tuple[str, str, Any]] = [
    ("DELETE", "/me/sessions", None),
    ("DELETE", "/me/sessions/1", None),
    ("PATCH", "/me", {"email": "new@example.org"}),
    ("POST", "/me/totp", None),
    ("DELETE", "/me/totp", None),
    ("POST", "/me/recovery-codes", None),
    ("POST", "/me/passkeys/options", None),
    ("POST", "/staff", {"email": "o@example.org", "role": "owner"}),
    ("PATCH", "/staff/{other}", {"role": "owner"}),
    ("POST", "/staff/{other}/link", None),
    ("DELETE", "/staff/{other}/second-factor", None),
    ("PUT", "/sign-in-rule", {"second_factor": "everybody"}),
]


@pytest.mark.parametrize(("method", "path", "body"), GRAVE, ids=[f"{method} {path}" for method, path, _ in GRAVE])
async def test_what_is_grave_wants_a_proof_of_the_last_quarter_of_an_hour(
    house: House, method: str, path: str, body: Any
) -> None:
    browser = await came_in(house, role="owner")
    await with_codes(browser)
    path = path.replace("{other}", str(await join(house, "other@example.org")))
    await house.age_proofs(timedelta(minutes=15, seconds=1))
    answer = await browser.request(method, f"/api/v1{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "prove_again")
    await ask(browser, "POST", "/session/prove", {"password": ANOTHER}, status=400)
    await ask(browser, "POST", "/session/prove", {"code": "123456"}, status=400)
    await ask(browser, "POST", "/session/prove", {"password": PASSWORD})
    answer = await browser.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code < 300 or answer.json()["code"] == "needs_domain", answer.text
