"""`antiphon topics` on a database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from app.command_line import CommandLine


@pytest.fixture
def cli(dsn: str) -> Iterator[CommandLine]:
    yield CommandLine(("--database", dsn))
    structlog.reset_defaults()


def test_a_topic_is_written_down_changed_in_part_and_listed(cli: CommandLine) -> None:
    assert cli.json("topics", "list") == []
    made = cli.json("topics", "set", "news", '{"needs": "double_opt_in", "channels": ["email"]}')
    changed = cli.json("topics", "set", "news", '{"titles": {"en": "News"}}')
    assert changed == made | {"titles": {"en": "News"}}
    assert cli.json("topics", "list") == [changed]
    assert "double_opt_in" in cli("topics", "list").out


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ("{", "not JSON"),
        ("[]", "An object"),
        ('{"name": "other"}', "without the name"),
        ('{"color": "red"}', "color"),
        ('{"needs": "luck"}', "needs"),
        ('{"channels": ["pigeon"]}', "channels[0]"),
    ],
)
def test_what_is_no_topic_is_refused_with_its_place(cli: CommandLine, fields: str, says: str) -> None:
    refused = cli("topics", "set", "news", fields)
    assert (refused.code, refused.out) == (1, "")
    assert says in refused.err
    assert cli.json("topics", "list") == []
