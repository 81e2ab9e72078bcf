"""A campaign of signed 2 kB e-mails into Postfix's smtp-sink, with the full ledger; smtp-source beside it.

    python -m bench.campaign [PEOPLE]

Needs Postfix's `smtp-sink` and `smtp-source` (Debian: postfix). The sink takes everything and keeps nothing.
"""

from __future__ import annotations

import contextlib
import csv
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from antiphon.kernel.keys import new_dkim_key
from bench.house import House, free_port, house
from bench.machine import machine

TEXT = "Larkspur's autumn roasts are in. " * 25


@contextlib.contextmanager
def sink() -> Iterator[int]:
    port = free_port()
    program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
    process = subprocess.Popen([program, "-u", "nobody", "-c", f"127.0.0.1:{port}", "1000"], stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.kill()


def smtp_source(port: int, messages: int) -> float:
    """Messages a second of Postfix's own generator: 10 connections, 2 kB, unsigned."""
    program = shutil.which("smtp-source") or "/usr/sbin/smtp-source"
    begun = time.monotonic()
    command = [program, "-s", "10", "-m", str(messages), "-l", "2048", "-f", "a@b.example", "-t", "c@d.example", "-d"]
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)
    return messages / (time.monotonic() - begun)


def prepare(made: House, port: int, people: int, folder: Path) -> str:
    with (folder / "people.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "email", "first_name"])
        rows.writerows((f"p{n}", f"p{n}@example.org", f"Person {n}") for n in range(people))
    made.run("import", "people", str(folder / "people.csv"))
    dkim = [{"domain": "example.org", "selector": "s", "private_key": new_dkim_key()}]
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "envelope_domain": "b.example.org"}
    settings |= {"connections": 10, "dkim": dkim}
    made.call("PUT", "/api/v1/settings", {"sender_email": "hello@example.org", "brand_name": "Larkspur"})
    made.call("POST", "/api/v1/providers", {"name": "sink", "adapter": "smtp", "settings": settings})
    made.call("POST", "/api/v1/segments", {"name": "all", "rule": {"version": 1, "rule": {"reachable": "email"}}})
    email = {"subject": "{{ profile.first_name }}, the roasts are in", "blocks": [{"kind": "text", "text": TEXT}]}
    message = {"name": "roasts", "topic": "news", "locales": {"en": {"email": email}}}
    made.call("POST", "/api/v1/messages", message)
    campaign = {"name": "roasts", "message": "roasts", "segment": "all", "channels": ["email"]}
    return str(made.call("POST", "/api/v1/campaigns", campaign)["id"])


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(machine())
    with tempfile.TemporaryDirectory() as name, sink() as port, house(Path(name) / "data") as made:
        campaign = prepare(made, port, people, Path(name))
        reference = smtp_source(port, 20_000)
        begun = time.monotonic()
        made.call("POST", f"/api/v1/campaigns/{campaign}/launch")
        while made.call("GET", f"/api/v1/campaigns/{campaign}")["state"] != "done":
            time.sleep(1.0)
            if time.monotonic() - begun > 1200:
                raise TimeoutError(made.call("GET", f"/api/v1/campaigns/{campaign}"))
        took = time.monotonic() - begun
        counts = made.call("GET", f"/api/v1/campaigns/{campaign}")["notifications"]
    print(f"{people} people, one worker: {counts}")
    print(f"launch to done: {took:.1f} s = {people / took:,.0f} signed e-mails/s with full ledger")
    print(f"smtp-source, 10 connections, 2 kB, unsigned: {reference:,.0f}/s; ratio {people / took / reference:.3f}")


if __name__ == "__main__":
    main()
