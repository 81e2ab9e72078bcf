"""Every command on a database, called within this process: its answer, its exit code, its refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import structlog

from antiphon import campaigns
from antiphon.app.opening import opened
from antiphon.kernel.migrate import migrate
from app.command_line import CommandLine, running
from conftest import named

MESSAGE = {"name": "coupon", "topic": "coupons", "locales": {"en": {"sms": {"text": "Hi"}, "push": {"title": "Hi"}}}}
RULE = {"version": 1, "rule": {"trait": "tier", "op": "eq", "value": "gold"}}
PROVIDER = {
    "name": "operator",
    "adapter": "smpp",
    "settings": {"host": "127.0.0.1", "port": 1, "system_id": "a", "password": "s3cret"},
}
GOLD = 1203  # more than one page of members


@pytest.fixture(scope="module")
def dsn(server: str, request: pytest.FixtureRequest) -> str:
    async def make(name: str) -> str:
        connection = await asyncpg.connect(server)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        await migrate(named(server, name))
        return named(server, name)

    return asyncio.run(make(request.module.__name__.rpartition(".")[2]))


@pytest.fixture(scope="module")
def cli(dsn: str) -> Iterator[CommandLine]:
    yield CommandLine(("--database", dsn))
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def people(cli: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gold customers 1 to GOLD, one silver, one line that is none."""
    path = tmp_path_factory.mktemp("files") / "people.csv"
    rows = [f"{n},+4479{n:08d},gold" for n in range(1, GOLD + 1)]
    path.write_text("\n".join(["id,phone,tier", *rows, "silver1,,silver", ",,gold"]) + "\n")
    report = cli.json("import", "people", str(path))
    assert (report["rows"], report["new"], report["refused"]) == (GOLD + 2, GOLD + 1, 1), report
    return path


@pytest.fixture(scope="module")
def company(cli: CommandLine, people: Path) -> None:
    """A message `coupon`, a segment `gold`, a provider that is never called."""
    assert cli("providers", "create", "-", stdin=json.dumps({**PROVIDER, "name": "gateway"})).code == 0
    assert cli("messages", "create", "-", stdin=json.dumps(MESSAGE)).code == 0
    assert cli("segments", "create", "gold", "-", stdin=json.dumps(RULE)).code == 0


def draft(cli: CommandLine, name: str, **more: object) -> str:
    new = {"name": name, "message": "coupon", "segment": "gold", "channels": ["sms"], **more}
    answer = cli.json("campaigns", "create", "-", stdin=json.dumps(new))
    assert answer["state"] == "draft"
    return str(answer["id"])


def test_a_key_is_shown_once_and_revoked_by_its_name(cli: CommandLine) -> None:
    made = cli.json("keys", "create", "--name", "shop", "--scope", "write")
    assert made.keys() == {"id", "key"}
    assert made["key"].startswith("ak_write_")
    listed = cli("keys", "list", "--json")
    assert made["key"] not in listed.out
    assert listed.json[0].items() >= {"id": made["id"], "name": "shop", "scope": "write", "revoked_at": None}.items()
    assert cli.json("keys", "revoke", "shop")["revoked_at"] is not None
    again = cli("keys", "revoke", "shop")
    assert (again.code, again.out) == (1, "")
    assert "There is no valid key shop." in again.err


def test_two_keys_of_one_name_are_told_apart_by_id(cli: CommandLine) -> None:
    ids = [cli.json("keys", "create", "--name", "twin", "--scope", "read")["id"] for _ in range(2)]
    refused = cli("keys", "revoke", "twin")
    assert refused.code == 1
    assert all(number in refused.err for number in ids)
    assert cli("keys", "revoke", ids[0]).code == 0
    assert cli.json("keys", "revoke", "twin")["id"] == ids[1]


def test_options_of_all_commands_stand_before_or_after(cli: CommandLine, dsn: str) -> None:
    bare = CommandLine(())
    assert (
        bare("--json", "--database", dsn, "keys", "list").json == bare("keys", "list", "--database", dsn, "--json").json
    )


def test_a_message_is_found_by_id_and_by_name(cli: CommandLine, company: None) -> None:
    (listed,) = cli.json("messages", "list")
    assert listed["channels"] == ["push", "sms"]
    by_name, by_id = cli.json("messages", "show", "coupon"), cli.json("messages", "show", listed["id"])
    assert by_name == by_id
    assert by_name["document"]["locales"]["en"]["sms"] == {"text": "Hi"}
    assert cli("messages", "show", "nothing").code == 1


