"""`antiphon staff`: the way in for whoever has the server, and for who is locked out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from app.command_line import CommandLine


@pytest.fixture
def cli(dsn: str) -> Iterator[CommandLine]:
    yield CommandLine(("--database", dsn))
    structlog.reset_defaults()


def test_the_first_owner_is_invited_without_anybody_there(cli: CommandLine) -> None:
    made = cli.json("staff", "add", "ada@example.org", "--role", "owner", "--base-url", "https://app.example/")
    assert made["url"].startswith("https://app.example/app/invitation#")
    (listed,) = cli.json("staff", "list")
    assert (listed["email"], listed["role"], listed["state"], listed["id"]) == (
        "ada@example.org",
        "owner",
        "invited",
        made["id"],
    )
    assert made["url"].partition("#")[2] not in str(listed)


def test_a_link_is_made_for_who_is_locked_out_and_another_each_time(cli: CommandLine) -> None:
    first = cli.json("staff", "add", "ada@example.org", "--role", "owner")
    second = cli.json("staff", "link", "ADA@example.org", "--without-second-factor")
    assert second["id"] == first["id"]
    assert second["url"] != first["url"]
    said = cli("staff", "link", "ada@example.org")
    assert "/app/invitation#" in said.out
    assert "works once" in said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("link", "nobody@example.org"), "Nobody here has"),
        (("add", "no-address", "--role", "owner"), "email:"),
    ],
)
def test_what_cannot_be_is_said(cli: CommandLine, arguments: tuple[str, ...], says: str) -> None:
    said = cli("staff", *arguments)
    assert (said.code, said.out) == (1, "")
    assert says in said.err


def test_a_second_factor_is_demanded_and_the_way_out_is_there(cli: CommandLine) -> None:
    """For owners who demanded it of everybody and have lost theirs."""
    cli.json("staff", "add", "ada@example.org", "--role", "owner")
    assert cli.json("staff", "second-factor")["second_factor"] == "optional"
    assert cli.json("staff", "second-factor", "everybody")["second_factor"] == "everybody"
    assert cli.json("staff", "second-factor") == {
        "second_factor": "everybody",
        "admins_without": 0,
        "everybody_without": 0,
    }
    assert cli.json("staff", "second-factor", "optional")["second_factor"] == "optional"
    assert cli("staff", "second-factor", "nobody").code != 0
