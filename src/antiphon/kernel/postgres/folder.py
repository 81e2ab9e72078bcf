"""Where things lie in a data folder, and which locks say who uses it."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

from antiphon.kernel.errors import Conflict, Problem

SOCKET_PATH_BYTES_MAX = 107  # sun_path of unix(7) has 108 bytes, the last one is 0
LOG_BYTES_MAX = 10 * 1024 * 1024
PORT = 5432  # only a part of the socket's name: no port is opened


class AlreadyServed(Conflict):
    """This data folder is already in use by another process."""


class Unusable(Problem):
    """The data folder cannot be used."""


class Folder:
    """One data folder.

    `serve.lock` is held exclusively by the process whose child the server is, `users.lock` is shared by all that joined
    it. `postgres/cluster` and `postgres/run` belong to the account of the server, everything else to us: as root
    we never write where that account could plant a link.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.home = self.path / "postgres"
        self.cluster = self.home / "cluster"
        self.run = self.home / "run"
        self.log = self.home / "postgres.log"
        self.password_file = self.home / "password"
        self.socket_record = self.home / "socket-folder"
        self.serve_lock = self.path / "serve.lock"
        self.users_lock = self.path / "users.lock"

    def create(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.home.mkdir(mode=0o711, exist_ok=True)
            if os.geteuid() == 0:
                give(self.home, like=self.path)
                self.home.chmod(0o711)  # the account of the server passes through to `run`
        except OSError as error:
            raise Unusable(f"The data folder {self.path} cannot be used: {error.strerror}.") from error

    def open_ours(self, path: Path, flags: int) -> int:
        """A descriptor of a file that belongs to the owner of the data folder, whoever of root and him came first."""
        try:
            descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unusable(
                f"{path} cannot be opened: {error.strerror}. Use the account that the data folder belongs to."
            ) from error
        if os.geteuid() == 0:
            owner = self.path.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        return descriptor

    def write_ours(self, path: Path, text: str) -> None:
        """Written whole or not at all, and on disk when this returns."""
        draft = path.with_name(path.name + ".new")
        with os.fdopen(self.open_ours(draft, os.O_WRONLY | os.O_TRUNC), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)

    def password(self, *, create: bool = False) -> str:
        if create and not self.password_file.exists():
            self.write_ours(self.password_file, secrets.token_urlsafe(24))
        try:
            return self.password_file.read_text().strip()
        except OSError as error:
            raise Unusable(
                f"The password of the database cannot be read from {self.password_file}: {error.strerror}. "
                "Use the account that the data folder belongs to, or restore that file from a backup."
            ) from error

    def socket_folder(self) -> Path:
        """Where clients find the socket of the running server."""
        try:
            return Path(self.socket_record.read_text().strip())
        except FileNotFoundError:
            return self.run

    def make_socket_folder(self, owner: tuple[int, int]) -> None:
        """`run`, or a private folder with a short name when the path of `run` is too long for a socket."""
        self.run.mkdir(mode=0o700, exist_ok=True)
        _entrust(self.run, owner)
        if _fits(self.run):
            self.socket_record.unlink(missing_ok=True)
        elif not _is_private(self.socket_folder(), owner):
            short = Path(tempfile.mkdtemp(prefix="antiphon-", dir=_short_temp()))
            _entrust(short, owner)
            self.write_ours(self.socket_record, str(short))

    def clear_sockets(self) -> None:
        """Call it when no server lives: like postmaster.pid, a lock file of a socket may name a zombie."""
        for leftover in self.socket_folder().glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)

    def socket_setting(self) -> str:
        """The same place as the server, whose working directory is `cluster`, reaches it."""
        found = self.socket_folder()
        return "../run" if found == self.run else str(found)

    def drop_socket_folder(self) -> None:
        if self.socket_record.exists():
            shutil.rmtree(self.socket_folder(), ignore_errors=True)
            self.socket_record.unlink(missing_ok=True)

    def trim_log(self) -> None:
        """At most two files of the size allowed. The server appends to the one it has open, so that one is emptied."""
        if not self.log.exists() or self.log.stat().st_size <= LOG_BYTES_MAX:
            return
        older = self.log.with_name(self.log.name + ".1")
        with self.log.open("rb") as log, os.fdopen(self.open_ours(older, os.O_WRONLY | os.O_TRUNC), "wb") as copy:
            shutil.copyfileobj(log, copy)
        os.truncate(self.log, 0)

    def last_lines(self, *, since: int, count: int = 6) -> str:
        """What the server wrote to its log after that offset."""
        with self.log.open("rb") as file:
            file.seek(max(since, self.log.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").strip().splitlines()
        return "\n".join(lines[-count:])

    def refuse(self) -> AlreadyServed:
        try:
            holder = self.serve_lock.read_text().strip()
        except OSError:
            holder = ""
        return AlreadyServed(
            f"The data folder {self.path} is already in use by process {holder or 'unknown'}. "
            "Stop that process first, or give another data folder."
        )


class Lock:
    """A lock that dies with its process: flock(2) on a descriptor that no child inherits."""

    def __init__(self, folder: Folder, path: Path) -> None:
        self._descriptor = folder.open_ours(path, os.O_RDWR)
        # A forked process (not an executed one) would hold the lock beyond our death.
        os.register_at_fork(after_in_child=self.close)

    def take(self, *, shared: bool = False, wait: bool = False) -> bool:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._descriptor, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def sign(self) -> None:
        """Leave our process id for the sentence that others get."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def give(path: Path, *, like: Path) -> None:
    owner = like.stat()
    os.lchown(path, owner.st_uid, owner.st_gid)


def sync_folder(path: Path) -> None:
    """Makes the names in it survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entrust(path: Path, owner: tuple[int, int]) -> None:
    if os.geteuid() == 0:
        os.lchown(path, *owner)


def _fits(socket_folder: Path) -> bool:
    return len(os.fsencode(socket_folder / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES_MAX


def _is_private(path: Path, owner: tuple[int, int]) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    private = stat.S_ISDIR(found.st_mode) and found.st_mode & 0o077 == 0 and found.st_uid == owner[0]
    return private and _fits(path)


def _short_temp() -> str:
    chosen = tempfile.gettempdir()
    return chosen if _fits(Path(chosen) / "antiphon-12345678") else "/tmp"  # noqa: S108 - mkdtemp makes it private
