"""Our SMTP client beside Postfix's smtp-source, both against Postfix's smtp-sink, in one run on one machine.

    PYTHONPATH=src .venv/bin/python bench/smtp.py [--messages 20000] [--bytes 2000] [--connections 1 10 50]

Needs `smtp-sink` and `smtp-source` (Debian: `apt-get install postfix`, no running Postfix) and two cores: the sink
runs on the last one, the clients on the first. `wire` sends letters that are already written, as smtp-source does;
`unsigned`, `ed25519` and `rsa` go through `SmtpAdapter.send_many`, which assembles and signs each message.
The ratio is messages a second against smtp-source with as many connections; CPU is of the client alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path

import uvloop
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from msgspec import Struct

from antiphon.channels.adapters.email.job import Batch
from antiphon.channels.adapters.email.letter import Letter
from antiphon.channels.adapters.email.reply import Extensions
from antiphon.channels.adapters.email.smtp import DkimKey, SmtpAdapter, SmtpSettings
from antiphon.kernel.records import Accepted, DeliveryId, EmailBody, Outgoing

BATCH = 250
MODES = ("wire", "unsigned", "ed25519", "rsa")


class Figure(Struct, frozen=True):
    rate: float
    cpu_us: float


def main() -> None:
    arguments = parse()
    sink, source = program("smtp-sink"), program("smtp-source")
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    server = subprocess.Popen([sink, *user, f"127.0.0.1:{port}", "1000"], preexec_fn=lambda: pin(cores[-1]))
    try:
        wait_for(port)
        print_machine(arguments)
        for connections in arguments.connections:
            run(arguments, port=port, connections=connections, source=source)
    finally:
        server.terminate()
        server.wait()


def run(arguments: argparse.Namespace, *, port: int, connections: int, source: str) -> None:
    base = max((smtp_source(source, arguments, port, connections) for _ in range(2)), key=lambda each: each.rate)
    show(connections, "smtp-source", base, base)
    for mode in arguments.modes:
        count = arguments.messages if mode != "rsa" else max(BATCH, arguments.messages // 10)
        figures = [measure(mode, port, connections=connections, count=count, size=arguments.bytes) for _ in range(2)]
        show(connections, mode, max(figures, key=lambda each: each.rate), base)


def smtp_source(source: str, arguments: argparse.Namespace, port: int, connections: int) -> Figure:
    command = [source, "-d", "-s", str(connections), "-l", str(arguments.bytes), "-m", str(arguments.messages)]
    started = time.perf_counter()
    process = subprocess.Popen([*command, f"127.0.0.1:{port}"])
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    if status:
        sys.exit("smtp-source failed")
    return Figure(arguments.messages / wall_s, (usage.ru_utime + usage.ru_stime) * 1e6 / arguments.messages)


def measure(mode: str, port: int, *, connections: int, count: int, size: int) -> Figure:
    settings = SmtpSettings(
        host="127.0.0.1",
        port=port,
        security="none",
        envelope_domain="bounce.shop.example",
        connections=connections,
        dkim=keys(mode),
    )

    async def session() -> Figure:
        adapter = SmtpAdapter(settings)
        await adapter.connect()
        send = wire(adapter, count, size) if mode == "wire" else whole(adapter, count, size)
        before, started = cpu_s(), time.perf_counter()
        await send()
        figure = Figure(count / (time.perf_counter() - started), (cpu_s() - before) * 1e6 / count)
        await adapter.close()
        return figure

    return uvloop.run(session())


def whole(adapter: SmtpAdapter, count: int, size: int) -> Callable[[], Awaitable[None]]:
    """Everything from `Outgoing` on, four batches at a time as a worker would."""
    batches = [[outgoing(n, size) for n in range(at, min(at + BATCH, count))] for at in range(0, count, BATCH)]
    queue = iter(batches)

    async def worker() -> None:
        for batch in queue:
            results = await adapter.send_many(batch)
            assert all(isinstance(each, Accepted) for each in results), results[0]

    async def send() -> None:
        await asyncio.gather(*[worker() for _ in range(4)])

    return send


def wire(adapter: SmtpAdapter, count: int, size: int) -> Callable[[], Awaitable[None]]:
    """The connections alone, with letters that were written before."""
    messages = [outgoing(n, size) for n in range(count)]
    letters = adapter._write(messages, Extensions(eight_bit=True))

    async def send() -> None:
        batch = Batch(messages, wall=time.time)
        for job, letter in zip(batch.jobs, letters, strict=True):
            assert isinstance(letter, Letter)
            job.letter = letter
        adapter._pool.submit(batch.jobs)
        await batch.done
        assert all(isinstance(each, Accepted) for each in batch.results())
        batch.withdraw("")

    return send


def outgoing(n: int, size: int) -> Outgoing:
    """A message of about `size` bytes, of which 800 are headers and structure."""
    half = max(1, (size - 800) // 2 // 62)
    line = "Grüße aus dem Laden, heute mit zehn Prozent auf alles im Haus\n"
    body = EmailBody(
        sender="news@shop.example",
        sender_name="Shop",
        subject="Zehn Prozent für Sie",
        html=line * half,
        text=line * half,
        unsubscribe_url=f"https://shop.example/u/{n:040d}",
        feedback_id="spring:shop:campaign:antiphon",
    )
    return Outgoing(DeliveryId(n), f"{n:032x}", f"person{n}@example.org", body, time.time() + 3600)


def keys(mode: str) -> list[DkimKey]:
    if mode not in ("rsa", "ed25519"):
        return []
    key = rsa.generate_private_key(65537, 2048) if mode == "rsa" else ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return [DkimKey(domain="shop.example", selector="s", private_key=pem.decode())]


def show(connections: int, name: str, figure: Figure, base: Figure) -> None:
    ratio = figure.rate / base.rate
    print(
        f"{connections:>5}  {name:<12} {figure.rate:>9,.0f}/s {figure.cpu_us:>8.1f} µs CPU {ratio:>6.2f} x", flush=True
    )


def print_machine(arguments: argparse.Namespace) -> None:
    cpu = Path("/proc/cpuinfo").read_text().partition("model name\t: ")[2].partition("\n")[0] or platform.processor()
    sample = SmtpAdapter(SmtpSettings(host="h", envelope_domain="b.example", security="none"))._write(
        [outgoing(1, arguments.bytes)], Extensions(eight_bit=True)
    )[0]
    assert isinstance(sample, Letter)
    print(f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, uvloop {version('uvloop')}")
    print(f"load before: {os.getloadavg()[0]:.1f}; {arguments.messages:,} messages (a tenth for rsa), better of two")
    print(f"content: smtp-source {arguments.bytes:,} bytes, ours {len(sample.content):,} bytes before signing")
    print("conns  client            rate       client CPU  ratio")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--bytes", type=int, default=2000)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    return parser.parse_args()


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        sys.exit(f"{name} is needed and not installed; on Debian: apt-get install postfix")
    return found


def pin(core: int) -> None:
    os.sched_setaffinity(0, [core])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("smtp-sink did not start")


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
