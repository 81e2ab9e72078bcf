"""The audit log: every change leaves a line that cannot be changed, and no line holds a secret or an address."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from access.gatehouse import FROM_OURS, asking, cookie, key, lines
from antiphon import access, profiles
from antiphon.access import audit
from antiphon.access.records import AuditAct
from antiphon.kernel.db import Database
from antiphon.kernel.principal import Principal
from antiphon.kernel.records import Identifier

ADA = Principal("staff", 1, "Ada", frozenset(), 7)


async def test_a_change_is_written_with_who_what_where_and_how_it_ended(database: Database) -> None:
    async with asking(database) as client:
        owner = await cookie(database, "owner")
        answer = await client.put("/api/v1/settings", json={"timezone": "UTC"}, headers=owner | FROM_OURS)
        assert answer.status_code == 200
        await client.post("/api/v1/campaigns/nothing/launch", headers=owner | FROM_OURS)
    changed, launched = await lines(database)
    assert (changed["actor_kind"], changed["actor"], changed["act"]) == ("staff", "Ada owner", "settings.change")
    assert (changed["detail"], changed["status"], changed["address"]) == ({"timezone": "UTC"}, 200, "127.0.0.1")
    assert changed["session_id"] is not None
    assert (launched["act"], launched["target"], launched["status"]) == ("campaigns.launch", "campaign:nothing", 404)


async def test_looking_and_the_traffic_of_programs_leave_no_line(database: Database) -> None:
    async with asking(database) as client:
        admin = await key(database, "admin")
        for path in ("/settings", "/segments", "/sandbox/clock", "/profiles/external_id:1"):
            await client.get(f"/api/v1{path}", headers=admin)
        await client.post("/api/v1/segments/preview", json={"rule": {"event": "seen"}}, headers=admin)
        await client.post("/api/v1/send", json={"message": "m"}, headers=admin)
    assert await lines(database) == []


async def test_looking_at_all_that_is_known_of_a_person_leaves_one(database: Database) -> None:
    async with asking(database) as client:
        await client.get("/api/v1/profiles/external_id:42/export", headers=await key(database, "admin"))
    (line,) = await lines(database)
    assert (line["act"], line["target"], line["status"]) == ("profiles.export", "who:external_id:…", 404)


async def test_what_is_refused_at_the_door_leaves_no_line_and_what_is_not_valid_does(database: Database) -> None:
    async with asking(database) as client:
        reader, admin = await key(database, "read"), await key(database, "admin")
        await client.put("/api/v1/settings", json={"timezone": "UTC"}, headers=reader)
        await client.put("/api/v1/settings", content=b"{", headers=admin)
    (line,) = await lines(database)
    assert (line["status"], line["actor"]) == (400, "a admin key")


@pytest.mark.parametrize(
    "who", ["email:jo@shop.example", "phone:+447400000301", "external_id:jo@shop.example", "jo@shop.example",
            "webpush:https://push.example/jo", "EMAIL:jo@shop.example", "external_id:+44 7400 000301",
            "external_id:customer jo@", "anonymous_id:jo@"],
)  # fmt: skip
async def test_erasing_somebody_leaves_no_address_of_theirs_in_the_log(database: Database, who: str) -> None:
    async with asking(database) as client:
        admin = await key(database, "admin")
        where = f"/api/v1/profiles/{who.replace('/', '%2F').replace('+', '%2B')}"
        body = {"topic": "jo@shop.example", "channel": "email", "state": "wanted"}
        await client.put(f"{where}/preferences", json=body, headers=admin)
        await client.post(f"{where}/merge", json={"with": "email:jo@shop.example"}, headers=admin)
        await client.delete(f"{where}?dry_run=true&q=jo@shop.example", headers=admin)
    told = await lines(database)
    text = str([(line["target"], line["detail"]) for line in told])  # times hold any digits
    assert len(told) == 3
    assert all(piece not in text for piece in ("jo@", "7400", "push.example"))
    assert "'dry_run': 'true'" in text


async def test_a_person_is_told_by_the_houses_own_number(database: Database) -> None:
    async with asking(database) as client:
        admin = await key(database, "admin")
        number = await database.repeat(lambda tx: profiles.find_or_make(tx, Identifier("external_id", "customer/17")))
        for who in ("external_id:customer%2F17", f"id:{number}"):
            await client.delete(f"/api/v1/profiles/{who}?dry_run=true", headers=admin)
        await client.delete("/api/v1/profiles/external_id:customer%2F17", headers=admin)
    told = {(line["act"], line["target"]) for line in await lines(database)}
    assert told == {("profiles.delete", f"profile:{number}")}


async def test_secrets_stay_out(database: Database) -> None:
    body = {
        "name": "mail",
        "adapter": "smtp",
        "rank": 1,
        "settings": {"password": "hunter2"},
        "password": "hunter2",
        "api_key": "hunter2",
        "webhook_url": "https://shop.example/hunter2",
        "sender_email": "hunter2@shop.example",
        "phone": "hunter2",
    }
    async with asking(database) as client:
        await client.post("/api/v1/providers", json=body, headers=await key(database, "admin"))
    (line,) = await lines(database)
    assert "hunter2" not in str(line)
    assert line["detail"] | {"name": "mail", "adapter": "smtp", "rank": 1} == line["detail"]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'"x"', b'{"a": 1e999}', b'{"a": 123456789012345678901234567890}',
     b'{"a": 1' + b"0" * 400 + b"}", b'{"a": -1' + b"0" * 5_000 + b"}", b'{"\\u0000": "\\u0000"}',
     b'{"a": "\xff"}', b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"' + b"x" * 50_000 + b'": 1}',
     json.dumps({f"k{n}": "v" * 1000 for n in range(1_500)}).encode()],
)  # fmt: skip
async def test_whatever_the_body_is_its_line_is_written_and_small(database: Database, body: bytes) -> None:
    async with asking(database) as client:
        headers = await key(database, "admin") | {"Content-Type": "application/json"}
        answer = await client.post("/api/v1/lists", content=body, headers=headers)
    assert answer.status_code == 400
    (line,) = await lines(database)
    assert line["status"] == 400
    assert len(str(line["detail"])) < 20_000


@pytest.mark.parametrize(
    ("method", "template", "act"),
    [
        ("POST", "/api/v1/campaigns", "campaigns.create"),
        ("POST", "/api/v1/campaigns/{campaign:str}/{act:str}", "campaigns.launch"),
        ("PUT", "/api/v1/segments/{segment:str}/draft", "segments.change_draft"),
        ("DELETE", "/api/v1/profiles/{who:str}", "profiles.delete"),
        ("GET", "/api/v1/profiles/{who:str}/export", "profiles.export"),
        ("POST", "/api/v1/profiles/{who:str}/consents", "profiles.create_consents"),
        ("POST", "/api/v1/profiles/{who:str}/double-opt-in", "profiles.double_opt_in"),
        ("POST", "/api/v1/identity/apply", "identity.apply"),
        ("PATCH", "/api/v1/campaigns/{campaign:str}", "campaigns.change"),
    ],
)
def test_an_act_has_a_name_by_its_path(method: str, template: str, act: str) -> None:
    assert audit.act_of(method, template, {"act": "launch"}) == act


def test_nobody_names_an_act_as_they_please() -> None:
    assert audit.act_of("POST", "/api/v1/campaigns/{c:str}/{act:str}", {"act": "x y\n"}) == "campaigns.act"


async def test_no_line_is_changed_or_deleted(database: Database) -> None:
    id = await audit.begin(database, AuditAct(ADA, "campaigns.launch", "campaign:1"))
    for statement in (
        "UPDATE audit SET target = 'other'",
        "UPDATE audit SET detail = '{\"a\": 1}', status = 200",
        "DELETE FROM audit",
    ):
        with pytest.raises(asyncpg.RaiseError):
            await database.pool.execute(statement)
    await audit.finish(database, id, status=200)
    await audit.finish(database, id, status=500)
    with pytest.raises(asyncpg.RaiseError):
        await database.pool.execute("UPDATE audit SET status = 500")
    (line,) = await lines(database)
    assert line["status"] == 200


async def test_what_is_older_than_its_rule_goes_and_nothing_else(database: Database) -> None:
    await audit.note(database, "session.create", who=ADA)
    await database.pool.execute(
        "INSERT INTO audit (at, actor_kind, actor, act) SELECT clock_timestamp() - n * interval '100 days', 'command',"
        " '', 'old.' || n FROM generate_series(9, 1, -1) n"
    )
    before = database.clock.now() - timedelta(days=450)
    assert await audit.trim(database, before) == 5
    kept = [line["act"] for line in await lines(database)]
    assert sorted(kept) == ["old.1", "old.2", "old.3", "old.4", "session.create"]
    assert await audit.trim(database, database.clock.now()) == 4, "today stays, whatever the rule says"
    with pytest.raises(asyncpg.RaiseError):
        await database.pool.execute("DELETE FROM audit")


async def test_what_no_guard_sees_is_noted(database: Database) -> None:
    await access.note(database, "session.refused", target="jo@shop.example", detail={"factor": "password"}, status=401)
    with contextlib.suppress(RuntimeError):
        async with database.transaction() as tx:
            await access.note(tx, "session.create", who=ADA)
            raise RuntimeError
    (line,) = await lines(database)
    assert (line["actor_kind"], line["act"], line["target"]) == ("nobody", "session.refused", "j…@shop.example")
    assert (line["detail"], line["status"]) == ({"factor": "password"}, 401)


async def filled(database: Database, n: int) -> None:
    await database.pool.execute(
        "INSERT INTO audit (at, actor_kind, actor_id, actor, act, status)"
        " SELECT $1::timestamptz + i * interval '1 hour', CASE WHEN i % 2 = 0 THEN 'staff' ELSE 'key' END, i % 4,"
        " '=cmd', CASE WHEN i % 3 = 0 THEN 'campaigns.launch' ELSE 'settings.change' END, 200"
        " FROM generate_series(1, $2::int) i",
        datetime(2026, 1, 1, tzinfo=UTC),
        n,
    )


@pytest.mark.parametrize(
    ("asked", "which"),
    [
        ({}, lambda _: True),
        ({"actor": "staff"}, lambda i: i % 2 == 0),
        ({"actor": "staff:2"}, lambda i: i % 4 == 2),
        ({"actor": "key:3", "act": "campaigns"}, lambda i: i % 4 == 3 and i % 3 == 0),
        ({"act": "settings.change"}, lambda i: i % 3 != 0),
        ({"act": "settings.chan"}, lambda _: False),
        ({"from": "2026-01-01T10:00:00Z", "to": "2026-01-01T12:00:00Z"}, lambda i: i in (10, 11)),
    ],
)
async def test_the_pages_tell_each_line_once_the_newest_first(database: Database, asked: dict, which) -> None:
    await filled(database, 30)
    found: list[int] = []
    async with asking(database) as client:
        owner = await cookie(database, "owner")
        parameters = asked | {"limit": 4}
        while True:
            page = (await client.get("/api/v1/audit", params=parameters, headers=owner)).json()
            found += [int(line["id"]) for line in page["lines"]]
            if page["cursor"] is None:
                break
            parameters["cursor"] = page["cursor"]
    assert found == [i for i in range(30, 0, -1) if which(i)]


@pytest.mark.parametrize(
    "asked", [{"actor": "jo"}, {"actor": "staff:x"}, {"from": "2026-01-01T10:00:00"}, {"cursor": "x"}, {"limit": 0}]
)
async def test_what_is_not_understood_is_refused(database: Database, asked: dict) -> None:
    async with asking(database) as client:
        answer = await client.get("/api/v1/audit", params=asked, headers=await cookie(database, "owner"))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["at"] == next(iter(asked))


async def test_the_file_holds_all_of_it_and_no_formula(database: Database) -> None:
    await filled(database, audit.PAGE + 7)
    async with asking(database) as client:
        owner = await cookie(database, "owner")
        table = await client.get("/api/v1/audit/export", headers=owner)
        documents = await client.get("/api/v1/audit/export?format=jsonl&act=campaigns", headers=owner)
    rows = table.text.split("\r\n")
    assert rows[0].startswith("at,actor_kind,")
    assert len(rows) == 1 + audit.PAGE + 7 + 1
    assert ",'=cmd," in rows[1]
    assert {json.loads(line)["act"] for line in documents.text.splitlines()} == {"campaigns.launch"}
