"""Whoever asks to be forgotten is: not one of their words is left in the database or the data folder.

Every field of a person is filled with a word that is found nowhere else; everything happens over the public
interfaces, with real providers beside; then all tables and all files are searched.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from antiphon.kernel import postgres
from flows.house import House, answered, until
from flows.samples import mail_of, message, phone_of, user

PERSON, OTHER = 771, 772
WORDS = {
    "trait": "quokka71", "nested": "wombat71", "account": "numbat71", "event": "dunnart71", "anonymous": "bilby71-d",
    "variable": "potoroo71", "inbound": "bettong71", "refused": "quoll71", "before": "kowari71", "key": "antechinus71",
    "agent": "planigale71",
}  # fmt: skip


@pytest.fixture
def tokens(home: House) -> list[str]:
    mail, phone = mail_of(PERSON), phone_of(PERSON)
    return [*WORDS.values(), user(PERSON), mail, phone, phone[-9:], f"/push/{PERSON:06d}"]


def dsn(home: House) -> str:
    with postgres.join_or_start(home.data) as running:
        return running.dsn


async def _rows_with(dsn: str, tokens: list[str]) -> list[tuple[str, str]]:
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition ORDER BY 1"
        )
        found = []
        for (table,) in tables:
            rows = await connection.fetch(
                f"SELECT DISTINCT token FROM {table} t, unnest($1::text[]) token"
                " WHERE strpos(lower(t::text), token) > 0",
                [token.lower() for token in tokens],
            )
            found += [(table, row["token"]) for row in rows]
        return found
    finally:
        await connection.close()


def rows_with(home: House, tokens: list[str]) -> list[tuple[str, str]]:
    return asyncio.run(_rows_with(dsn(home), tokens))


async def run_sql(home: House, text: str, *parameters: Any) -> list[Any]:
    connection = await asyncpg.connect(dsn(home))
    try:
        return list(await connection.fetch(text, *parameters))
    finally:
        await connection.close()


def samples_with(home: House, tokens: list[str]) -> list[str]:
    """Columns of which the planner has a value of theirs in its statistics."""
    text = (
        "SELECT DISTINCT tablename || '.' || attname AS place FROM pg_stats s, unnest($1::text[]) token"
        " WHERE schemaname = 'public' AND strpos(lower(s::text), token) > 0"
    )
    return [row["place"] for row in asyncio.run(run_sql(home, text, [token.lower() for token in tokens]))]


def files_with(home: House, tokens: list[str]) -> list[tuple[str, str]]:
    """All but the files in which PostgreSQL keeps the tables themselves."""
    own = home.data / "postgres" / "cluster"
    logs = [home.folder / "serve.log", *(path for path in files_in(home.data) if own not in path.parents)]
    return [
        (path.name, token)
        for path in logs
        for text in [path.read_bytes().lower()]
        for token in tokens
        if token.lower().encode() in text
    ]


def files_in(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def live_a_life(home: House) -> None:
    """Everything that the house can know of somebody."""
    home.person(
        PERSON, "email", "sms", "push", circle="forgotten", first_name=WORDS["before"], home={"city": WORDS["nested"]}
    )
    home.person(OTHER, "email", circle="forgotten")
    who = user(PERSON)
    home.batch(
        [{"type": "track", "anonymousId": WORDS["anonymous"], "event": "Looked", "properties": {"at": "before"}}]
    )
    home.batch(
        [
            {"type": "identify", "userId": who, "anonymousId": WORDS["anonymous"], "traits": {"nick": WORDS["trait"]}},
            {"type": "identify", "userId": who, "traits": {"first_name": "changed"}},
            {"type": "group", "userId": who, "groupId": WORDS["account"]},
            {"type": "track", "userId": who, "event": "Looked", "properties": {"at": WORDS["event"]}},
            {"type": "track", "userId": who, "event": "", "properties": {"note": WORDS["refused"]}},
        ]
    )
    home.prefer(PERSON, "offers of 71", "email", "wanted")
    home.post("/segments", {"name": "forgotten", "rule": {"trait": "circle", "op": "eq", "value": "forgotten"}})
    home.post("/messages", message("farewell", topic="offers of 71"))
    home.wait_for(home.launch(name="farewell", message="farewell", segment="forgotten"), "done")
    text = {"name": "a code", "topic": "codes of 71", "locales": {"en": {"sms": {"text": "Code {{ secret }}"}}}}
    home.post("/messages", text)
    home.post(
        "/send",
        {
            "message": "a code",
            "to": {"kind": "phone", "value": phone_of(PERSON)},
            "purpose": "transactional",
            "idempotency_key": WORDS["key"],
            "variables": {"secret": WORDS["variable"]},
        },
    )
    home.settle()
    home.act(PERSON, "reply", text=f"hello {WORDS['inbound']}")
    home.settle()


def test_not_a_word_is_left(home: House, tokens: list[str]) -> None:
    live_a_life(home)
    known = {token for _, token in rows_with(home, tokens)}
    absent = {WORDS["agent"]}  # consent proofs with a browser come from the pages, which another test fills
    assert set(map(str.lower, tokens)) - known <= absent, "the test has filled every field"

    exported = home.api.get(f"/profiles/external_id:{user(PERSON)}/export").text.lower()
    missing = [token for token in tokens if token.lower() not in exported and token.lower() in known]
    assert not missing, "the export shows all of it"
    assert user(OTHER) not in exported

    asyncio.run(run_sql(home, "ANALYZE identifier, address, event, consent, profile, inbound"))
    assert samples_with(home, tokens), "the planner has seen it"
    before = home.get("/campaigns/farewell")
    tried = answered(home.api.delete(f"/profiles/external_id:{user(PERSON)}", params={"dry_run": True}))
    assert rows_with(home, [user(PERSON)])
    response = home.api.delete(f"/profiles/email:{mail_of(PERSON)}")
    assert response.status_code == 202
    done = response.json()
    assert done["finished"]
    assert tried["deleted"].keys() <= done["deleted"].keys() | {"erasure"}
    assert home.api.get(f"/profiles/external_id:{user(PERSON)}").status_code == 404

    assert len(done["profiles"]) > 1, "also the number that the device had before"
    assert rows_with(home, tokens) == []
    assert files_with(home, tokens) == []
    home.command("retention", "--apply")
    assert samples_with(home, tokens) == []
    assert rows_with(home, [user(OTHER)]), "others stay"
    after = home.get("/campaigns/farewell")
    assert sum(after["notifications"].values()) == sum(before["notifications"].values()) - 1


def test_who_comes_back_has_no_history_and_keeps_what_they_stopped(home: House) -> None:
    number = 773
    home.person(number, "email", "sms", circle="returning")
    home.track(number, "Looked", at="something")
    home.act(number, "stop", address=phone_of(number), to="Antiphon")
    until(lambda: addresses(home, number), lambda found: found["sms"], within_s=10, what="the opt-out")
    done = answered(home.api.delete(f"/profiles/external_id:{user(number)}"))
    assert done["suppressed"] == 1
    home.person(number, "email", "sms", circle="returning")
    assert home.get(f"/profiles/external_id:{user(number)}/events")["events"] == []
    assert addresses(home, number) == {"email": False, "sms": True}
    home.post("/segments", {"name": "returning", "rule": {"trait": "circle", "op": "eq", "value": "returning"}})
    home.post("/messages", message("welcome back"))
    campaign = home.launch(name="welcome back", message="welcome back", segment="returning", channels=["sms"])
    view = home.wait_for(campaign, "done")
    assert view["reasons"] == {"opted_out": 1}
    assert home.journal.received("welcome back") == []


def addresses(home: House, number: int) -> dict[str, bool]:
    found = home.get(f"/profiles/external_id:{user(number)}")["addresses"]
    return {address["channel"]: address["opted_out"] for address in found}


def test_the_command_line_writes_the_document_and_forgets(home: House, tmp_path: Path) -> None:
    number = 774
    home.person(number, "email")
    out = tmp_path / "theirs.json"
    home.command("export", user(number), "--out", str(out))
    assert json.loads(out.read_text())["identifiers"]
    assert out.stat().st_mode & 0o077 == 0
    assert home.run("export", user(number), "--out", str(out)).returncode == 1, "a file is never written over"
    page = tmp_path / "theirs.html"
    home.command("export", f"email:{mail_of(number)}", "--out", str(page), "--html", "--lang", "es")
    assert '<html lang="es">' in page.read_text()
    assert home.command("erase", user(number), "--dry-run")["dry_run"]
    assert home.command("erase", user(number))["deleted"]["profile"] == 1
    assert home.run("erase", user(number)).returncode == 1
    assert home.run("export", user(number), "--out", str(tmp_path / "none")).returncode == 1
    assert not (tmp_path / "none").exists()
    assert {rule["name"] for rule in home.command("retention")["rules"]} >= {"events_months", "ledger_months"}
