"""A whole installation as real processes with the world around it, used as anybody outside would use it.

`antiphon serve --sandbox` runs on a data folder of its own and free ports; `antiphon_world` plays the providers and
the customers. Everything goes over the command line, HTTP and WebSocket, and is judged by what the world wrote down.
Product time is held at `START` until a test moves it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx
from websockets.sync.client import ClientConnection, connect

import commands
from flows.journal import Journal
from flows.samples import ADAPTERS, COSTS, QUIET, SEED, VAPID, mail_of, phone_of, subscription_of, user

START = "2026-03-02T12:00:00Z"
SETTLE_S = 60.0
POLL_S = 0.05
DURABLE_SWITCH = "ANTIPHON_TEST_FAST_DATABASE"

T = TypeVar("T")


class House:
    """`durable`: the database waits for the disk, as in production. `start` names the instant that time is held at.
    `mail`: the world brings mail back, to the exchanger that `flows.mail` opens. `workers` of `serve`. `name`: what
    this machine is called in `--base-url`; a browser finds every name below `localhost` here."""

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = False,
        start: str = START,
        mail: bool = False,
        workers: int = 1,
        seed: int = SEED,
        name: str = "127.0.0.1",
    ) -> None:
        self.folder, self.data, self.durable, self._start = folder, folder / "data", durable, start
        self.mx_port, self._workers, self.seed = free_port() if mail else 0, workers, seed
        self.port, self.world_port = free_port(), free_port()
        self.url, self.world_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.world_port}"
        self.base_url = f"http://{name}:{self.port}"
        self.journal = Journal(folder / "world.jsonl")
        self.platform: subprocess.Popen[bytes] | None = None
        self._world: subprocess.Popen[bytes] | None = None
        self.api = httpx.Client(base_url=f"{self.url}/api/v1", timeout=30)
        self.segment = httpx.Client(base_url=f"{self.url}/v1", timeout=30)
        self.outside = httpx.Client(base_url=self.world_url, timeout=30)
        self.ports: dict[str, Any] = {}
        self._accounts: dict[str, str] = {}
        self.write_key = ""

    # its life

    def open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.serve()
        admin = self.command("keys", "create", "--name", "tests", "--scope", "admin")["key"]
        self.api.headers["Authorization"] = f"Bearer {admin}"
        self.post("/sandbox/clock", {"hold": True})
        self.post("/sandbox/clock", {"set": self._start})
        self.write_key = self.command("keys", "create", "--name", "shop", "--scope", "write")["key"]
        self.segment.auth = (self.write_key, "")
        self._open_world(admin)

    def serve(self) -> None:
        """Start it, or start it again: returns when it answers."""
        command = [sys.executable, "-m", "antiphon", "--data", str(self.data), "serve", "--sandbox"]
        command += ["--port", str(self.port), "--world", self.world_url, "--workers", str(self._workers)]
        command += ["--base-url", self.base_url]
        with (self.folder / "serve.log").open("ab") as log:
            self.platform = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment())
        self.wait_until_up()

    def wait_until_up(self, within_s: float = 90.0) -> None:
        def up() -> bool:
            assert self.platform is not None
            assert self.platform.poll() is None, "serve has ended"
            with contextlib.suppress(httpx.HTTPError):
                return self.api.get("/health").status_code == 200
            return False

        until(up, bool, within_s=within_s, what="the platform to answer")

    def _open_world(self, key: str) -> None:
        command = [sys.executable, "-m", "antiphon_world", "--seed", str(self.seed), "--log", str(self.journal.path)]
        command += ["--smtp", "0", "0", "--smpp", "0", "0", "--http", str(self.world_port)]
        command += ["--target", self.url, "--key", key]
        command += ["--mx", f"127.0.0.1:{self.mx_port}"] if self.mx_port else []
        with (self.folder / "world.log").open("ab") as log:
            self._world = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert self._world.stdout is not None
        self.ports = json.loads(self._world.stdout.readline())

    def close(self) -> None:
        for process in (self.platform, self._world):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in (self.platform, self._world):
            if process is not None:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                if process.stdout is not None:
                    process.stdout.close()
        for client in (self.api, self.segment, self.outside):
            client.close()

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if name != DURABLE_SWITCH}
        return environment if self.durable else {**environment, DURABLE_SWITCH: "1"}

    def tail(self, lines: int = 15) -> str:
        """The end of all logs, for whoever reads a failure."""
        said = []
        for path in (self.folder / "serve.log", self.folder / "world.log", self.data / "postgres" / "postgres.log"):
            if path.exists():
                kept = path.read_text(errors="replace").splitlines()[-lines:]
                said.append(f"--- the end of {path.name}\n" + "\n".join(line[:400] for line in kept))
        return "\n".join(said)

    # the command line

    def run(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        options = ("--data", str(self.data), "--json")
        return commands.run([*options, *arguments], given=given or "", environment=self._environment())

    def command(self, *arguments: str, given: Any = None) -> Any:
        """The answer of a command that succeeds; `given` is a document for its standard input."""
        done = self.run(*arguments, given=None if given is None else json.dumps(given))
        assert done.returncode == 0, f"antiphon {' '.join(arguments)}: {done.returncode}\n{done.stderr}"
        return json.loads(done.stdout)

    # HTTP

    def get(self, path: str, **params: Any) -> Any:
        return answered(self.api.get(path, params=params))

    def post(self, path: str, body: Any = None) -> Any:
        return answered(self.api.post(path, json=body))

    def put(self, path: str, body: Any) -> Any:
        return answered(self.api.put(path, json=body))

    def live(self) -> ClientConnection:
        headers = {"Authorization": self.api.headers["Authorization"]}
        return connect(f"{self.url.replace('http', 'ws')}/api/live", additional_headers=headers)

    def pages(self, path: str, name: str, **params: Any) -> list[Any]:
        """All rows of a list that comes in pages."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            page = self.get(path, **params, **({"cursor": cursor} if cursor else {}))
            found += page[name]
            cursor = page["cursor"]
            if cursor is None:
                return found

    def batch(self, calls: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(calls), 400):
            answered(self.segment.post("/batch", json={"batch": calls[start : start + 400]}))

    # customers

    def person(self, number: int, *channels: str, **traits: Any) -> str:
        """Make customer `number` known, reachable on these channels in the world. Returns their `external_id`."""
        self.persons([number], *channels, **traits)
        return user(number)

    def persons(self, numbers: Sequence[int], *channels: str, **traits: Any) -> None:
        self.batch(
            [
                {"type": "identify", "userId": user(number), "traits": {**traits, **self.addresses(number, channels)}}
                for number in numbers
            ]
        )

    def addresses(self, number: int, channels: Sequence[str]) -> dict[str, Any]:
        """By the kind of identifier that each is."""
        found = {"email": mail_of(number), "phone": phone_of(number)}
        kept = {kind: found[kind] for kind, channel in (("email", "email"), ("phone", "sms")) if channel in channels}
        return {**kept, **({"webpush": subscription_of(number, self.world_url)} if "push" in channels else {})}

    def track(self, number: int, event: str, **properties: Any) -> None:
        self.batch([{"type": "track", "userId": user(number), "event": event, "properties": properties}])

    def act(self, number: int, do: str, **more: Any) -> None:
        """They do it now; returns when the platform has acknowledged it."""
        answered(self.outside.post("/world/act", json={"person": number, "do": do, **more}))

    def habits(self, *, faults: Sequence[dict[str, Any]] = (), **habits: Any) -> None:
        answered(self.outside.post("/world/faults", json={"faults": list(faults), "habits": {**QUIET, **habits}}))

    def prefer(self, number: int, topic: str, channel: str, state: str) -> None:
        self.put(
            f"/profiles/external_id:{user(number)}/preferences", {"topic": topic, "channel": channel, "state": state}
        )

    # providers

    def account(self, name: str, adapter: str, n: int = 0, **more: Any) -> str:
        """An account at the world's nth provider of that kind."""
        settings: dict[str, dict[str, Any]] = {
            "smtp": {"host": "127.0.0.1", "port": self.ports["smtp"][n], "security": "none", "connections": 4},
            "smpp": {
                "host": "127.0.0.1",
                "port": self.ports["smpp"][n],
                "system_id": f"shop{n}",
                "password": "sandbox",
            },
            "webpush": {"private_key": VAPID, "subject": "mailto:hello@shop.example"},
        }
        settings["smtp"]["envelope_domain"] = "bounce.shop.example"
        body = {"name": name, "adapter": adapter, "settings": settings[adapter], "rank": n, **more}
        found: str = self.post("/providers", body)["id"]
        return found

    def accounts(self, **paces: float) -> None:
        """One account a channel; a pace is messages a second, by channel."""
        for channel, adapter in ADAPTERS.items():
            pace = paces.get(channel)
            self._accounts[channel] = self.account(channel, adapter, unit_cost=COSTS[channel], per_second=pace)

    @contextlib.contextmanager
    def paced(self, channel: str, *, per_second: float) -> Iterator[None]:
        """This channel leaves by a slow account instead, so that a queue forms."""
        usual = self._accounts[channel]
        slow = self.account(f"slow {channel} {time.monotonic_ns()}", ADAPTERS[channel], 0, per_second=per_second)
        self.post(f"/providers/{usual}/disable")
        try:
            yield
        finally:
            self.post(f"/providers/{usual}/enable")
            self.post(f"/providers/{slow}/disable")

    # time

    def advance(self, by: str) -> None:
        self.post("/sandbox/clock", {"advance": by})

    def settle(self, within_s: float = SETTLE_S) -> None:
        """Until nothing is due in the platform, and nothing in the world, twice in a row."""

        def still() -> dict[str, int]:
            world = answered(self.outside.get("/world/waiting"))
            left = {"due": self.get("/sandbox/clock")["due"], "world": world["due"], "receipts": world["receipts"]}
            return {name: n for name, n in left.items() if n}

        times = 0

        def quiet(left: dict[str, int]) -> bool:
            nonlocal times
            times = 0 if left else times + 1
            return times >= 2

        until(still, quiet, within_s=within_s, what="everything to be worked")

    # campaigns

    def campaign(self, **body: Any) -> str:
        found: str = self.post("/campaigns", {"channels": ["email", "sms", "push"], **body})["id"]
        return found

    def launch(self, **body: Any) -> str:
        number = self.campaign(**body)
        self.post(f"/campaigns/{number}/launch")
        return number

    def wait_for(self, campaign: str, *states: str, within_s: float = SETTLE_S) -> Any:
        return until(
            lambda: self.get(f"/campaigns/{campaign}"),
            lambda view: view["state"] in states,
            within_s=within_s,
            what=f"the campaign to be {' or '.join(states)}",
        )

    def members(self, segment: str) -> set[str]:
        found = self.pages(f"/segments/{segment}/members", "members", limit=1000)
        return {member["external_id"] for member in found}


def answered(response: httpx.Response) -> Any:
    assert response.is_success, (
        f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
    )
    return response.json() if response.content else None


def until(ask: Callable[[], T], good: Callable[[T], bool], *, within_s: float, what: str, every_s: float = POLL_S) -> T:
    """Ask again and again until the answer is good. Fails with the last answer."""
    end = time.monotonic() + within_s
    while True:
        found = ask()
        if good(found):
            return found
        assert time.monotonic() < end, f"waited {within_s} s for {what}: {found}"
        time.sleep(every_s)


def free_port() -> int:
    """Below the ports that outgoing connections take: nobody comes by it before it is used."""
    while True:
        port = random.SystemRandom().randrange(10_000, 16_000)
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def house(folder: Path, **options: Any) -> Iterator[House]:
    opened = House(folder, **options)
    try:
        try:
            opened.open()
        except Exception as error:
            error.add_note(opened.tail())
            raise
        yield opened
    finally:
        opened.close()
