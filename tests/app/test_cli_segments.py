"""`antiphon segments`, `lists` and `ladders` on a database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app.command_line import CommandLine

GOLD = {"trait": "tier", "op": "eq", "value": "gold"}
WORDS = 'trait tier = "gold"\n'


@pytest.fixture
def cli(dsn: str, tmp_path: Path) -> Iterator[CommandLine]:
    """Ada is gold, Bob silver."""
    cli = CommandLine(("--database", dsn))
    file = tmp_path / "people.csv"
    file.write_text("id,email,tier\nada,ada@shop.example,gold\nbob,bob@shop.example,silver\n")
    cli.json("import", "people", str(file))
    yield cli
    structlog.reset_defaults()


def members(cli: CommandLine, segment: str) -> set[str]:
    return {member["external_id"] for member in cli.json("segments", "members", segment)["members"]}


def test_a_segment_is_made_of_words_changed_of_json_and_brought_back(cli: CommandLine, tmp_path: Path) -> None:
    made = cli.json("segments", "create", "best", "-", stdin=WORDS)
    assert (made["state"], made["version"]) == ("live", 1)
    assert cli.json("segments", "count", "-", stdin=WORDS)["count"] == 1
    file = tmp_path / "silver.json"
    file.write_text(json.dumps(GOLD | {"value": "silver"}))
    assert cli.json("segments", "edit", "best", str(file))["draft"] == 2
    assert members(cli, "best") == {"ada"}
    assert cli.json("segments", "publish", "best")["version"] == 2
    assert members(cli, "best") == {"bob"}
    assert cli.json("segments", "revert", "best", "1")["draft"] == 3
    assert cli.json("segments", "edit", "best", "-", "--publish", stdin=WORDS)["version"] == 3
    assert members(cli, "best") == {"ada"}
    assert [each["version"] for each in cli.json("segments", "versions", "best")] == [3, 2, 1]
    assert cli.json("segments", "archive", "best")["state"] == "archived"
    assert cli.json("segments", "restore", "best")["state"] == "live"


def test_a_rule_is_shown_in_the_other_form(cli: CommandLine) -> None:
    assert json.loads(cli("segments", "text", "-", stdin=WORDS).out) == GOLD
    assert cli("segments", "text", "-", stdin=json.dumps(GOLD)).out == WORDS
    refused = cli("segments", "text", "-", stdin="trait tier =\n= gold")
    assert refused.code == 1
    assert "line 2, column 1" in refused.err


def test_a_file_goes_into_a_list_and_a_row_that_names_nobody_stops_it(cli: CommandLine, tmp_path: Path) -> None:
    assert cli.json("lists", "create", "vips")["state"] == "live"
    file = tmp_path / "vips.csv"
    file.write_text("mail,note\nada@shop.example,x\neve@shop.example,y\n,z\n")
    refused = cli("lists", "add", "vips", str(file), "--column", "email=mail")
    assert refused.code == 1
    assert "line 3" in refused.err
    assert "line 4" in refused.err
    assert members(cli, "vips") == set()
    done = cli.json("lists", "add", "vips", str(file), "--column", "email=mail", "--skip-unknown")
    assert (done["rows"], done["changed"], done["skipped"]) == (3, 1, 2)
    assert members(cli, "vips") == {"ada"}
    lines = cli("segments", "export", "vips", "--columns", "email,tier").out.splitlines()
    assert lines == ["email,tier", "ada@shop.example,gold"]
    out = cli.json("lists", "remove", "vips", "-", stdin='{"id": "ada"}\n{"id": "bob"}\n')
    assert (out["changed"], members(cli, "vips")) == (1, set())
    assert cli("lists", "add", "vips", str(file), "--column", "email").code == 1
    assert cli("lists", "add", "nobody", str(file), "--column", "email=mail", "--skip-unknown").code == 1


def test_a_measure_gets_a_name(cli: CommandLine) -> None:
    told = cli.json("segments", "compute", "orders", "-", stdin='{"event": "Order Completed", "of": "count"}')
    assert told["name"] == "orders"
    assert cli.json("segments", "count", "-", stdin="computed orders = 0")["count"] == 2


def test_a_ladder_is_made_shown_changed_and_ended(cli: CommandLine) -> None:
    stages = [{"name": "gold", "rule": WORDS}, {"name": "known", "rule": {"trait": "tier", "op": "exists"}}]
    made = cli.json("ladders", "create", "-", stdin=json.dumps({"name": "tiers", "stages": stages}))
    assert made["state"] == "live"
    assert [(stage["name"], stage["members"]) for stage in made["stages"]] == [("gold", 1), ("known", 1)]
    assert cli.json("ladders", "show", "tiers") == made
    assert cli.json("ladders", "list") == [made]
    assert "gold 1, known 1" in cli("ladders", "list").out
    assert cli.json("ladders", "history", "tiers", "external_id:ada")["stages"][0]["stage"] == "gold"
    turned = cli.json("ladders", "change", "tiers", "-", stdin=json.dumps({"stages": stages[::-1]}))
    assert [(stage["name"], stage["members"]) for stage in turned["stages"]] == [("known", 2), ("gold", 0)]
    refused = cli("ladders", "create", "-", stdin=json.dumps({"name": "bad", "stages": [{"name": "x", "rule": {}}]}))
    assert (refused.code, "stages[0].rule" in refused.err) == (1, True)
    assert cli("ladders", "drop", "tiers").code == 0
    assert cli.json("ladders", "list") == []


def test_a_preset_opens_in_words_and_goes_straight_into_a_segment_or_a_ladder(cli: CommandLine) -> None:
    assert "within 30d count = 0" in cli("segments", "preset", "win-back", "--set", "days=30").out
    assert "lifecycle" in cli("segments", "presets").out
    rule = cli("segments", "preset", "win-back", "--json").out
    assert cli.json("segments", "create", "win back", "-", stdin=rule)["state"] == "live"
    stages = cli("segments", "preset", "lifecycle", "--json").out
    made = cli.json("ladders", "create", "-", stdin=stages)
    assert [stage["name"] for stage in made["stages"]][:3] == ["lost", "lapsing", "paying"]
    refused = cli("segments", "preset", "win-back", "--set", "days=soon")
    assert (refused.code, "parameters.days" in refused.err) == (1, True)
