"""Wrong usage, help and the reference: nothing here needs a database."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon.app.cli import app
from antiphon.app.reference import reference
from app.command_line import CommandLine, environment, run

REFERENCE = Path(__file__).parents[2] / "docs/reference/commands.md"
HEAVY = {"asyncpg", "litestar", "msgspec", "structlog", "uvicorn", "cryptography", "antiphon.app.opening"}


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "segments nonsense",
        "segments count",
        "segments count --bogus",
        "segments count rule.json more",
        "segments count rule.json --as-of yesterday",
        "segments count rule.json --as-of 2026-01-31T12:00:00",
        "segments members gold --limit 0",
        "keys create --name x",
        "keys create --name x --scope root",
        "keys list --data",
        "campaigns shift 1",
        "import people people.csv --mode replace",
        "serve --port 70000",
        "serve --role nothing",
        "why",
    ],
)
def test_wrong_usage_is_2_and_says_where_help_is(line: str) -> None:
    said = CommandLine(())(*line.split())
    assert (said.code, said.out) == (2, "")
    assert "--help`" in said.err
    assert "Traceback" not in said.err


def test_the_reference_is_fresh() -> None:
    assert REFERENCE.read_text() == reference(), "python -m antiphon.app.reference > docs/reference/commands.md"


def test_help_says_of_each_command_what_its_own_help_says() -> None:
    """The sentences of lazy commands stand twice."""
    listed = CommandLine(())("--help").out
    for name in app:
        if name.startswith("-"):
            continue
        own = app[name].help
        assert own, name
        assert " ".join(own.split()) in " ".join(listed.replace("│", " ").split()), name


@pytest.mark.parametrize("arguments", [["--help"], ["segments", "--help"], ["keys", "create", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """What makes a start slow; seconds alone would fail on a busy machine."""
    program = (
        "import sys\nfrom antiphon.app.cli import main\n"
        f"code = main({arguments})\nprint(code, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=True, timeout=60
    )
    code, *loaded = done.stderr.split()
    assert code == "0"
    assert done.stdout.startswith("Usage: antiphon")
    assert HEAVY & set(loaded) == set()


def test_openapi_needs_no_database_and_no_folder(tmp_path: Path) -> None:
    said = run("openapi", "--data", str(tmp_path / "none"))
    document = json.loads(said.out)
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/campaigns" in document["paths"]
    assert not (tmp_path / "none").exists()


def test_serve_and_demo_hand_on_what_was_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    taken: list[dict[str, object]] = []

    def take(place: object, **options: object) -> int:
        taken.append({"place": place, **options})
        return 0

    for name in ("serve", "demo"):
        module = importlib.import_module(f"antiphon.app.{name}")
        known = inspect.signature(getattr(module, name)).parameters
        monkeypatch.setattr(module, name, take)
        taken.clear()
        assert CommandLine(("--data", str(tmp_path)))(name, "--port", "81", "--host", "::1").code == 0
        assert taken[0].items() >= {"port": 81, "host": "::1"}.items()
        assert taken[0].keys() <= known.keys()