def test_a_flawed_message_is_refused_with_every_place(cli: CommandLine) -> None:
    flawed = {"name": "", "topic": "t", "locales": {"en": {"sms": {"text": "{{"}}}}
    refused = cli("messages", "create", "-", "--json", stdin=json.dumps(flawed))
    assert (refused.code, refused.out) == (1, "")
    assert "  name: " in refused.err
    assert "  locales.en.sms.text: " in refused.err


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (b'{"rule":\n  nothing}', "line 2, column 3"),
        (b'{"rule": NaN}', "NaN"),
        (b"\xff\xfe", "byte 0"),
        (b"", "line 1, column 1"),
        (b"[" * 100_000, "recursion"),
        (b'{"version": 1, "rule": {"trait": "tier", "op": "is", "value": 1}}', "rule.op"),
        (b" " * 2_000_001, "2000000 bytes"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_its_place(cli: CommandLine, given: bytes, place: str) -> None:
    refused = cli("segments", "count", "-", "--json", stdin=given)
    assert (refused.code, refused.out) == (1, "")
    assert place in refused.err
    assert "Traceback" not in refused.err


def test_a_missing_file_is_refused_by_name(cli: CommandLine, tmp_path: Path) -> None:
    refused = cli("messages", "create", str(tmp_path / "none.json"))
    assert refused.code == 1
    assert "none.json cannot be read: No such file or directory." in refused.err


def test_count_takes_the_document_or_the_rule_alone_and_a_time(cli: CommandLine, people: Path, tmp_path: Path) -> None:
    file = tmp_path / "rule.json"
    file.write_text("\ufeff" + json.dumps(RULE), encoding="utf-8")
    whole = cli.json("segments", "count", str(file))
    assert whole.keys() == {"count", "as_of"}
    assert whole["count"] == GOLD
    assert cli.json("segments", "count", "-", stdin=json.dumps(RULE["rule"]))["count"] == GOLD
    past = cli.json("segments", "count", str(file), "--as-of", "2020-01-31T13:00:00+01:00")
    assert past == {"count": GOLD, "as_of": "2020-01-31T12:00:00Z"}  # traits as they are now


def test_all_members_are_told_over_all_pages(cli: CommandLine, company: None) -> None:
    everybody = {str(n) for n in range(1, GOLD + 1)}
    for more in ((), ("--as-of", "2020-01-31T12:00:00Z")):
        members = cli.json("segments", "members", "gold", *more)["members"]
        assert [row["external_id"] for row in members if row["external_id"] not in everybody] == []
        assert len({row["profile"] for row in members}) == len(members) == GOLD
    few = cli.json("segments", "members", "gold", "--limit", "1001")["members"]
    assert few == cli.json("segments", "members", "gold")["members"][:1001]
    assert len(cli("segments", "members", "gold").out.splitlines()) == GOLD
    refused = cli("segments", "members", "nobody", "--json")
    assert (refused.code, refused.out) == (1, "")


def test_a_segment_is_listed_and_shown(cli: CommandLine, company: None) -> None:
    (listed,) = [row for row in cli.json("segments", "list") if row["name"] == "gold"]
    shown = cli.json("segments", "show", listed["id"])
    assert shown["members"] == GOLD
    assert shown["rule"] == RULE
    assert shown.items() >= listed.items()
    taken = cli("segments", "create", "gold", "-", stdin=json.dumps(RULE))
    assert taken.code == 1
    assert "gold" in taken.err


def test_nothing_in_a_name_steers_the_terminal(cli: CommandLine) -> None:
    evil = {"version": 1, "rule": {"trait": "\x1b[2J", "op": "eq", "value": 1}}
    assert cli("segments", "create", "e\x1b[31mvil", "-", stdin=json.dumps(evil)).code == 0
    for said in (cli("segments", "list"), cli("segments", "show", "e\x1b[31mvil")):
        assert said.code == 0
        assert "vil" in said.out
        assert "\x1b" not in said.out


def test_an_import_again_changes_nothing_and_keeps_what_it_refused(
    cli: CommandLine, people: Path, tmp_path: Path
) -> None:
    refused = tmp_path / "refused.csv"
    report = cli.json("import", "people", str(people), "--refused", str(refused))
    assert (report["new"], report["repeated"], report["refused"]) == (0, GOLD + 1, 1)
    assert report["reasons"][0]["line"] == GOLD + 3
    assert "gold" in refused.read_text()


def test_events_come_from_the_standard_input_with_a_map(cli: CommandLine, people: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "map.json"
    mapping.write_text('{"identifier": {"external_id": "who"}, "event": {"value": "visit"}, "time": "at"}')
    rows = '{"who": 1, "at": "2026-01-01T00:00:00Z"}\n' * 3
    dry = cli.json("import", "events", "-", "--map", str(mapping), "--dry-run", stdin=rows)
    assert (dry["dry_run"], dry["new"]) == (True, 3)
    assert cli.json("import", "events", "-", "--map", str(mapping), stdin=rows)["new"] == 3
    rule = {"event": "visit", "count": {"op": "eq", "value": 3}}
    assert cli.json("segments", "count", "-", stdin=json.dumps(rule))["count"] == 1
    mapping.write_text('{"identifier": {"external_id": "who"}}')
    flawed = cli("import", "events", "-", "--map", str(mapping), stdin=rows)
    assert flawed.code == 1
    assert "map" in flawed.err


def test_a_campaign_is_steered_by_name_and_refuses_what_its_state_forbids(cli: CommandLine, company: None) -> None:
    number = draft(cli, "steered", pilot={"share": 0.5})
    early = cli("campaigns", "pause", "steered")
    assert early.code == 1
    assert "draft" in early.err
    assert cli.json("campaigns", "launch", "steered")["state"] == "running"
    assert cli.json("campaigns", "pause", number)["state"] == "paused"
    assert cli.json("campaigns", "shift", number, "--channel", "sms", "--share", "rest")["prefer"] == "sms"
    assert cli("campaigns", "shift", number, "--channel", "email").code == 1
    assert cli("campaigns", "shift", number, "--channel", "sms", "--share", "half").code == 2
    assert cli.json("campaigns", "resume", "steered")["state"] == "running"
    assert cli.json("campaigns", "cancel", "steered")["state"] == "cancelled"
    assert cli("campaigns", "launch", "steered").code == 1
    listed = {row["name"]: row["state"] for row in cli.json("campaigns", "list")}
    assert listed["steered"] == "cancelled"
    assert cli.json("campaigns", "show", number)["pilot"] == {"share": 0.5}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"channels": ["email"]}, "channels[0]"),
        ({"channel": "sms"}, "`channel`"),
        ({"pilot": {"share": "half"}}, "pilot.share"),
        ({"segment": "nobody"}, "nobody"),
    ],
)
def test_a_flawed_campaign_is_refused(cli: CommandLine, company: None, changes: dict[str, object], place: str) -> None:
    new = {"name": "flawed", "message": "coupon", "segment": "gold", "channels": ["sms"], **changes}
    refused = cli("campaigns", "create", "-", stdin=json.dumps(new))
    assert refused.code == 1
    assert place in refused.err


