"""Passkeys in a real browser with a virtual device (Chromium, CDP WebAuthn), and answers that nobody should take."""

from __future__ import annotations

import asyncio
import base64
import http.server
import json
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
import structlog

from access.serving import MAKE, Browser, House, open_browser, open_house
from antiphon import access
from antiphon.access import passkeys, sessions
from antiphon.kernel.db import Database


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with open_house(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    async with open_browser(house) as opened:
        yield opened


async def with_passkey(house: House, browser: Browser, email: str = "ada@example.org") -> access.StaffId:
    """A colleague who has made a passkey in this browser and has signed out."""
    staff = await house.colleague(email)
    await browser.enter(await house.opened(staff))
    await browser.make_passkey()
    await browser.page.context.clear_cookies()
    return staff


async def session_of(house: House, browser: Browser) -> access.Session:
    found = await access.find_session(house.database, await browser.token())
    assert found is not None
    return found[1]


async def test_who_made_a_passkey_signs_in_with_nothing_typed_and_with_two_factors(
    house: House, browser: Browser
) -> None:
    staff = await with_passkey(house, browser)
    assert await browser.sign_in() == {"state": "signed_in", "name": "ada@example.org"}
    session = await session_of(house, browser)
    assert (session.staff, session.factors, session.waiting) == (staff, ("passkey",), False)
    (kept,) = await browser.ask("GET", "/me/passkeys")
    assert kept["name"] == "Laptop"
    assert kept["used_at"] is not None


async def test_after_a_password_the_own_passkey_is_the_second_factor(house: House, browser: Browser) -> None:
    await with_passkey(house, browser, "ben@example.org")
    staff = await with_passkey(house, browser)
    waiting = await house.opened(staff, "password", waiting=True)
    await browser.enter(waiting)
    options = await browser.asking()
    assert len(options["allowCredentials"]) == 1, "theirs, not Ben's"
    await browser.ask("POST", "/session/passkey", await browser.sign(options))
    session = await session_of(house, browser)
    assert (session.staff, session.factors, session.waiting) == (staff, ("password", "passkey"), False)
    assert await access.find_session(house.database, waiting.token) is None
    assert await sessions.find_session(house.database, waiting.token, even_waiting=True) is None


async def test_a_passkey_of_somebody_else_is_no_second_factor(house: House, browser: Browser) -> None:
    await with_passkey(house, browser, "ben@example.org")
    ada = await house.colleague()
    await browser.enter(await house.opened(ada, "password", waiting=True))
    options = await browser.asking()
    answer = await browser.sign({**options, "allowCredentials": []})
    said = await browser.ask("POST", "/session/passkey", answer, status=401)
    assert said["title"] == "This passkey belongs to somebody else."
    await browser.ask("GET", "/me/passkeys", status=401)


async def test_who_is_signed_in_proves_it_anew_and_stays_in_the_same_session(house: House, browser: Browser) -> None:
    staff = await with_passkey(house, browser)
    opened = await house.opened(staff)
    await browser.enter(opened)
    await house.age_proofs(sessions.FRESH + timedelta(minutes=1))
    assert (await browser.ask("POST", "/me/passkeys/options", status=403))["code"] == "prove_again"
    assert (await browser.sign_in())["state"] == "proved"
    session = await session_of(house, browser)
    assert (session.id, session.factors) == (opened.session.id, ("password", "passkey"))
    await browser.making()


async def test_an_answer_counts_once(house: House, browser: Browser) -> None:
    await with_passkey(house, browser)
    answer = await browser.sign(await browser.asking())
    async with house.client() as client:
        statuses = [(await client.post("/api/v1/session/passkey", json=answer)).status_code for _ in range(2)]
        assert statuses == [200, 401]
        fresh = (await client.post("/api/v1/session/passkey/options")).json()["options"]
        answer = await browser.sign(fresh)
        at_once = await asyncio.gather(*(client.post("/api/v1/session/passkey", json=answer) for _ in range(5)))
    assert sorted(one.status_code for one in at_once) == [200, 401, 401, 401, 401]


async def test_a_question_that_was_not_ours_or_is_over_gets_nobody_in(house: House, browser: Browser) -> None:
    staff = await with_passkey(house, browser)
    ours = await browser.asking()
    theirs = {**ours, "challenge": base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()}
    await browser.ask("POST", "/session/passkey", await browser.sign(theirs), status=401)
    await house.rows("UPDATE sign_in_begun SET ends_at = created_at")
    await browser.ask("POST", "/session/passkey", await browser.sign(ours), status=401)
    await browser.enter(await house.opened(staff))
    making = await browser.making()
    await browser.page.context.clear_cookies()
    crossed = await browser.sign({**ours, "challenge": making["challenge"]})
    await browser.ask("POST", "/session/passkey", crossed, status=401)


async def test_what_a_page_of_another_origin_got_signed_is_worth_nothing(house: House, browser: Browser) -> None:
    """Another port of the same host: the browser itself allows it, for the domain is the same."""
    await with_passkey(house, browser)
    options = await browser.asking()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        await browser.page.goto(f"http://localhost:{other.server_port}/")
        answer = await browser.sign(options)
        other.shutdown()
    async with house.client() as client:
        assert (await client.post("/api/v1/session/passkey", json=answer)).status_code == 401


async def test_a_device_that_did_not_ask_who_is_there_is_refused(house: House, browser: Browser) -> None:
    await with_passkey(house, browser)
    await browser.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": browser.device, "isUserVerified": False})
    options = await browser.asking()
    assert options["userVerification"] == "required"
    answer = await browser.sign({**options, "userVerification": "discouraged"})
    await browser.ask("POST", "/session/passkey", answer, status=401)


async def test_a_removed_passkey_and_one_of_who_has_left_open_nothing(house: House, browser: Browser) -> None:
    staff = await with_passkey(house, browser)
    await house.rows("UPDATE staff SET state = 'left' WHERE id = $1", staff)
    assert (await browser.sign_in(status=401))["code"] == "unknown_passkey"
    await house.rows("UPDATE staff SET state = 'active' WHERE id = $1", staff)
    await browser.sign_in()
    (kept,) = await browser.ask("GET", "/me/passkeys")
    await browser.ask("DELETE", f"/me/passkeys/{kept['id']}", status=204)
    await browser.page.context.clear_cookies()
    assert (await browser.sign_in(status=401))["code"] == "unknown_passkey"


async def test_a_copy_of_a_device_is_found_out_and_told(house: House, browser: Browser) -> None:
    """The count that the device signs has stood higher already: somebody else has used the same key."""
    staff = await with_passkey(house, browser)
    await house.rows("UPDATE passkey SET sign_count = 1000")
    with structlog.testing.capture_logs() as logs:
        await browser.sign_in(status=401)
    assert {"event": "passkey.copied", "staff": staff, "log_level": "warning"} in logs


async def test_a_passkey_is_renamed_and_removed_by_its_owner_alone(house: House, browser: Browser) -> None:
    ben, ada = await with_passkey(house, browser, "ben@example.org"), await house.colleague()
    async with house.client(await house.opened(ben)) as client:
        (kept,) = (await client.get("/api/v1/me/passkeys")).json()
    path = f"/api/v1/me/passkeys/{kept['id']}"
    async with house.client(await house.opened(ada)) as client:
        assert (await client.get("/api/v1/me/passkeys")).json() == []
        assert (await client.patch(path, json={"name": "Mine"})).status_code == 404
        assert (await client.delete(path)).status_code == 404
    async with house.client(await house.opened(ben)) as client:
        assert (await client.patch(path, json={"name": " Key  ring "})).json()["name"] == "Key ring"
        assert (await client.patch(path, json={"name": "  "})).json()["errors"][0]["at"] == "name"


async def test_the_only_way_in_is_not_removed(house: House, browser: Browser) -> None:
    staff = await with_passkey(house, browser)
    await house.rows("UPDATE staff SET password = NULL")
    async with house.client(await house.opened(staff)) as client:
        (kept,) = (await client.get("/api/v1/me/passkeys")).json()
        path = f"/api/v1/me/passkeys/{kept['id']}"
        answer = await client.delete(path)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        await house.rows("UPDATE staff SET password = 'x'")
        assert (await client.delete(path)).status_code == 204


async def test_a_device_makes_one_passkey_and_only_for_who_asked(house: House, browser: Browser) -> None:
    playwright_error = pytest.importorskip("playwright.async_api").Error
    ada, ben = await house.colleague(), await house.colleague("ben@example.org")
    await browser.enter(await house.opened(ada))
    await browser.make_passkey()
    again = await browser.making()
    assert len(again["excludeCredentials"]) == 1
    with pytest.raises(playwright_error, match="InvalidStateError"):
        await browser.page.evaluate(MAKE, again)
    made = await browser.page.evaluate(
        MAKE, {**again, "excludeCredentials": [], "user": {**again["user"], "id": "AAAA"}}
    )
    await browser.enter(await house.opened(ben))
    said = await browser.ask("POST", "/me/passkeys", {"name": "Ada's", "credential": made}, status=400)
    assert said["errors"][0]["at"] == "credential"
    assert await browser.ask("GET", "/me/passkeys") == []


async def test_garbage_is_refused_with_a_sentence(house: House) -> None:
    staff = await house.colleague()

    def text(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    async with house.client(await house.opened(staff)) as client:
        challenge = (await client.post("/api/v1/me/passkeys/options")).json()["options"]["challenge"]
        data = {"type": "webauthn.create", "challenge": challenge, "origin": house.url}
        wrong = [
            text([]),
            text(None),
            text({}),
            text({**data, "challenge": 3}),
            text({**data, "tokenBinding": []}),
            "A",
        ]
        for client_data in (*wrong, text(data)):
            made = {"clientDataJSON": client_data, "attestationObject": "oWNhYmM"}
            body = {"name": "x", "credential": {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": made}}
            answer = await client.post("/api/v1/me/passkeys", json=body)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), client_data
            signed = {"clientDataJSON": client_data, "authenticatorData": "AA", "signature": "AA", "userHandle": "A"}
            body = {"credential": {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": signed}}
            answer = await client.post("/api/v1/session/passkey", json=body)
            assert answer.status_code in (400, 401), client_data


@pytest.mark.parametrize(
    ("base_url", "host", "site"),
    [
        ("https://talk.example.org", "talk.example.org", ("talk.example.org", "https://talk.example.org")),
        ("https://talk.example.org:8443", "x", ("talk.example.org", "https://talk.example.org:8443")),
        ("https://talk.example.org:443", "x", ("talk.example.org", "https://talk.example.org")),
        ("http://127.0.0.1:8080", "localhost:8080", ("localhost", "http://localhost:8080")),
        ("http://localhost:8080", "localhost:8080", ("localhost", "http://localhost:8080")),
    ],
)
def test_a_passkey_is_made_for_the_name_under_which_the_app_is_open(
    base_url: str, host: str, site: tuple[str, str]
) -> None:
    assert passkeys.site_of(base_url, host=host) == passkeys.Site(*site)


@pytest.mark.parametrize(
    ("base_url", "host", "says"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "open http://localhost:8080/app/ instead"),
        ("http://127.0.0.1:8080", "[::1", "open http://localhost:8080/app/ instead"),
        ("http://192.0.2.7:8080", "192.0.2.7:8080", "--base-url https://NAME"),
        ("https://[2001:db8::7]", "[2001:db8::7]", "--base-url https://NAME"),
        ("http://talk.example.org", "talk.example.org", "https only"),
    ],
)
def test_where_browsers_keep_no_passkeys_it_is_said_what_to_do(base_url: str, host: str, says: str) -> None:
    with pytest.raises(passkeys.NeedsDomain, match=says):
        passkeys.site_of(base_url, host=host)
