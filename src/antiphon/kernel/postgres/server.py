from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from antiphon.kernel.errors import Problem
from antiphon.kernel.postgres.child import (
    NOTICE_S,
    POLL_S,
    Child,
    Progress,
    cluster_name,
    end_leftovers,
    is_ready,
    last_lines,
    postmaster_id,
    trim_log,
)
from antiphon.kernel.postgres.folder import PORT, Folder, Lock
from antiphon.kernel.postgres.founding import HERE, found
from antiphon.kernel.postgres.programs import account_for, find_programs
from antiphon.kernel.postgres.settings import FAST_SWITCH, is_fast, settings

STOP_PATIENCE_S = 120.0
RETRY_S = 30.0
JOIN_S = 60.0


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

    def restart(self, progress: Progress | None = None) -> None:
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

    def restart(self, progress: Progress | None = None) -> None:
        raise Stopped("The database was started by another process, which alone can restart it.")

    def stop(self) -> None:
        self._lock.close()


class Own(Server):
    """Our child. `stop` waits for those who joined if it was started for the length of a command."""

    is_ours = True

    def __init__(self, folder: Folder, lock: Lock, *, waits_for_others: bool = False) -> None:
        super().__init__(folder, lock)
        self._waits_for_others = waits_for_others
        self._child: Child | None = None

    @property
    def process_id(self) -> int:
        assert self._child is not None
        return self._child.process.pid

    def poll(self) -> int | None:
        trim_log(self._folder.log)
        return self._child.poll() if self._child else -1

    def restart(self, progress: Progress | None = None) -> None:
        """Back to a server that answers, whatever state it is in. Everybody's connections are cut."""
        progress = progress or _silent
        if self._child:
            self._child.end(patience_s=STOP_PATIENCE_S)
        end_leftovers(self._folder.cluster, progress)
        self._launch(progress)

    def stop(self) -> None:
        if self._child is None:
            return
        users = Lock(self._folder, self._folder.users_lock)
        users.take(wait=self._waits_for_others)
        self._child.end(patience_s=STOP_PATIENCE_S)
        self._child = None
        self._folder.drop_socket_folder()
        self._lock.close()
        users.close()

    def abandon(self) -> None:
        """After a start that failed: nothing of ours stays."""
        if self._child:
            self._child.end(patience_s=STOP_PATIENCE_S)
        self._child = None
        self._lock.close()

    def launch(self, progress: Progress) -> None:
        """Founds the cluster if need be, clears away what an earlier run left, and waits until it answers."""
        folder = self._folder
        if is_fast():
            progress(f"The database is not durable: {FAST_SWITCH} is for tests only.")
        account = account_for(folder.cluster)
        programs = find_programs(account)
        found(folder, programs, account)
        end_leftovers(folder.cluster, progress)
        folder.make_socket_folder((account.uid, account.gid))
        self._account, self._program = account, programs / "postgres"
        self._launch(progress)

    def _launch(self, progress: Progress) -> None:
        deadline = time.monotonic() + RETRY_S
        while True:
            try:
                return self._launch_once(progress)
            except StartFailed as error:
                # Workers of a killed server may still be leaving its shared memory.
                if "still in use" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _launch_once(self, progress: Progress) -> None:
        folder = self._folder
        trim_log(folder.log)
        log = folder.open_ours(folder.log, os.O_WRONLY | os.O_APPEND)
        since = os.fstat(log).st_size
        command = [str(self._program), "-D", HERE]
        for name, value in settings(cluster_name=cluster_name(folder.cluster), fast=is_fast()).items():
            command += ["-c", f"{name}={value}"]
        try:
            self._child = Child(command, cluster=folder.cluster, account=self._account, log_descriptor=log)
        except OSError as error:
            raise StartFailed(f"PostgreSQL did not start: {error}") from error
        finally:
            os.close(log)
        self._wait_until_ready(self._child, since, progress)

    def _wait_until_ready(self, child: Child, since: int, progress: Progress) -> None:
        """Without a limit: after a crash the redo of the log takes as long as it takes."""
        told = time.monotonic()
        while not is_ready(self._folder.cluster, child.process.pid):
            if child.poll() is not None:
                said = last_lines(self._folder.log, since=since)
                raise StartFailed(f"PostgreSQL did not start: {said} (its log is {self._folder.log})")
            if time.monotonic() - told > NOTICE_S:
                told = time.monotonic()
                progress(f"Waiting for the database: {last_lines(self._folder.log, since=since, count=1)}")
            time.sleep(POLL_S)


def start(data_dir: Path, *, progress: Progress | None = None) -> Server:
    """The database for `serve`: ours alone to start and stop. Raises AlreadyServed, naming folder and process."""
    folder, lock = _open(data_dir)
    if not lock.take():
        lock.close()
        raise folder.refuse()
    return _start(Own(folder, lock), lock, progress)


def join_or_start(data_dir: Path, *, progress: Progress | None = None) -> Server:
    """The running database of that folder, or one for as long as this command runs. Use it as a context.

    Who started it waits at its end until all who joined have left; who comes during that waits and starts the next.
    """
    folder, lock = _open(data_dir)
    users = Lock(folder, folder.users_lock)
    progress = progress or _silent
    deadline, told = time.monotonic() + JOIN_S, time.monotonic()
    while not lock.take():
        if users.take(shared=True) and is_ready(folder.cluster):
            lock.close()
            return Joined(folder, users)
        if time.monotonic() - told > NOTICE_S:
            told = time.monotonic()
            progress("Waiting for the database, which another process is starting or stopping.")
        if time.monotonic() > deadline:
            raise folder.refuse()
        time.sleep(POLL_S)
    users.close()
    return _start(Own(folder, lock, waits_for_others=True), lock, progress)


def throwaway(data_dir: Path) -> Server:
    """A server for tests: quick to make, not durable. One for each test session; a database for each test."""
    os.environ[FAST_SWITCH] = "1"
    return start(data_dir)


def _open(data_dir: Path) -> tuple[Folder, Lock]:
    folder = Folder(data_dir)
    folder.create()
    return folder, Lock(folder, folder.serve_lock)


def _start(server: Own, lock: Lock, progress: Progress | None) -> Server:
    lock.sign()
    try:
        server.launch(progress or _silent)
    except BaseException:
        server.abandon()
        raise
    return server


def _silent(_: str) -> None:
    pass