def test_why_tells_what_a_person_was_told(cli: CommandLine, dsn: str, company: None) -> None:
    draft(cli, "told")
    cli.json("campaigns", "launch", "told")

    async def walk() -> None:
        async with opened(dsn) as runtime:
            while await campaigns.work_chunks(runtime):
                pass

    asyncio.run(walk())
    (found,) = cli.json("why", "external_id:1", "--campaign", "told")
    assert (found["source"], found["channel"]) == ("told", "sms")
    assert found["decision"]["because"]
    assert "told" in cli("why", "external_id:1").out
    assert cli.json("why", "external_id:silver1") == []
    assert cli.json("why", "external_id:1", "--campaign", draft(cli, "untold")) == []
    for who in ("external_id:nobody", "42", "shoe_size:42", "phone:abc"):
        assert cli("why", who).code == 1
    cli.json("campaigns", "cancel", "told")


def test_watch_ends_with_its_campaign_and_tells_each_change(cli: CommandLine, dsn: str, company: None) -> None:
    number = draft(cli, "watched")
    with running("--database", dsn, "watch", "--campaign", "watched", "--json") as watching:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["state"] == "draft"
        cli.json("campaigns", "launch", number)
        assert json.loads(watching.stdout.readline())["state"] == "running"
        cli.json("campaigns", "cancel", number)
        rest = [json.loads(line)["state"] for line in watching.stdout]
        assert rest == ["cancelled"]
        assert watching.wait(30) == 0
    assert cli("watch", "--campaign", "watched").out.startswith("watched: cancelled; ")
    assert cli("watch", "--campaign", "nothing").code == 1


