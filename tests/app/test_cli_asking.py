"""`antiphon segments explain` and `verify`, for people and for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import structlog

from app.command_line import CommandLine

RULE = '{"all": [{"trait": "tier", "op": "eq", "value": "gold"}, {"reachable": "email"}]}'


@pytest.fixture
def cli(dsn: str, tmp_path: Path) -> Iterator[CommandLine]:
    """Ada is gold, Bob silver."""
    cli = CommandLine(("--database", dsn))
    file = tmp_path / "people.csv"
    file.write_text("id,email,tier\nada,ada@shop.example,gold\nbob,bob@shop.example,silver\n")
    cli.json("import", "people", str(file))
    cli.json("segments", "create", "best", "-", stdin=RULE)
    yield cli
    structlog.reset_defaults()


def test_an_explanation_is_a_table_and_what_would_change_it(cli: CommandLine) -> None:
    said = cli("segments", "explain", "best", "external_id:bob").out
    assert "rule.all[0]" in said
    assert "silver" in said
    assert said.splitlines()[-1] == 'rule.all[0]: The trait "tier" would have to be gold; it is silver.'
    found = cli.json("segments", "explain", "best", "external_id:ada")
    assert found["member"] is True
    assert [part["value"] for part in found["parts"]] == [None, "gold", 1]


def test_verify_ends_with_1_only_where_nothing_is_due(cli: CommandLine, dsn: str) -> None:
    assert cli.json("segments", "verify", "best")["missing"] == 0
    asyncio.run(_execute(dsn, "DELETE FROM member"))
    said = cli("segments", "verify", "best")
    assert said.code == 1
    assert "1 are missing" in said.err
    asyncio.run(_execute(dsn, "UPDATE membership_due SET due_at = '2020-01-01'"))
    asyncio.run(
        _execute(
            dsn,
            "INSERT INTO membership_due (bucket, profile_id, due_at) SELECT bucket, id, '2020-01-01' FROM profile"
            " ON CONFLICT DO NOTHING",
        )
    )
    said = cli("segments", "verify", "best")
    assert said.code == 0
    assert "1 differ, all of them have work due." in said.err


async def _execute(dsn: str, text: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(text)
    await connection.close()
