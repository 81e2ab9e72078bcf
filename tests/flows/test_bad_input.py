"""Whatever is sent, the answer is a sentence with places; never a 500, never a traceback, and the house stands."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from flows.callers import Callers, needs
from flows.evil import NAMES, RAW, VALUES, each_field_spoiled, spoil, texts
from flows.house import House, house
from flows.samples import message, user
from scale import sized

RULE = {
    "all": [
        {"event": "seen", "within": "21d", "where": [{"property": "a", "op": "eq", "value": 1}]},
        {"not": {"segment": "base"}},
    ]
}
SEND = {
    "message": "base",
    "to": {"kind": "external_id", "value": user(1)},
    "purpose": "transactional",
    "idempotency_key": "k",
    "topic": "t",
    "variables": {"a": 1},
    "expires_in": "15m",
}
CAMPAIGN = {
    "name": "c",
    "message": "base",
    "segment": "base",
    "channels": ["email"],
    "topic": "t",
    "pilot": {"share": 0.2},
    "failover_on": "definite",
}
SMTP = {"name": "p", "adapter": "smtp", "settings": {"host": "127.0.0.1", "port": 25, "security": "none"}, "rank": 0}
QUIET_HOURS = {"start": "21:00", "end": "08:00"}
PEOPLE = [{"kind": "external_id", "value": "nobody"}]
STAGES = [{"name": "lost", "rule": {"event": "gone"}}, {"name": "new", "rule": RULE}]
PASSKEY = {"id": "AAAA", "rawId": "AAAA", "type": "public-key"}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/keys"): {"name": "k", "scope": "read"},
    ("POST", "/me/passkeys"): {
        "name": "Laptop",
        "credential": {**PASSKEY, "response": {"clientDataJSON": "AAAA", "attestationObject": "AAAA"}},
    },
    ("PATCH", "/me/passkeys/{passkey}"): {"name": "Laptop"},
    ("POST", "/session/passkey"): {
        "credential": {
            **PASSKEY,
            "response": {"clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA"},
        },
    },
    ("PUT", "/sso/{name}"): {
        "title": "Company",
        "issuer": "https://login.example.org",
        "client_id": "antiphon",
        "secret": "s",
        "domains": ["example.org"],
        "role": "analyst",
        "enabled": True,
        "trusted": False,
    },
    ("POST", "/session"): {"email": "jo@shop.example", "password": "tumbler-oak-93-fig"},
    ("POST", "/session/second-factor"): {"code": "123456"},
    ("POST", "/session/prove"): {"password": "tumbler-oak-93-fig", "code": "123456"},
    ("POST", "/setup"): {
        "name": "Jo",
        "email": "jo@shop.example",
        "password": "tumbler-oak-93-fig",
        "company": "Shop",
        "token": "x",
    },
    ("POST", "/sandbox/enter"): {"role": "owner"},
    ("POST", "/links/look"): {"token": "x"},
    ("POST", "/invitations/accept"): {"token": "x", "password": "tumbler-oak-93-fig", "name": "Jo"},
    ("POST", "/password/reset"): {"token": "x", "password": "tumbler-oak-93-fig"},
    ("POST", "/password/forgot"): {"email": "jo@shop.example"},
    ("PATCH", "/me"): {"name": "Jo", "email": "jo@shop.example", "wishes": {"locale": "fr", "theme": "dark"}},
    ("PUT", "/me/password"): {"password": "tumbler-oak-93-fig", "current": "lantern-pear-58-moss"},
    ("PUT", "/me/totp"): {"pending": "x", "code": "123456"},
    ("POST", "/staff"): {"email": "jo@shop.example", "role": "marketer", "name": "Jo"},
    ("PUT", "/sign-in-rule"): {"second_factor": "admins"},
    ("PATCH", "/staff/{staff}"): {"role": "analyst", "state": "left"},
    ("PUT", "/profiles/{who}/preferences"): {"topic": "t", "channel": "email", "state": "wanted"},
    ("POST", "/profiles/{who}/consents"): {
        "topic": "t",
        "channel": "email",
        "state": "wanted",
        "method": "form",
        "basis": "consent",
        "wording": "Yes, please.",
        "ip": "192.0.2.1",
        "at": "2026-01-01T00:00:00Z",
    },
    ("POST", "/profiles/{who}/double-opt-in"): {"topic": "t", "channel": "email", "wording": "Is it you?"},
    ("POST", "/profiles/{who}/merge"): {"with": "external_id:nobody", "dry_run": True},
    ("POST", "/profiles/{who}/unmerge"): {"identifiers": ["email:nobody@shop.example"], "number": "1", "dry_run": True},
    ("POST", "/profiles/{who}/apart"): {"from": "external_id:nobody"},
    ("POST", "/people/{who}/merge-preview"): {"with": "external_id:nobody"},
    ("POST", "/people"): {"identifiers": [{"kind": "email", "value": "new@shop.example"}], "traits": {"tier": "gold"}},
    ("PATCH", "/people/{who}/traits"): {"traits": {"tier": "gold", "old": None}},
    ("POST", "/people/{who}/identifiers"): {"kind": "phone", "value": "020 7946 0000", "region": "GB"},
    ("POST", "/people/{who}/suppress"): {
        "channel": "email",
        "value": "a@shop.example",
        "reason": "r",
        "scope": "marketing",
    },
    ("POST", "/people/{who}/restore"): {"channel": "email", "value": "a@shop.example", "reason": "r"},
    ("PUT", "/identity"): {"rules": {"phone": {"merges": True, "most": 10}}},
    ("PUT", "/topics"): {"name": "t", "titles": {"en": "T"}, "needs": "nothing", "channels": ["email"]},
    ("PUT", "/accounts/{key}"): {"traits": {"plan": "pro"}},
    ("PUT", "/imports/{import_id}/mapping"): {"map": {"identifiers": {"email": "email"}}, "mode": "upsert"},
    ("POST", "/segments"): {"name": "s", "rule": RULE},
    ("POST", "/segments/preview"): {"rule": RULE, "as_of": "2026-01-01T00:00:00Z"},
    ("POST", "/segments/words"): {"rule": RULE},
    ("PUT", "/segments/{segment}/draft"): {"rule": RULE},
    ("POST", "/segments/{segment}/revert"): {"version": 1},
    ("POST", "/segments/presets/{name}"): {"parameters": {"days": 21}},
    ("POST", "/lists"): {"name": "l"},
    ("PUT", "/lists/{segment}/members"): {"people": PEOPLE, "skip_unknown": True},
    ("DELETE", "/lists/{segment}/members"): {"people": PEOPLE, "skip_unknown": True},
    ("PUT", "/computed-traits/{name}"): {"event": "bought", "within": "90d", "of": "sum", "property": "total"},
    ("POST", "/ladders"): {"name": "way", "stages": STAGES},
    ("PUT", "/ladders/{ladder}"): {"stages": STAGES},
    ("POST", "/messages"): message("m", variants={"b": {"en": {"email": {"subject": "b"}}}}),
    ("POST", "/messages/lint"): message("m"),
    ("POST", "/messages/preview"): {
        "message": message("m"),
        "as": {"sample": True},
        "channel": "email",
        "locale": "en",
        "variant": "",
        "variables": {"code": "x"},
    },
    ("POST", "/messages/{message}/test"): {
        "to": ["email:nobody@shop.example"],
        "as": {"sample": True},
        "channel": "email",
        "locale": "en",
        "variant": "",
        "variables": {"code": "x"},
        "draft": False,
        "mark": True,
    },
    ("PUT", "/messages/{message}/draft"): {"document": message("m")},
    ("POST", "/messages/{message}/revert"): {"version": 1},
    ("PATCH", "/messages/{message}"): {"name": "base"},
    ("POST", "/messages/{message}/copy"): {"name": "another"},
    ("POST", "/messages/{message}/preview"): {
        "as": f"external_id:{user(1)}",
        "channel": "email",
        "locale": "en",
        "variant": "",
        "variables": {"code": "x"},
    },
    ("POST", "/providers"): {**SMTP, "per_second": 5, "unit_cost": 0.1, "weight": 1, "costs": {"GR": 0.1}},
    ("POST", "/providers/{provider}/test"): {"to": "nobody@shop.example", "text": "Hello"},
    ("POST", "/providers/check"): {"adapter": "smtp", "settings": SMTP["settings"], "provider": None},
    ("PUT", "/providers/{provider}"): {
        "rank": 1,
        "weight": 1,
        "per_second": 5,
        "unit_cost": 0.1,
        "costs": {"GR": 0.1},
        "warm_up": {"from": "2026-12-01", "per_day": [50, 100]},
        "settings": {"port": 26},
    },
    ("POST", "/send"): SEND,
    ("PUT", "/settings"): {
        "quiet_hours": QUIET_HOURS,
        "frequency_cap": {"count": 4, "within_s": 60},
        "timezone": "UTC",
    },
    ("PUT", "/settings/{setting}"): {"value": QUIET_HOURS},
    ("POST", "/campaigns"): CAMPAIGN,
    ("PATCH", "/campaigns/{campaign}"): {
        "launch_at": "2027-03-01T09:00:00Z",
        "send_at": {"best_hour": True, "within": "24h"},
        "throttle": {"per_minute": 60},
        "exclude": [],
        "priority": 1,
        "budget": 10.0,
        "cost_max": 0.1,
        "follow": {"campaign": "untouched", "unless": "opened"},
        "stop_above": {"complaints": 0.01, "bounces": 0.1, "opt_outs": None, "least": 100},
        "recall_s": 60,
        "expires_in": "24h",
    },
    ("POST", "/campaigns/{campaign}/copy"): {"name": "another"},
    ("POST", "/campaigns/{campaign}/dry-run"): {"limit": 10},
    ("POST", "/campaigns/{campaign}/shift"): {"channel": "email", "share": "rest", "undo_s": 0},
    ("POST", "/campaigns/{campaign}/shift/preview"): {"channel": "email", "share": "rest"},
    ("POST", "/sandbox/clock"): {"advance": "1s"},
    ("POST", "/sandbox/faults"): {"faults": [], "habits": {}},
    ("POST", "/sandbox/faults/{name}"): {"on": True, "for_s": 1},
}
KNOWN = {
    "key": "acme",
    "who": f"external_id:{user(1)}",
    "campaign": "base",
    "segment": "base",
    "message": "base",
    "act": "launch",
    "setting": "quiet_hours",
}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("bad-input")) as home:
        home.accounts()
        home.person(1, "email")
        home.post("/messages", message("base"))
        home.post("/segments", {"name": "base", "rule": {"event": "never"}})
        for name in ("base", "untouched"):
            home.campaign(name=name, message="base", segment="base", channels=["email"])
        yield home


@pytest.fixture(scope="module")
def callers(standing: House) -> Iterator[Callers]:
    found = Callers(standing)
    yield found
    found.close()


def filled(path: str, **names: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], KNOWN.get(found[1], "1")), path)


def judge(answer: httpx.Response, about: str) -> None:
    """Taken, or refused with a problem that says where."""
    assert answer.status_code < 500, f"{about}: {answer.status_code} {answer.text[:300]}"
    if answer.status_code >= 400:
        assert answer.headers["content-type"].startswith("application/problem+json"), about
        problem = answer.json()
        assert problem["status"] == answer.status_code, about
        assert all((problem["title"], problem["code"])), about
        if answer.status_code == 400:
            assert all({"at", "message"} <= error.keys() for error in problem.get("errors", [])), about
            assert not re.search(r"Traceback|antiphon\.\w", answer.text), about


def test_every_operation_that_takes_a_body_is_tried(standing: House) -> None:
    """A new one must be added here."""
    document = httpx.get(f"{standing.url}/api/openapi.json").json()
    found = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    }
    assert found == set(BODIES)


@pytest.mark.parametrize(("method", "path"), BODIES, ids=lambda part: part)
def test_bodies_that_are_no_json_are_refused(callers: Callers, method: str, path: str) -> None:
    for name, raw in RAW.items():
        headers = {"Content-Type": "application/json"}
        answer = callers.request(method, path, filled(path), content=raw, headers=headers)
        judge(answer, f"{method} {path} {name}")
        assert answer.status_code == 400, (name, answer.text)
    answer = callers.request(method, path, filled(path), content=b'{"a": "' + b"x" * 2_100_000 + b'"}')
    judge(answer, "too large")
    assert answer.status_code == 413


@pytest.mark.parametrize(("method", "path"), BODIES, ids=lambda part: part)
def test_every_field_spoiled_in_every_way(callers: Callers, method: str, path: str) -> None:
    for about, body in each_field_spoiled(BODIES[method, path]):
        headers = {"Content-Type": "application/json"}
        answer = callers.request(method, path, filled(path), content=texts(body), headers=headers)
        judge(answer, f"{method} {path} {about}")
        if about == "a field too many" and path != "/sandbox/faults":
            assert answer.status_code == 400, about
            assert any("surprise" in f"{error}" for error in answer.json()["errors"]), answer.text


def test_anything_anywhere(standing: House, callers: Callers) -> None:
    """Bodies spoiled inside, names that name nothing, parameters out of range: over every operation."""
    draw = random.Random(11)
    document = httpx.get(f"{standing.url}/api/openapi.json").json()
    tries = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for _ in range(sized(15, 40)):
                tries.append(one_try(draw, method.upper(), path.removeprefix("/api/v1"), operation))
    with ThreadPoolExecutor(4) as pool:
        for request, answer in zip(tries, pool.map(lambda kept: callers.request(**kept), tries), strict=True):
            judge(answer, str(request)[:600])
    assert standing.get("/health")["status"] == "ok"


def one_try(draw: random.Random, method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = operation.get("parameters", [])
    names = {one["name"]: draw.choice(NAMES) for one in parameters if one["in"] == "path" and draw.random() < 0.7}
    if path == "/keys/{key}" and names.get("key") == "1":
        names = {}  # the key that these tests ask with stays in force
    kept: dict[str, Any] = {"method": method, "template": path, "url": filled(path, **names)}
    asked = {one["name"]: str(draw.choice(VALUES))[:500] for one in parameters if one["in"] == "query"}
    kept["params"] = {name: value.encode("utf-8", "replace").decode() for name, value in asked.items()}
    if (method, path) in BODIES:
        kept["content"] = texts(spoil(BODIES[method, path], draw))
        kept["headers"] = {"Content-Type": "application/json"}
    return kept


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "place"),
    [
        (
            "POST",
            "/segments",
            {"name": "x", "rule": {"all": [{"event": "a", "within": "soon"}]}},
            400,
            "rule.all[0].within",
        ),
        ("POST", "/segments", {"name": "x", "rule": {"segment": "nowhere"}}, 400, "rule"),
        ("POST", "/segments", {"name": "base", "rule": {"event": "a"}}, 409, None),
        ("POST", "/messages", {"name": "x", "topic": "t", "locales": {}}, 400, "locales"),
        ("POST", "/messages", {**message("x"), "colour": 1}, 400, "colour"),
        ("POST", "/campaigns", {**CAMPAIGN, "message": "nowhere"}, 404, None),
        ("POST", "/campaigns", {**CAMPAIGN, "segment": "nowhere"}, 404, None),
        ("POST", "/campaigns", {**CAMPAIGN, "channels": ["email", "pigeon"]}, 400, "channels[1]"),
        ("POST", "/campaigns", {**CAMPAIGN, "pilot": {"share": 2}}, 400, "pilot.share"),
        ("POST", "/send", {**SEND, "message": "nowhere", "idempotency_key": "n"}, 404, None),
        ("POST", "/send", {**SEND, "purpose": "spam"}, 400, "purpose"),
        ("POST", "/send", {**SEND, "to": {"kind": "email", "value": "nobody"}}, 400, None),
        ("POST", "/send", {**SEND, "expires_in": "soon"}, 400, "expires_in"),
        ("PUT", "/settings", {"quiet_hours": {"start": "25:00", "end": "08:00"}}, 400, "quiet_hours.start"),
        ("PUT", "/settings", {"timezone": "Mars/Olympus"}, 400, "timezone"),
        ("PUT", "/settings", {"colour": "blue"}, 400, "colour"),
        (
            "PUT",
            f"/profiles/external_id:{user(1)}/preferences",
            {"topic": "t", "channel": "pigeon", "state": "wanted"},
            400,
            "channel",
        ),
        (
            "PUT",
            "/profiles/external_id:nobody/preferences",
            {"topic": "t", "channel": "sms", "state": "wanted"},
            404,
            None,
        ),
        ("POST", "/providers", {**SMTP, "adapter": "pigeon"}, 400, "adapter"),
        ("POST", "/providers", {**SMTP, "settings": {"host": 5}}, 400, "settings.host"),
        ("POST", "/providers", {**SMTP, "per_second": -1}, 400, "per_second"),
        ("POST", "/providers/999/enable", None, 404, None),
        ("POST", "/campaigns/nowhere/launch", None, 404, None),
        ("POST", "/campaigns/base/fly", None, 404, None),
        ("POST", "/campaigns/base/resume", None, 409, None),
        ("POST", "/campaigns/base/shift", {"channel": "email", "share": "half"}, 400, "share"),
        ("POST", "/sandbox/clock", {}, 400, None),
        ("POST", "/sandbox/clock", {"advance": "1d", "hold": True}, 400, None),
        ("POST", "/sandbox/clock", {"set": "2001-01-01T00:00:00Z"}, 409, None),
    ],
)
def test_the_answer_names_the_place(
    standing: House, method: str, path: str, body: Any, status: int, place: str | None
) -> None:
    answer = standing.api.request(method, path, json=body)
    judge(answer, path)
    assert answer.status_code == status, answer.text
    if place is not None:
        assert place in [error["at"] for error in answer.json()["errors"]], answer.text


def test_a_campaign_is_launched_once(standing: House) -> None:
    number = standing.campaign(name="once", message="base", segment="base", channels=["email"])
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: standing.api.post(f"/campaigns/{number}/launch"), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 15
    standing.wait_for(number, "done")
    for act in ("launch", "pause", "resume", "cancel"):
        answer = standing.api.post(f"/campaigns/{number}/{act}")
        judge(answer, act)
        assert answer.status_code == 409, (act, answer.text)


def test_without_a_key_nothing_is_told(standing: House) -> None:
    document = httpx.get(f"{standing.url}/api/openapi.json").json()
    keys = ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {standing.write_key}"})
    with httpx.Client(base_url=standing.url) as stranger:
        for path, operations in document["paths"].items():
            for method in operations:
                if needs()[method.upper(), path.removeprefix("/api/v1")] == "public":
                    continue
                answers = [stranger.request(method, filled(path), headers=key) for key in keys]
                assert [answer.status_code for answer in answers] == [401, 401, 403], (path, answers[2].text)


def test_bad_events_do_not_cost_their_batch(standing: House) -> None:
    good = {"type": "track", "userId": user(2), "event": "good"}
    odd: list[Any] = [{**good, "event": value} for value in VALUES if value not in ("1", "-1", "null", "💥")]
    nobody: tuple[Any, ...] = (None, "", [], {})
    odd += [{**good, "userId": value, "event": "of nobody"} for value in nobody]
    odd += [1, None, "x", [], {}]
    answer = standing.segment.post("/batch", content=texts({"batch": [good, *odd[: len(odd) // 2], good]}))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    answer = standing.segment.post("/batch", content=texts({"batch": [*odd[len(odd) // 2 :], good]}))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    names = [row["name"] for row in standing.pages(f"/profiles/external_id:{user(2)}/events", "events")]
    assert names.count("good") == 3
    assert standing.get("/events/refused", limit=200)[0]["flaws"][0]["message"]


def test_bad_calls_to_the_segment_api_are_refused(standing: House) -> None:
    for name, raw in RAW.items():
        for path in ("/batch", "/track", "/identify", "/page", "/screen", "/group", "/alias"):
            answer = standing.segment.post(path, content=raw)
            usual = 400 if path == "/batch" or name not in ("NaN",) else 200
            assert answer.status_code == usual, (path, name, answer.text)
    large = texts({"batch": [{"type": "track", "userId": "u", "event": "e", "properties": {"p": "x" * 500_000}}]})
    assert standing.segment.post("/batch", content=large).status_code == 400
    packed = {"Content-Encoding": "gzip"}
    assert standing.segment.post("/batch", content=b"no gzip", headers=packed).status_code == 400
    bomb = gzip.compress(b"[" * 50_000_000, 9)
    assert standing.segment.post("/batch", content=bomb, headers=packed).status_code == 400
    assert httpx.post(f"{standing.url}/v1/batch", json={"batch": []}).status_code == 401
    assert httpx.get(f"{standing.url}/v1/batch", auth=(standing.write_key, "")).status_code == 405


@pytest.mark.parametrize("page", ["c", "u", "o", "p", "d"])
def test_links_that_nobody_made_lead_nowhere(standing: House, page: str) -> None:
    with httpx.Client() as reader:
        for name in [*NAMES, "AAAA.gif", "A" * 43]:
            for method in ("GET", "POST"):
                answer = reader.request(method, f"{standing.url}/{page}/{name}", follow_redirects=False)
                assert answer.status_code in (200, 400, 404, 405), (name, answer.status_code)
                assert answer.status_code != 200 or answer.headers["content-type"] == "image/gif", name


def test_the_live_socket_says_what_it_does_not_understand(standing: House) -> None:
    with standing.live() as live:
        for said in ("", "{", "[]", '{"sub": 1}', '{"sub": ["campaign:999"]}', '{"sub": ["nothing:"]}'):
            live.send(said)
            assert "error" in json.loads(live.recv(timeout=5)), said
        live.send(json.dumps({"sub": ["campaign:base"]}))
        assert "snapshot" in json.loads(live.recv(timeout=5))
