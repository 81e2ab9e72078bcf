"""The server in the data folder: whoever starts it, whatever kills it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from antiphon.kernel.postgres import AlreadyServed, Server, child, join_or_start, programs, server, start, throwaway
from antiphon.kernel.postgres.folder import LOG_BYTES_MAX, SOCKET_PATH_BYTES_MAX

SOURCE = str(Path(server.__file__).parents[3])
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

SERVE = """
import sys
from pathlib import Path
from antiphon.kernel.postgres import start
database = start(Path(sys.argv[1]))
print(database.process_id, flush=True)
sys.stdin.read()
database.stop()
"""
SERVE_WITHOUT_DEATH_SIGNAL = (
    """
from antiphon.kernel.postgres import child
child.end_with_parent = lambda name: None
"""
    + SERVE
)
SERVE_AS = (
    """
import os, sys
import antiphon.kernel.postgres
user = int(sys.argv[2])  # only now: the interpreter may lie where that user cannot start it
if user:
    os.setgroups([]), os.setgid(user), os.setuid(user)
"""
    + SERVE
)
COMMAND = """
import asyncio, sys
from pathlib import Path
import asyncpg
from antiphon.kernel.postgres import join_or_start
async def work(dsn):
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)") if sys.argv[2] == "0" else None
    print(await connection.fetchval("SELECT current_setting('server_version_num')::int"))
    await asyncio.sleep(float(sys.argv[3]))
    await connection.close()
