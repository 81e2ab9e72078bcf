"""How long after a pause was acknowledged the last mail of a running campaign reaches the mail server.

    python -m bench.pause [--people 100000] [--times 3]

The mail server is a small one of our own, because the instant of each mail is what counts. Up to 1,000,000 people.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import tempfile
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from bench.campaign import prepare, private_key
from bench.house import free_port, house
from bench.machine import machine

AFTER_S = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    print(machine())
    port = free_port()
    taken, last = multiprocessing.Value("q", 0), multiprocessing.Value("d", 0.0)
    server = multiprocessing.Process(target=serve, args=(port, taken, last), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as name, house(Path(name) / "data") as made:
        key = private_key("ed25519")
        campaign = prepare(made, port, arguments.people, Path(name), key=key, kilobytes=2)
        path = f"/api/v1/campaigns/{campaign}"
        made.call("POST", f"{path}/launch")
        for n in range(arguments.times):
            wait_for(taken, taken.value + 1_000)
            asked = time.time()
            made.call("POST", f"{path}/pause")
            answered, had = time.time(), taken.value
            time.sleep(AFTER_S)
            late = max(0.0, last.value - answered)
            print(
                f"pause {n + 1}: answered in {1000 * (answered - asked):.0f} ms with {had} of {arguments.people} sent;"
                f" the last mail {1000 * late:.0f} ms after that ({taken.value - had} mails)"
            )
            made.call("POST", f"{path}/resume")
    server.terminate()


def wait_for(taken: Synchronized[int], n: int, *, within_s: float = 300.0) -> None:
    begun = time.monotonic()
    while taken.value < n:
        if time.monotonic() - begun > within_s:
            raise TimeoutError(f"{taken.value} mails, not {n}")
        time.sleep(0.02)


def serve(port: int, taken: Synchronized[int], last: Synchronized[float]) -> None:
    """As much SMTP as our own client needs, in one process: replies without looking, notes the time of each dot."""
    import asyncio

    import uvloop

    class Mail(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.buffer, self.in_content = transport, b"", False
            self._say(b"220 sink\r\n")

        def _say(self, text: bytes) -> None:
            self.transport.write(text)  # type: ignore[attr-defined]  # a Transport, by the server's promise

        def data_received(self, data: bytes) -> None:
            self.buffer += data
            while True:
                end = b"\r\n.\r\n" if self.in_content else b"\r\n"
                found, mark, rest = self.buffer.partition(end)
                if not mark:
                    return
                self.buffer = rest
                self._content() if self.in_content else self._command(found.upper())

        def _content(self) -> None:
            self.in_content = False
            taken.value += 1
            last.value = time.time()
            self._say(b"250 2.0.0 Ok\r\n")

        def _command(self, line: bytes) -> None:
            if line.startswith(b"EHLO"):
                self._say(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif line.startswith(b"DATA"):
                self.in_content = True
                self._say(b"354 go\r\n")
            else:
                self._say(b"250 Ok\r\n")

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Mail, "127.0.0.1", port)
        server.sockets[0].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await server.serve_forever()

    uvloop.run(run())


if __name__ == "__main__":
    main()
