"""The installation's key in a file: a dump of the database opens nothing, and a wrong file is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from antiphon.kernel import secrets
from antiphon.kernel.db import Database
from antiphon.kernel.secrets import Secrets, Unreadable, read_secrets
from app.command_line import CommandLine

KEY = bytes(range(32))
OTHER = bytes(range(32, 64))


@pytest.fixture
def cli(dsn: str) -> Iterator[CommandLine]:
    yield CommandLine(("--database", dsn))
    structlog.reset_defaults()


def test_the_key_leaves_the_database_and_comes_back(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    assert cli.json("installation-key", "out", str(file))["variable"] == secrets.VARIABLE
    assert file.stat().st_mode & 0o777 == 0o600
    said = cli("topics", "list")
    assert (said.code, secrets.VARIABLE in said.err) == (1, True), "a process without the file says what is missing"
    monkeypatch.setenv(secrets.VARIABLE, str(file))
    assert cli("topics", "list").code == 0
    assert cli("installation-key", "out", str(tmp_path / "another")).code == 1
    assert not (tmp_path / "another").exists()
    cli.json("installation-key", "in")
    monkeypatch.delenv(secrets.VARIABLE)
    assert cli("topics", "list").code == 0


def test_a_file_that_is_there_is_not_written_over(cli: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("mine")
    assert cli("installation-key", "out", str(file)).code == 1
    assert file.exists()
    assert cli("topics", "list").code == 0, "the key is where it was"


async def test_what_was_sealed_before_opens_afterwards_and_the_database_holds_no_key(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await read_secrets(database)
    sealed = before.encrypt(b"a password", use="provider")
    async with database.transaction() as tx:
        key = await secrets.read_key(tx)
        assert key is not None
        await secrets.move_out(tx, key)
    kept = await database.pool.fetch("SELECT value FROM secret")
    assert not any(Secrets(bytes(row["value"])).mark == before.mark for row in kept)
    file = tmp_path / "key"
    file.write_text(key.hex())
    monkeypatch.setenv(secrets.VARIABLE, str(file))
    assert (await read_secrets(database)).decrypt(sealed, use="provider") == b"a password"


@pytest.mark.parametrize(
    ("rows", "text", "says"),
    [
        ({}, None, "lost"),
        ({secrets.MARK: Secrets(KEY).mark}, None, "lies in a file"),
        ({secrets.MARK: Secrets(KEY).mark}, OTHER.hex(), "another installation"),
        ({secrets.INSIDE: KEY}, OTHER.hex(), "another installation"),
        ({}, KEY.hex(), "another installation"),
        ({secrets.MARK: Secrets(KEY).mark}, "short", "64 hexadecimal"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: dict[str, bytes], text: str | None, says: str
) -> None:
    if text is not None:
        (tmp_path / "key").write_text(text)
        monkeypatch.setenv(secrets.VARIABLE, str(tmp_path / "key"))
    with pytest.raises(Unreadable, match=says):
        secrets.secrets_from(rows)


def test_a_new_database_takes_the_key_that_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(KEY.hex())
    monkeypatch.setenv(secrets.VARIABLE, str(tmp_path / "key"))
    assert secrets.first_row() == (secrets.MARK, Secrets(KEY).mark)
    assert secrets.secrets_from(dict([secrets.first_row()])).derive("x") == Secrets(KEY).derive("x")
    monkeypatch.delenv(secrets.VARIABLE)
    assert secrets.first_row()[0] == secrets.INSIDE