def test_a_provider_is_switched_and_never_tells_its_settings(cli: CommandLine) -> None:
    made = cli.json("providers", "create", "-", stdin=json.dumps(PROVIDER))
    assert made["name"] == "operator"
    off = cli.json("providers", "disable", "operator")
    assert (off["id"], off["enabled"], off["up"]) == (made["id"], False, False)
    (listed,) = [row for row in cli.json("providers", "list") if row["name"] == "operator"]
    assert listed == off
    assert cli.json("providers", "enable", made["id"])["up"] is True
    assert "s3cret" not in cli("providers", "list", "--json").out + cli("providers", "list").out
    assert cli("providers", "enable", "nothing").code == 1
    flawed = cli("providers", "create", "-", stdin=json.dumps({**PROVIDER, "name": "x", "settings": {}}))
    assert flawed.code == 1
    assert "settings" in flawed.err


def test_settings_take_json_a_bare_word_and_null(cli: CommandLine) -> None:
    quiet = {"start": "21:00", "end": "08:00", "channels": ["sms"], "holidays": []}
    assert cli.json("settings", "set", "quiet_hours", json.dumps(quiet))["quiet_hours"] == quiet
    assert cli.json("settings", "set", "timezone", "Europe/London")["timezone"] == "Europe/London"
    assert cli.json("settings", "set", "quiet_hours", "null")["quiet_hours"] is None
    assert cli.json("settings", "show")["timezone"] == "Europe/London"
    for name, value, said in [
        ("shoe_size", "42", "shoe_size"),
        ("quiet_hours", '{"start"', "line 1, column"),
        ("brand_name", "42", "brand_name"),
    ]:
        refused = cli("settings", "set", name, value)
        assert refused.code == 1
        assert said in refused.err


def test_the_doctor_names_what_is_wrong_and_fails(cli: CommandLine, dsn: str) -> None:
    said = cli("doctor", "--json")
    found = json.loads(said.out)
    checks = {check["name"]: check for check in found["checks"]}
    assert checks.keys() == {"database", "settings", "migrations", "clock", "due work", "providers", "secrets"}
    assert checks["settings"]["state"] == "fail"  # the server of the tests is quick, not durable
    assert "fsync" in checks["settings"]["says"]
    assert (found["ok"], said.code) == (False, 1)
    assert {checks[name]["state"] for name in ("database", "migrations", "clock", "secrets")} == {"ok"}
    assert all(check["way_out"] for check in found["checks"] if check["state"] != "ok")
    assert len(cli("doctor").out.splitlines()) == len(checks)


def test_a_database_that_does_not_answer_is_said_in_a_sentence() -> None:
    nowhere = CommandLine(("--database", "postgresql://a:s3cret@127.0.0.1:1/a"))
    refused = nowhere("keys", "list")
    assert refused.code == 1
    assert refused.err.startswith("The database cannot be used: ")
    assert "s3cret" not in refused.err
    found = nowhere("doctor")
    assert found.code == 1
    assert found.out.startswith("fail  database: ")


def test_what_nobody_foresaw_is_one_sentence_and_a_log(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_tx: object) -> None:
        raise LookupError("a bolt came loose")

    monkeypatch.setattr("antiphon.access.list_keys", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cli = CommandLine(("--database", dsn))
    failed = cli("keys", "list", "--json")
    assert (failed.code, failed.out) == (1, "")
    assert len(failed.err.splitlines()) == 1
    (log,) = tmp_path.glob("*errors.log")
    assert str(log) in failed.err
    assert "a bolt came loose" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("ANTIPHON_DEBUG", "1")
    assert "Traceback" in cli("keys", "list").err


def test_people_are_found_by_beginnings(cli: CommandLine, people: Path) -> None:
    (found,) = cli.json("people", "find", "silv")
    assert found["identifiers"] == ["external_id:silver1"]
    assert len(cli.json("people", "find", "0790 00", "--limit", "3")) == 3
    assert cli("people", "find", "%").code == 0
    assert cli("people", "find", "").code == 1
    assert cli.json("people", "duplicates") == []
