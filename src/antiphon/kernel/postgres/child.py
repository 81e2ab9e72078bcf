"""`postgres` as a direct child, and what an earlier one may have left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from antiphon.kernel.postgres.programs import Account

POLL_S = 0.01
NOTICE_S = 1.0  # between two words of progress
Progress = Callable[[str], None]

_PR_SET_PDEATHSIG = 1  # prctl(2)
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(name: str) -> Callable[[], None]:
    """Runs between fork and exec: the kernel sends that signal when the parent *thread* ends.

    Only calls what is loaded already, so no lock of another thread is waited for. It comes after the change of user,
    which would clear the wish.
    """
    parent, number = os.getpid(), int(signal.Signals[name])

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


class Child:
    """One run of a postmaster.

    It is started and waited for by a thread of its own, because its life is bound to the thread that started it: bound
    to a pool's thread, the database would stop whenever the pool shrinks.
    """

    def __init__(self, command: Sequence[str], *, cluster: Path, account: Account, log_descriptor: int) -> None:
        self._command, self._cluster, self._account, self._log = command, cluster, account, log_descriptor
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None
        started = threading.Event()
        threading.Thread(target=self._live, args=(started,), name="postgres", daemon=True).start()
        started.wait()
        if self._failure:
            raise self._failure

    def _live(self, started: threading.Event) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                self._command,
                cwd=self._cluster,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                preexec_fn=end_with_parent("SIGINT"),  # noqa: PLW1509 - see there
                **self._account.popen_arguments(),
            )
        except OSError as error:
            self._failure = error
        finally:
            started.set()
        if self._process:
            self._process.wait()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def poll(self) -> int | None:
        return self.process.poll()

    def end(self, *, patience_s: float) -> None:
        """Fast shutdown: sessions are cut, a checkpoint is written. Past the patience without one: redo comes later."""
        for number, wait_s in ((signal.SIGINT, patience_s), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if self.poll() is not None:
                return
            self.process.send_signal(number)
            if _until(lambda: self.poll() is not None, wait_s):
                return


def is_ready(cluster: Path, process_id: int | None = None) -> bool:
    """Line 8 of postmaster.pid, as pg_ctl reads it."""
    lines = _pid_file(cluster)
    ours = process_id is None or lines[:1] == [str(process_id)]
    return ours and len(lines) >= 8 and lines[7].strip() == "ready"


def postmaster_id(cluster: Path) -> int | None:
    first = _pid_file(cluster)[:1]
    return int(first[0]) if first and first[0].strip().isdigit() else None


def _pid_file(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def cluster_name(cluster: Path) -> str:
    """The mark on every process of this cluster, seen in its command line."""
    found = cluster.stat()
    return f"antiphon-{found.st_dev:x}-{found.st_ino:x}"


def processes_of(cluster: Path) -> list[int]:
    """The living processes of this cluster, whoever started them.

    Neither postmaster.pid (a zombie or a stranger may bear that number) nor /proc/N/cwd (closed to root in most
    containers) tells, but the name in the command line does; a zombie has none.
    """
    mark, owner = cluster_name(cluster).encode(), cluster.stat().st_uid
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if entry.stat().st_uid == owner and mark in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def end_leftovers(cluster: Path, progress: Progress) -> None:
    """Ends what outlived its parent: an orphaned server in good order, sessions without a server at once.

    Afterwards a postmaster.pid that is still there is stale, and removed: its number may be that of a zombie or of a
    stranger by now, which PostgreSQL would take for a running server.
    """
    began = told = time.monotonic()
    while alive := processes_of(cluster):
        waited = time.monotonic() - began
        main = postmaster_id(cluster)
        if main in alive:
            _signal([main], signal.SIGINT if waited < 60 else signal.SIGQUIT)
        elif waited > 0.5:  # a session in the middle of a statement has not noticed yet
            _signal(alive, signal.SIGQUIT if waited < 10 else signal.SIGKILL)
        if time.monotonic() - told > NOTICE_S:
            told = time.monotonic()
            progress(f"Waiting for the database of an earlier run to stop (process {main or alive[0]}).")
        time.sleep(0.05)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _signal(process_ids: Sequence[int], number: int) -> None:
    for process_id in process_ids:
        with suppress(ProcessLookupError):
            os.kill(process_id, number)
            os.kill(process_id, signal.SIGCONT)  # a stopped process would keep us waiting for ever


def _until(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True
