"""Mail programs by others, each as a private instance: own folder, own ports, nothing of the machine's settings."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest


def needed(program: str, package: str) -> str:
    """The path of a program, or the test is skipped by its name. What is in a sbin may not be on the PATH."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"needs {program} (Debian: {package}); `make test-peers` installs it where it may")
    return found


def needs_root(program: str) -> None:
    if os.geteuid() != 0:
        pytest.skip(f"{program} changes to users of its own: needs root")


def free_port() -> int:
    """Below those that the kernel gives to whoever asks for any: nobody takes it before the program does."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def open_folder(name: str) -> Iterator[Path]:
    """One that other users may enter, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(command: list[str], *, port: int, log: Path) -> Iterator[None]:
    """Until it answers on its port; it and what it started are ended with the block."""
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        _await(port, process, log)
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        is_well = process.poll() is None and time.monotonic() < end
        assert is_well, log.read_text(errors="replace")[-3000:]
        time.sleep(0.05)


MAIN_CF = """
compatibility_level = 3.6
config_directory = {folder}/etc
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.shop.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_dns_support_level = disabled
smtp_tls_security_level = may
transport_maps = inline:{{ {transports} }}
recipient_delimiter =
minimal_backoff_time = 5s
queue_run_delay = 2s
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
"""

MASTER_CF = """
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@contextlib.contextmanager
def postfix(routes: Mapping[str, int]) -> Iterator[int]:
    """The port of a relay. `routes`: domain → port here; mail for others is not delivered."""
    program = needed("postfix", "postfix")
    needs_root("postfix")
    port = free_port()
    with open_folder("postfix") as folder:
        for name in ("etc", "queue", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        transports = ", ".join(f"{domain}=smtp:[127.0.0.1]:{to}" for domain, to in routes.items())
        (folder / "etc/main.cf").write_text(MAIN_CF.format(folder=folder, transports=transports))
        (folder / "etc/master.cf").write_text(MASTER_CF.format(port=port))
        log = folder / "start.log"
        command = [program, "-c", str(folder / "etc")]
        with running([*command, "start-fg"], port=port, log=log):
            try:
                yield port
            finally:  # its master has a session of its own
                subprocess.run([*command, "abort"], capture_output=True, timeout=10, check=False)


DOVECOT_CONF = """
base_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap lmtp
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
listen = 127.0.0.1
ssl = yes
ssl_cert = <{pem}
ssl_key = <{pem}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={folder}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
"""


@contextlib.contextmanager
def dovecot(pem: Path) -> Iterator[tuple[int, int, int]]:
    """The ports of IMAP with TLS, of IMAP without, and of LMTP. Everybody's password is `secret`."""
    program = needed("dovecot", "dovecot-imapd, dovecot-lmtpd")
    needs_root("dovecot")
    port, plain, lmtp = free_port(), free_port(), free_port()
    with open_folder("dovecot") as folder:
        (folder / "mail").mkdir()
        shutil.chown(folder / "mail", "dovecot", "dovecot")
        kept = folder / "leaf.pem"
        shutil.copy(pem, kept)
        config = folder / "dovecot.conf"
        config.write_text(
            DOVECOT_CONF.format(folder=folder, pem=kept, user="dovecot", port=port, plain=plain, lmtp=lmtp)
        )
        with running([program, "-F", "-c", str(config)], port=lmtp, log=folder / "start.log"):
            yield port, plain, lmtp


@contextlib.contextmanager
def names(records: Mapping[str, str], hosts: Mapping[str, str] | None = None) -> Iterator[int]:
    """The port of a name server (dnsmasq) that knows these TXT records and these hosts, each of which takes its own
    mail, and says of all else that there is none."""
    program = needed("dnsmasq", "dnsmasq-base")
    port = free_port()
    with open_folder("dnsmasq") as folder:
        lines = [f"port={port}", "no-resolv", "no-hosts", "listen-address=127.0.0.1", "bind-interfaces", "local=/./"]
        for name, text in records.items():
            cut = ",".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))
            lines.append(f"txt-record={name},{cut}")
        for name, address in (hosts or {}).items():
            lines += [f"host-record={name},{address}", f"mx-host={name},{name},10"]
        config = folder / "dnsmasq.conf"
        config.write_text("\n".join([*lines, f"pid-file={folder}/pid", ""]))
        with running([program, "-k", "-C", str(config)], port=port, log=folder / "log"):
            yield port


@contextlib.contextmanager
def rspamd(dns: int) -> Iterator[int]:
    """The port of a scanner (rspamd) with its packaged rules, which asks only that name server."""
    program = needed("rspamd", "rspamd")
    needs_root("rspamd")
    port = free_port()
    with open_folder("rspamd") as folder:
        for name in ("local.d", "db", "run"):
            (folder / name).mkdir()
        for name in (folder, folder / "db", folder / "run"):
            shutil.chown(name, "_rspamd", "_rspamd")
        local = {
            "worker-normal.inc": f'bind_socket = "127.0.0.1:{port}"; count = 1;',
            "worker-controller.inc": f'bind_socket = "127.0.0.1:{free_port()}";',
            "worker-proxy.inc": "enabled = false;",
            "worker-fuzzy.inc": "enabled = false;",
            "options.inc": f'dns {{ nameserver = ["127.0.0.1:{dns}"]; timeout = 1s; retransmits = 1; }}',
            "logging.inc": f'type = "file"; filename = "{folder}/rspamd.log"; level = "warning";',
            "fuzzy_check.conf": "enabled = false;",
            "rbl.conf": "enabled = false;",
        }
        for name, text in local.items():
            (folder / "local.d" / name).write_text(text + "\n")
        command = [program, "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf"]
        for name, place in {"LOCAL_CONFDIR": folder, "DBDIR": folder / "db", "RUNDIR": folder / "run"}.items():
            command.append(f"--var={name}={place}")
        with running(command, port=port, log=folder / "start.log"):
            yield port
