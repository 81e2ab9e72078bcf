from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from world.stage import Target

SOURCE = Path(__file__).parents[2] / "src"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "antiphon_world", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run(command(*arguments), capture_output=True, text=True, env=env, timeout=30, check=False)


@contextmanager
def program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            if process.poll() is None:
                process.kill()


def cpu_s(pid: int) -> float:
    """User and system seconds so far (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_says_its_ports_takes_mail_idles_and_ends_when_told(tmp_path: Path, target: Target) -> None:
    log = tmp_path / "deep" / "world.jsonl"
    ports = ("--smtp", "0", "--smtp", "0", "--smpp", "0", "0", "--http", "0")
    target.held = False
    with program("--seed", "1", "--log", str(log), *ports, "--target", target.url, "--key", "k") as (process, ready):
        assert ready["ready"] is True
        assert (len(ready["smtp"]), len(ready["smpp"])) == (2, 2)
        with smtplib.SMTP("127.0.0.1", ready["smtp"][1], timeout=5) as client:
            client.sendmail("a@b.example", ["c@d.example"], "Subject: hi\r\n\r\nhi")
        assert json.loads(log.read_text())["subject"] == "hi"
        before = cpu_s(process.pid)
        time.sleep(2)
        assert cpu_s(process.pid) - before <= 0.03
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_a_bad_script_or_target_is_a_sentence_and_exit_code_1(tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    script.write_text('{"faults": [{"at": "push", "kind": "explode"}]}')
    common = ("--seed", "1", "--log", str(tmp_path / "log"), "--key", "k", "--target")
    bad_script = run(*common, "http://127.0.0.1:1", "--faults", str(script))
    bad_target = run(*common, "shop.example")
    assert (bad_script.returncode, bad_target.returncode) == (1, 1)
    assert "explode" in bad_script.stderr
    assert "$.faults[0].kind" in bad_script.stderr
    assert "shop.example" in bad_target.stderr
    assert run("--seed", "x").returncode == 2


def test_people_and_history_are_json_lines_about_the_same_people() -> None:
    common = [
        "--seed",
        "7",
        "--count",
        "40",
        "--start-id",
        "100",
        "--until",
        "2026-03-01T00:00:00Z",
        "--user-id",
        "{n}",
    ]
    people, history = run("people", *common, "--push-base", "http://p.example"), run("history", *common, "--days", "30")
    ids = [json.loads(line)["id"] for line in people.stdout.splitlines()]
    assert ids == [str(n) for n in range(100, 140)]
    assert {json.loads(line)["person"] for line in history.stdout.splitlines()} <= set(ids)
    assert len(history.stdout.splitlines()) > 20
