from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from antiphon.kernel.errors import Busy, Problem
from antiphon.kernel.postgres.child import (
    NOTICE_S,
    POLL_S,
    Child,
    Progress,
    cluster_name,
    end_leftovers,
    is_ready,
    postmaster_id,
    processes_of,
)
from antiphon.kernel.postgres.folder import PORT, Folder, Lock
from antiphon.kernel.postgres.founding import HERE, found
from antiphon.kernel.postgres.programs import account_for, find_programs
from antiphon.kernel.postgres.settings import FAST_SWITCH, is_fast, settings

STOP_PATIENCE_S = 120.0
RETRY_S = 30.0
JOIN_S = 600.0


class StartFailed(Problem):
    """PostgreSQL did not start."""


class Stopped(Problem):
    """The database of this data folder has stopped."""


class Server:
    """The database of one data folder: our own child, or that of another process which we joined."""

    is_ours: bool

    def __init__(self, folder: Folder, lock: Lock) -> None:
        self._folder = folder
        self._lock = lock

    @property
    def dsn(self) -> str:
        """For asyncpg. It holds the password: never log it."""
        host = quote(str(self._folder.socket_folder()), safe="")
        return f"postgresql://antiphon:{self._folder.password()}@/antiphon?host={host}&port={PORT}"

    def poll(self) -> int | None:
        """None while it runs, like Popen.poll. Call it every few seconds: it also bounds the log."""
        raise NotImplementedError

    def restart(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Joined(Server):
    """The server of another process, which waits for us before it stops (but `serve` waits for nobody)."""

    is_ours = False

    def poll(self) -> int | None:
        main = postmaster_id(self._folder.cluster)
        return None if main is not None and Path(f"/proc/{main}").exists() else -1

    def restart(self) -> None:
        raise Stopped("The database was started by another process, which alone can restart it.")

    def stop(self) -> None:
        self._lock.close()


class Own(Server):
    """Our child. `stop` waits for those who joined if it was started for the length of a command."""

    is_ours = True

    def __init__(self, folder: Folder, lock: Lock, *, progress: Progress, fast: bool, waits: bool = False) -> None:
        super().__init__(folder, lock)
        self._progress, self._fast, self._waits = progress, fast, waits
        self._child: Child | None = None
        self._stopping = threading.Event()
        self._changing = threading.Lock()  # a watchdog restarts in its thread while another stops

    @property
    def process_id(self) -> int:
        assert self._child is not None
        return self._child.process.pid

    def poll(self) -> int | None:
        self._folder.trim_log()
        return self._child.poll() if self._child else -1

    def launch(self) -> None:
        """Founds the cluster if need be, clears away what an earlier run left, and waits until it answers."""
        folder = self._folder
        self._lock.sign()
        if self._fast:
            self._progress(f"The database is not durable: {FAST_SWITCH} is for tests only.")
        try:
            account = account_for(folder.cluster)
            programs = find_programs(account)
            found(folder, programs, account, fast=self._fast)
            end_leftovers(folder.cluster, self._progress)
            folder.make_socket_folder((account.uid, account.gid))
            self._account, self._program = account, programs / "postgres"
            self._run()
        except BaseException:
            self._end()
            raise

    def restart(self) -> None:
        """Back to a server that answers, whatever state it is in. Everybody's connections are cut."""
        with self._changing:
            if self._child is None or self._stopping.is_set():
                raise Stopped()
            self._child.end(patience_s=STOP_PATIENCE_S)
            end_leftovers(self._folder.cluster, self._progress)
            self._run()

    def stop(self) -> None:
        self._stopping.set()
        with self._changing:
            if self._child is None:
                return
            users = Lock(self._folder, self._folder.users_lock)
            if not users.take() and self._waits:
                self._progress("Another command still uses the database. Waiting for it to finish.")
                users.take(wait=True)
            self._end()
            users.close()

    def _end(self) -> None:
        if self._child:
            self._child.end(patience_s=STOP_PATIENCE_S)
            self._child = None
            self._folder.drop_socket_folder()
        self._lock.close()

    def _run(self) -> None:
        deadline = time.monotonic() + RETRY_S
        while True:
            try:
                return self._run_once()
            except StartFailed as error:
                # Workers of a killed server may still be leaving its shared memory.
                if "still in use" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _run_once(self) -> None:
        folder = self._folder
        folder.trim_log()
        folder.clear_sockets()
        log = folder.open_ours(folder.log, os.O_WRONLY | os.O_APPEND)
        since = os.fstat(log).st_size
        try:
            self._child = Child(self._command(), cluster=folder.cluster, account=self._account, log_descriptor=log)
        except OSError as error:
            raise StartFailed(f"PostgreSQL did not start: {error}") from error
        finally:
            os.close(log)
        self._wait_until_ready(self._child, since)

    def _command(self) -> list[str]:
        name, socket_folder = cluster_name(self._folder.cluster), self._folder.socket_setting()
        command = [str(self._program), "-D", HERE]
        for setting in settings(cluster_name=name, socket_folder=socket_folder, fast=self._fast).items():
            command += ["-c", "=".join(setting)]
        return command

    def _wait_until_ready(self, child: Child, since: int) -> None:
        """Without a limit: after a crash the redo of the log takes as long as it takes."""
        told = time.monotonic()
        while not is_ready(self._folder.cluster, child.process.pid):
            if child.poll() is not None:
                said = self._folder.last_lines(since=since)
                raise StartFailed(f"PostgreSQL did not start: {said} (its log is {self._folder.log})")
            if self._stopping.is_set():
                raise Stopped()
            if time.monotonic() - told > NOTICE_S:
                told = time.monotonic()
                self._progress(f"Waiting for the database: {self._folder.last_lines(since=since, count=1)}")
            time.sleep(POLL_S)


def start(data_dir: Path, *, progress: Progress | None = None) -> Server:
    """The database for `serve`: ours alone to start and stop. Raises AlreadyServed, naming folder and process."""
    return _start(data_dir, progress=progress, fast=is_fast())


@contextmanager
def throwaway(data_dir: Path) -> Iterator[str]:
    """The DSN of a server for tests: quick, not durable. One for each test session, a database for each test."""
    with _start(data_dir, progress=None, fast=True) as server:
        yield server.dsn


def join_or_start(data_dir: Path, *, progress: Progress | None = None) -> Server:
    """The running database of that folder, or one for as long as this command runs. Use it as a context.

    Who started it waits at its end until all who joined have left; who comes during that waits and starts the next.
    """
    folder, lock = _open(data_dir)
    users = Lock(folder, folder.users_lock)
    progress = progress or _silent
    deadline, told = time.monotonic() + JOIN_S, time.monotonic()
    while not lock.take():
        if users.take(shared=True) and _answers(folder):
            lock.close()
            return Joined(folder, users)
        if time.monotonic() - told > NOTICE_S:
            told = time.monotonic()
            progress("Waiting for the database, which another process is starting or stopping.")
        if time.monotonic() > deadline:
            lock.close()
            users.close()
            raise Busy(f"The database of {folder.path} is still being started or stopped by another process.")
        time.sleep(POLL_S)
    users.close()
    server = Own(folder, lock, progress=progress, fast=is_fast(), waits=True)
    server.launch()
    return server


def _start(data_dir: Path, *, progress: Progress | None, fast: bool) -> Server:
    folder, lock = _open(data_dir)
    if not lock.take():
        lock.close()
        raise folder.refuse()
    server = Own(folder, lock, progress=progress or _silent, fast=fast)
    server.launch()
    return server


def _answers(folder: Folder) -> bool:
    return is_ready(folder.cluster) and postmaster_id(folder.cluster) in processes_of(folder.cluster)


def _open(data_dir: Path) -> tuple[Folder, Lock]:
    folder = Folder(data_dir)
    folder.create()
    return folder, Lock(folder, folder.serve_lock)


def _silent(_: str) -> None:
    pass
