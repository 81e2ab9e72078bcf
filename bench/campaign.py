"""A campaign of signed e-mails into Postfix's smtp-sink, with the full ledger; smtp-source beside it.

    python -m bench.campaign [--people 100000] [--key rsa|ed25519|none] [--size 2|30] [--reference]

Needs Postfix's `smtp-sink` and `smtp-source` (Debian: postfix). The sink takes everything and keeps nothing.
`--reference` runs the same render, assembly, signing and hand-over without a ledger in one process first. On a machine
that does other things too, CPU per message is the number to trust.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop

from antiphon import content
from antiphon.channels.adapters.email.smtp import DkimKey, SmtpAdapter, SmtpSettings
from antiphon.kernel.keys import new_dkim_key
from antiphon.kernel.records import Accepted, Channel, DeliveryId, Outgoing
from antiphon.kernel.tokens import Signer
from antiphon.orchestration import variables_of
from bench.house import House, free_port, house
from bench.machine import machine
from bench.processes import Use, spent, uses

LINE = "Larkspur's autumn roasts are in. "
FIRST = 2_000
"""So many leave before it counts: by then everything is compiled and connected."""
BATCH, LOOPS = 250, 3


@contextlib.contextmanager
def sink(*options: str) -> Iterator[int]:
    port = free_port()
    program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *user, "-c", *options, f"127.0.0.1:{port}", "1000"], stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.kill()
        process.wait()


def smtp_source(port: int, messages: int, size: int) -> float:
    """Messages a second of Postfix's own generator: 10 connections, unsigned."""
    program = shutil.which("smtp-source") or "/usr/sbin/smtp-source"
    begun = time.monotonic()
    command = [program, "-s", "10", "-m", str(messages), "-l", str(size), "-f", "a@b.example", "-t", "c@d.example"]
    subprocess.run([*command, "-d", f"127.0.0.1:{port}"], check=True)
    return messages / (time.monotonic() - begun)


def message_of(kilobytes: int) -> dict[str, Any]:
    """About so many kilobytes of words, text and HTML together, in paragraphs."""
    paragraphs = 1 if kilobytes <= 2 else kilobytes * 1024 // 2 // (25 * len(LINE))
    text = "\n\n".join([LINE * 25] * paragraphs)
    email = {"subject": "{{ profile.first_name }}, the roasts are in", "blocks": [{"kind": "text", "text": text}]}
    return {"name": "roasts", "topic": "news", "locales": {"en": {"email": email}}}


def private_key(kind: str) -> str | None:
    if kind == "none":
        return None
    if kind == "rsa":
        return new_dkim_key()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return (
        Ed25519PrivateKey.generate()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def smtp_settings(port: int, key: str | None) -> dict[str, Any]:
    dkim = [{"domain": "example.org", "selector": "s", "private_key": key}] if key else []
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "envelope_domain": "b.example.org"}
    return settings | {"connections": 10, "dkim": dkim}


