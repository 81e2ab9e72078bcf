"""The real command on a data folder: it founds, serves, joins, refuses, and ends when told."""

from __future__ import annotations

import fcntl
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from app.command_line import Said, environment, run, running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a database that the first command made, and one key."""
    path = tmp_path_factory.mktemp("data") / "antiphon-data"
    made = run("keys", "create", "--name", "first", "--scope", "admin", "--json", "--data", str(path))
    assert made.json.keys() == {"id", "key"}
    return path


def key_names(said: Said) -> list[str]:
    return [key["name"] for key in said.json]


def test_the_folder_is_named_by_option_environment_or_habit(folder: Path) -> None:
    assert key_names(run("keys", "list", "--json", ANTIPHON_DATA=str(folder))) == ["first"]
    typed = run("keys", "list", "--json", "--data", str(folder), ANTIPHON_DATABASE="postgresql://127.0.0.1:1/none")
    assert key_names(typed) == ["first"]
    assert run("keys", "list", ANTIPHON_DATA=str(folder), ANTIPHON_DATABASE="postgresql://127.0.0.1:1/none").code == 1


def test_a_command_joins_what_another_command_holds(folder: Path) -> None:
    with running("watch", "--data", str(folder)) as watching:
        wait_for(lambda: len(postmasters(folder)) == 1)
        (before,) = postmasters(folder)
        assert key_names(run("keys", "list", "--json", "--data", str(folder))) == ["first"]
        assert postmasters(folder) == [before]
        watching.send_signal(signal.SIGINT)
        assert watching.wait(30) == 130
        assert watching.stderr is not None
        assert "Traceback" not in watching.stderr.read()
    assert postmasters(folder) == []


def test_a_command_that_is_terminated_stops_its_database(folder: Path) -> None:
    with running("watch", "--data", str(folder)) as watching:
        wait_for(lambda: len(postmasters(folder)) == 1)
        watching.terminate()
        assert watching.wait(30) == 128 + signal.SIGTERM
    assert postmasters(folder) == []


def test_a_second_serve_is_refused_and_every_other_command_joins(folder: Path) -> None:
    port = free_port()
    with running("serve", "--data", str(folder), "--port", str(port), "--role", "web") as serving:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/api/v1/health"))
        refused = run("serve", "--data", str(folder), "--port", str(free_port()))
        assert refused.code == 1
        assert str(serving.pid) in refused.err
        assert key_names(run("keys", "list", "--json", "--data", str(folder))) == ["first"]
        said = run("doctor", "--data", str(folder))
        assert "ok    data folder: " in said.out


def test_a_command_whose_database_ends_says_so(folder: Path) -> None:
    port = free_port()
    with running("serve", "--data", str(folder), "--port", str(port), "--role", "web") as serving:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/api/v1/health"))
        with running("watch", "--data", str(folder)) as watching:
            wait_for(lambda: is_locked(folder / "users.lock"))
            time.sleep(2.0)  # it has joined, and looks every second
            serving.terminate()
            assert serving.wait(30) == 0
            assert watching.wait(60) == 1
            assert watching.stderr is not None
            said = watching.stderr.read()
            assert "database" in said
            assert "Traceback" not in said


def test_the_doctor_changes_nothing(tmp_path: Path) -> None:
    said = run("doctor", "--data", str(tmp_path / "none"))
    assert said.code == 0
    assert said.out.startswith("warn  data folder: ")
    assert not (tmp_path / "none").exists()


def test_a_reader_that_leaves_gets_no_traceback(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "antiphon", "settings", "show", "--data", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(60) == 1
        assert "Traceback" not in process.stderr.read()


def postmasters(folder: Path) -> list[int]:
    """Live servers of that folder."""
    try:
        pid = int((folder / "postgres/cluster/postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return []
    return [pid] if Path(f"/proc/{pid}").exists() else []


def is_locked(path: Path) -> bool:
    """Whether somebody shares it (flock(2))."""
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def wait_for(condition: object, within_s: float = 60.0) -> None:
    assert callable(condition)
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