with join_or_start(Path(sys.argv[1])) as database:
    asyncio.run(work(database.dsn))
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing without fsync (only a killed machine would), and the tests are faster."""
    monkeypatch.setenv("ANTIPHON_TEST_FAST_DATABASE", "1")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded") / "data"
    with throwaway(folder) as dsn:
        assert dsn.startswith("postgresql://antiphon:")
    return folder


@pytest.fixture
def data(founded: Path, tmp_path: Path) -> Path:
    """A folder with an empty database that is not running."""
    subprocess.run(["cp", "-a", founded, tmp_path / "data"], check=True)
    return tmp_path / "data"


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []

    def run(script: str, *arguments: object) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", script, *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": SOURCE}
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment, cwd="/")
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def ask(database: Server, statement: str, **options: Any) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(database.dsn, **options)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def keep_rows(data: Path) -> None:
    """Three committed rows, written through the running server of that folder."""
    with join_or_start(data) as database:
        assert not database.is_ours
        ask(database, "CREATE TABLE kept AS SELECT generate_series(1, 3) AS n")


def rows(database: Server) -> int:
    found = ask(database, "SELECT count(*) FROM kept")
    assert isinstance(found, int)
    return found


def wait_for(true: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def first_line(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return int(line)


def cluster(data: Path) -> Path:
    return data / "postgres" / "cluster"


def test_new_folder_has_the_promised_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTIPHON_TEST_FAST_DATABASE")
    with start(tmp_path / "data") as database:
        assert database.is_ours
        assert database.poll() is None
        for setting, value in {
            "data_checksums": "on",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "timezone": "UTC",
            "server_encoding": "UTF8",
            "listen_addresses": "",
            "jit": "off",
            "max_wal_size": "4GB",
        }.items():
            assert ask(database, f"SHOW {setting}") == value, setting
        assert ask(database, "SELECT datlocale FROM pg_database WHERE datname = 'antiphon'") == "C.UTF-8"
        assert ask(database, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert database.poll() is not None


def test_rows_are_there_after_a_stop(data: Path) -> None:
    with start(data):
        keep_rows(data)
    with start(data) as database:
        assert rows(database) == 3


def test_only_the_password_opens_the_database(data: Path) -> None:
    with start(data) as database:
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(database, "SELECT 1", password="guessed")
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            ask(database, "SELECT 1", user="postgres")
        assert stat.S_IMODE((data / "postgres" / "password").stat().st_mode) == 0o600
        assert database.dsn.split(":")[2].split("@")[0] not in repr(database) + str(vars(database))


def test_second_serve_is_refused_with_folder_and_process(
    data: Path, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    holder = spawn(SERVE, data)
    first_line(holder)
    with pytest.raises(AlreadyServed) as refusal:
        start(data)
    assert str(data) in str(refusal.value)
    assert f"process {holder.pid}." in str(refusal.value)


def test_killed_parent_takes_the_server_with_it(data: Path, spawn: Callable[..., subprocess.Popen[str]]) -> None:
    holder = spawn(SERVE, data)
    main = first_line(holder)
    keep_rows(data)
    holder.kill()
    wait_for(lambda: main not in child.processes_of(cluster(data)))
    with start(data) as database:
        assert rows(database) == 3


@pytest.mark.parametrize("paused", [False, True])
def test_server_that_outlived_its_parent_is_ended_in_good_order(
    data: Path, spawn: Callable[..., subprocess.Popen[str]], paused: bool
) -> None:
    """It has not inherited the lock of its parent either, or the start would be refused."""
    holder = spawn(SERVE_WITHOUT_DEATH_SIGNAL, data)
    main = first_line(holder)
    keep_rows(data)
    if paused:
        os.kill(main, signal.SIGSTOP)
    holder.kill()
    holder.wait()
    assert main in child.processes_of(cluster(data))
    with start(data) as database:
        assert main not in child.processes_of(cluster(data))
        assert rows(database) == 3
    assert "not properly shut down" not in (data / "postgres" / "postgres.log").read_text()


def test_killed_postmaster_comes_back_with_every_row(data: Path) -> None:
    """Sessions in the middle of a statement outlive it, and hold its shared memory."""
    with start(data) as database:
        keep_rows(data)

        async def kill_during_a_statement() -> None:
            connection = await asyncpg.connect(database.dsn)
            running = asyncio.create_task(connection.execute("SELECT sum(n) FROM generate_series(1, 1000000000) n"))
            await asyncio.sleep(0.1)
            os.kill(child.postmaster_id(cluster(data)) or 0, signal.SIGKILL)
            await asyncio.to_thread(wait_for, lambda: database.poll() is not None)
            assert len(child.processes_of(cluster(data))) >= 1
            await asyncio.to_thread(database.restart)
            with pytest.raises((asyncpg.PostgresError, OSError)):
                await running

        asyncio.run(kill_during_a_statement())
        assert database.poll() is None
        assert rows(database) == 3


def test_everything_killed_at_once_loses_nothing_committed(
    data: Path, spawn: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = spawn(SERVE, data)
    first_line(holder)
    keep_rows(data)
    holder.send_signal(signal.SIGSTOP)
    for process_id in [*child.processes_of(cluster(data)), holder.pid]:
        os.kill(process_id, signal.SIGKILL)
    holder.wait()
    monkeypatch.setattr(server, "NOTICE_S", 0)
    looks = iter([False])  # who looks first comes before the recovery is done, however quick it is
    monkeypatch.setattr(server, "is_ready", lambda *given: next(looks, True) and child.is_ready(*given))
    heard: list[str] = []
    with start(data, progress=heard.append) as database:
        assert rows(database) == 3
    assert any("Waiting for the database" in sentence for sentence in heard)
    assert "automatic recovery in progress" in (data / "postgres" / "postgres.log").read_text()


@pytest.mark.parametrize("bearer", ["zombie", "stranger"])
def test_stale_process_id_does_not_stop_a_start(data: Path, bearer: str) -> None:
    """PID 1 of many containers reaps nothing, and numbers are used again."""
    start(data).stop()
    with subprocess.Popen(["/bin/sleep", "0" if bearer == "zombie" else "60"]) as process:
        if bearer == "zombie":
            wait_for(lambda: ") Z " in Path(f"/proc/{process.pid}/stat").read_text())
        (cluster(data) / "postmaster.pid").write_text(f"{process.pid}\n{cluster(data)}\n0\n5432\n\n\n0 0\nready\n")
        with start(data) as database:
            assert ask(database, "SELECT 1") == 1
        assert process.poll() is None or bearer == "zombie"
        process.kill()


def test_command_that_started_the_server_waits_for_those_who_joined(data: Path) -> None:
    first = join_or_start(data)
    second = join_or_start(data)
    assert (first.is_ours, second.is_ours) == (True, False)
    assert (first.dsn, second.poll()) == (second.dsn, None)
    leaving = threading.Thread(target=first.stop)
    leaving.start()
    time.sleep(0.1)
    assert ask(second, "SELECT 1") == 1
    second.stop()
    leaving.join(10)
    assert (first.poll(), second.poll()) == (-1, -1)


def test_serve_stops_without_waiting_for_those_who_joined(data: Path) -> None:
    serving = start(data)
    joined = join_or_start(data)
    serving.stop()
    assert joined.poll() == -1
    joined.stop()


def test_commands_that_begin_together_all_work(tmp_path: Path, spawn: Callable[..., subprocess.Popen[str]]) -> None:
    """One founds and starts, others join, whoever comes while it stops starts the next."""
    commands = [spawn(COMMAND, tmp_path, n, n % 2 * 0.1) for n in range(4)]
    for command in commands:
        said, complaint = command.communicate(timeout=30)
        assert command.returncode == 0, complaint
        assert said.startswith("18")
    assert not child.processes_of(cluster(tmp_path))


def test_joined_command_survives_a_killed_neighbour(data: Path, spawn: Callable[..., subprocess.Popen[str]]) -> None:
    with start(data):
        neighbour = spawn(COMMAND, data, 0, 30)
        first_line(neighbour)  # it is connected
        with join_or_start(data) as joined:
            neighbour.kill()
            neighbour.wait()
            assert ask(joined, "SELECT 1") == 1


@pytest.mark.parametrize(("name", "is_long"), [("x" * 120, True), ("é ü?&%@ #:/'\"", False)])
def test_any_data_path_will_do(name: str, is_long: bool) -> None:
    with tempfile.TemporaryDirectory() as above:
        data = Path(above) / name
        recorded = data / "postgres" / "socket-folder"
        with start(data):
            keep_rows(data)
            assert recorded.exists() == is_long
            if is_long:
                short = Path(recorded.read_text())
                assert stat.S_IMODE(short.stat().st_mode) == 0o700
                assert len(str(short)) + len("/.s.PGSQL.5432") <= SOCKET_PATH_BYTES_MAX
        assert not recorded.exists()
        with start(data) as database:
            assert rows(database) == 3


def test_interrupted_founding_is_mended(tmp_path: Path, spawn: Callable[..., subprocess.Popen[str]]) -> None:
    home = tmp_path / "postgres"
    holder = spawn(SERVE, tmp_path)
    wait_for(lambda: [*home.glob("new-*/cluster/global")])
    holder.kill()
    holder.wait()
    assert not cluster(tmp_path).exists()
    with start(tmp_path) as database:
        assert ask(database, "SELECT 1") == 1
        assert not [*home.glob("new-*")]


def test_thread_that_started_the_server_may_end(data: Path) -> None:
    """PR_SET_PDEATHSIG watches the thread, not the process."""
    started: list[Server] = []
    thread = threading.Thread(target=lambda: started.append(start(data)))
    thread.start()
    thread.join()
    time.sleep(0.1)
    with started[0] as database:
        assert ask(database, "SELECT 1") == 1


def test_log_has_a_bound_and_no_addresses(data: Path) -> None:
    log = data / "postgres" / "postgres.log"
    with start(data) as database:
        ask(database, "CREATE TABLE address (value text UNIQUE)")
        ask(database, "INSERT INTO address VALUES ('ada@example.org')")
        with pytest.raises(asyncpg.UniqueViolationError):
            ask(database, "INSERT INTO address VALUES ('ada@example.org')")
        assert "duplicate key" in log.read_text()
        assert "ada@example.org" not in log.read_text()
        with log.open("ab") as file:
            file.truncate(LOG_BYTES_MAX + 1)
        database.poll()
        assert log.stat().st_size == 0
        assert log.with_name("postgres.log.1").stat().st_size == LOG_BYTES_MAX + 1


@as_root
def test_root_serves_from_a_closed_folder_and_changes_nothing_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in /root: neither the data nor the programs can be reached by the account of the server."""
    closed, public = tmp_path / "closed", Path(tempfile.mkdtemp())
    closed.mkdir(mode=0o700)
    for part in programs.PARTS:
        shutil.copytree(programs._wheel() / part, closed / "wheel" / part)
    public.chmod(0o755)
    monkeypatch.setattr(programs, "_wheel", lambda: closed / "wheel")
    monkeypatch.setattr(programs, "COPY_PARENTS", (public / "antiphon",))
    try:
        for _ in range(2):
            with start(closed / "data") as database:
                main = child.postmaster_id(cluster(closed / "data"))
                assert Path(f"/proc/{main}").stat().st_uid == programs.DEDICATED_UID
                assert Path(f"/proc/{main}/cmdline").read_text().startswith(str(public))
                assert ask(database, "SELECT count(*) > 0 FROM pg_timezone_names")
        assert (stat.S_IMODE(closed.stat().st_mode), closed.stat().st_uid) == (0o700, 0)
        assert {path.stat().st_uid for path in cluster(closed / "data").rglob("*")} == {programs.DEDICATED_UID}
    finally:
        shutil.rmtree(public)