def prepare(made: House, port: int, people: int, folder: Path, *, key: str | None, kilobytes: int) -> str:
    with (folder / "people.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "email", "first_name"])
        rows.writerows((f"p{n}", f"p{n}@example.org", f"Person {n}") for n in range(people))
    made.run("import", "people", str(folder / "people.csv"))
    made.call("PUT", "/api/v1/settings", {"sender_email": "hello@example.org", "brand_name": "Larkspur"})
    made.call("POST", "/api/v1/providers", {"name": "sink", "adapter": "smtp", "settings": smtp_settings(port, key)})
    made.call("POST", "/api/v1/segments", {"name": "all", "rule": {"version": 1, "rule": {"reachable": "email"}}})
    made.call("POST", "/api/v1/messages", message_of(kilobytes))
    campaign = {"name": "roasts", "message": "roasts", "segment": "all", "channels": ["email"]}
    return str(made.call("POST", "/api/v1/campaigns", campaign)["id"])


def run(made: House, campaign: str, people: int) -> float:
    """Launch, wait for the end, print; messages a second."""
    before, begun = uses(), time.monotonic()
    made.call("POST", f"/api/v1/campaigns/{campaign}/launch")
    marks: list[tuple[float, float]] = []
    while True:
        time.sleep(1.0)
        marks.append((time.monotonic() - begun, uses().get("worker", Use()).rss_mb))
        view = made.call("GET", f"/api/v1/campaigns/{campaign}")
        if view["state"] == "done":
            break
        if marks[-1][0] > 3600:
            raise TimeoutError(view)
    took = time.monotonic() - begun
    used = spent(before, uses())
    print(f"{people} people, one worker: {view['notifications']}")
    print(f"launch to done: {took:.1f} s = {people / took:,.0f} e-mails/s with full ledger")
    each = ", ".join(f"{kind} {1e6 * cpu / people:,.0f}" for kind, cpu in used.items() if cpu)
    print(f"CPU per message, microseconds: {each}")
    some = marks[:: max(1, len(marks) // 8)]
    print("worker's memory, MB: " + ", ".join(f"{mb:.0f} at {at:.0f} s" for at, mb in some))
    return people / took


async def without_ledger(port: int, count: int, *, key: str | None, kilobytes: int) -> tuple[float, float]:
    """The same letters to the same sink from memory: messages a second, CPU seconds for each."""
    settings = smtp_settings(port, key)
    adapter = SmtpAdapter(SmtpSettings(**{**settings, "dkim": [DkimKey(**one) for one in settings["dkim"]]}))
    await adapter.connect()
    signer = Signer(b"a secret of a benchmark")
    message = content.parse(message_of(kilobytes))
    batches = iter(range(0, count, BATCH))

    async def loop() -> None:
        for first in batches:
            outgoing = [letter(message, signer, n) for n in range(first, min(count, first + BATCH))]
            results = await adapter.send_many(outgoing)
            assert all(isinstance(each, Accepted) for each in results), results[0]

    begun, used = time.perf_counter(), cpu_s()
    await asyncio.gather(*[loop() for _ in range(LOOPS)])
    figures = count / (time.perf_counter() - begun), (cpu_s() - used) / count
    await adapter.close()
    return figures


def letter(message: content.Message, signer: Signer, n: int) -> Outgoing:
    delivery = DeliveryId(2**30 + n)
    body = content.render(
        message,
        channel=Channel.EMAIL,
        variables=variables_of({"first_name": f"Person {n}"}, (), {}, at=None),
        addressing=content.Addressing(
            base_url="https://larkspur.example",
            sign=signer.sign,
            delivery=delivery,
            brand=content.Brand("Larkspur"),
            sender="hello@example.org",
            sender_name="Larkspur",
            feedback_id="1:campaign:antiphon",
            preferences=True,
        ),
    )
    return Outgoing(delivery, signer.sign("m", delivery), f"p{n}@example.org", body, time.time() + 60)


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    arguments = parse()
    key = private_key(arguments.key)
    print(machine())
    print(f"{arguments.size} kB, key {arguments.key}")
    with sink() as port, tempfile.TemporaryDirectory() as name:
        if arguments.reference:
            uvloop.run(without_ledger(port, FIRST, key=key, kilobytes=arguments.size))
            reference, cpu = uvloop.run(
                without_ledger(port, min(arguments.people, 20_000), key=key, kilobytes=arguments.size)
            )
            print(f"without ledger, one process: {reference:,.0f}/s, {1e6 * cpu:,.0f} microseconds of CPU each")
        with house(Path(name) / "data") as made:
            campaign = prepare(made, port, arguments.people, Path(name), key=key, kilobytes=arguments.size)
            plain = smtp_source(port, 20_000, arguments.size * 1024)
            rate = run(made, campaign, arguments.people)
        if arguments.reference:
            print(f"ratio to the same without ledger: {rate / reference:.2f}")
        print(f"smtp-source, 10 connections, {arguments.size} kB, unsigned: {plain:,.0f}/s; ratio {rate / plain:.3f}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--key", choices=("rsa", "ed25519", "none"), default="rsa")
    parser.add_argument("--size", type=int, choices=(2, 30), default=2)
    parser.add_argument("--reference", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
