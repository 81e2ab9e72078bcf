"""Makes a new cluster: whole under another name first, so that a crash halfway leaves nothing that looks finished."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from antiphon.kernel.errors import Problem
from antiphon.kernel.postgres.child import end_with_parent
from antiphon.kernel.postgres.folder import Folder, sync_folder
from antiphon.kernel.postgres.programs import Account, founding_account

DRAFT = "new-"
HERE = "/proc/self/cwd"
"""The data folder as the server names it: its working directory, given by us before it gives up root.

So it never walks the folders above, which it may not be allowed to enter (/root).
"""
INIT_S_MAX = 600

# The application is no superuser: a statement it was tricked into cannot run programs or read files.
ROLES = """\
CREATE ROLE antiphon LOGIN CREATEDB PASSWORD '{password}';

GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO antiphon;

CREATE DATABASE antiphon OWNER antiphon;

"""
HBA = "local all antiphon scram-sha-256\n"


class InitFailed(Problem):
    """The database could not be created."""


def found(folder: Folder, programs: Path, account: Account, *, fast: bool) -> None:
    """Makes `cluster` if there is none. Call it under the serve lock: it clears away what a crash left behind."""
    for leftover in folder.home.glob(DRAFT + "*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if folder.cluster.exists():
        _own(folder.cluster, account)
        return
    password = folder.password(create=True)
    founder = founding_account()
    closed = Path(tempfile.mkdtemp(prefix=DRAFT, dir=folder.home))  # other processes of the founder cannot enter
    draft = closed / "cluster"
    try:
        draft.mkdir(mode=0o700)
        _own(draft, founder)
        _initdb(programs, draft, founder, fast=fast)
        _single(programs, draft, founder, ROLES.format(password=password))
        (draft / "pg_hba.conf").write_text(HBA)
        _own(draft, account)
        sync_folder(draft)
        draft.rename(folder.cluster)
        sync_folder(folder.home)
    finally:
        shutil.rmtree(closed, ignore_errors=True)


def _initdb(programs: Path, cluster: Path, founder: Account, *, fast: bool) -> None:
    command = [str(programs / "initdb"), "-D", HERE, "--username=postgres", "--auth=reject", "--encoding=UTF8"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"]
    _run(command + ["--no-sync"] * fast, cluster, founder, "")


def _single(programs: Path, cluster: Path, founder: Account, statements: str) -> None:
    command = [str(programs / "postgres"), "--single", "-j", "-D", HERE, "-c", "log_min_error_statement=panic"]
    command += ["-c", "exit_on_error=on", "postgres"]
    _run(command, cluster, founder, statements)


def _run(command: list[str], cluster: Path, founder: Account, text: str) -> None:
    result = subprocess.run(  # noqa: S603 - our own programs
        command,
        check=False,
        input=text,
        cwd=cluster,
        capture_output=True,
        text=True,
        timeout=INIT_S_MAX,
        preexec_fn=end_with_parent("SIGKILL"),
        **founder.popen_arguments(),
    )
    if result.returncode != 0:
        last = "\n".join((result.stdout + result.stderr).strip().splitlines()[-8:])
        raise InitFailed(f"The database could not be created in {cluster.parent.parent}: {last}")


def _own(cluster: Path, account: Account) -> None:
    if os.geteuid() != 0 or cluster.stat().st_uid == account.uid:
        return
    for parent, folders, files in os.walk(cluster):
        for name in (*folders, *files):
            os.lchown(os.path.join(parent, name), account.uid, account.gid)
    os.lchown(cluster, account.uid, account.gid)  # last: it is what says that the rest is done