@as_root
def test_root_refuses_programs_that_another_could_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, planted = tmp_path / "wheel", tmp_path / "planted"
    shutil.copytree(programs._wheel() / programs.PROGRAMS, closed / programs.PROGRAMS)
    planted.mkdir()
    os.chown(planted, NOBODY, NOBODY)
    monkeypatch.setattr(programs, "_wheel", lambda: closed)
    monkeypatch.setattr(programs, "COPY_PARENTS", (planted,))
    with pytest.raises(programs.NoPrograms, match=str(closed)):
        start(tmp_path / "data")
    assert not [*planted.iterdir()]


@as_root
def test_ordinary_user_serves_too_and_root_after_him(spawn: Callable[..., subprocess.Popen[str]]) -> None:
    """Root runs the server as the owner of the data, and what root leaves behind stays usable for that user."""
    home = Path(tempfile.mkdtemp())
    os.chown(home, NOBODY, NOBODY)
    try:
        for user in (NOBODY, 0, NOBODY):
            holder = spawn(SERVE_AS, home / "data", user)
            main = first_line(holder)
            assert Path(f"/proc/{main}").stat().st_uid == NOBODY
            _, complaint = holder.communicate(timeout=20)
            assert holder.returncode == 0, complaint
    finally:
        shutil.rmtree(home)
