"""Tries settings without keeping anything: is the name known, does somebody answer, is it who it says, are we let in.

What is wrong is told at the setting that a person would change.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from antiphon.channels import breaker, probes, registry
from antiphon.channels.adapter import Adapter, Surroundings, Unreachable
from antiphon.channels.making import delivery_of
from antiphon.kernel import urls
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.records import ProviderId
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.said import worded

RESOLVE_S, CONNECT_S, OPEN_S = 5.0, 5.0, 15.0
SAID_CHARS_MAX = 300
_TLS = re.compile(r"certificate|\bssl\b|\btls\b|wrong version number", re.IGNORECASE)
_LOGIN = re.compile(r"AUTHENTICATIONFAILED|authenticat|log ?in|credentials|\b53[045]\b", re.IGNORECASE)

Name = Literal["settings", "name", "network", "encryption", "login"]


class Step(Struct, frozen=True):
    """`says` are the other side's words where it said any. `at`: the setting to look at, where it failed."""

    name: Name
    state: Literal["ok", "failed", "unproven"]
    says: str
    at: str = ""


class Tried(Struct, frozen=True):
    """`ok`: nothing failed; what stays `unproven` a test message tells. `errors`: by place, as in problem details."""

    ok: bool
    steps: list[Step]
    errors: list[Flaw]


class Failed(Exception):
    """A step that ends the trial."""

    def __init__(self, step: Step) -> None:
        self.step = step
        super().__init__(step.says)


class Forgetful:
    """What an account must not forget is forgotten here."""

    async def read(self, key: str) -> Any:  # Any: as the contract has it
        return None

    async def write(self, key: str, value: Any) -> None: ...


async def attempt(runtime: Runtime, adapter: str, settings: Mapping[str, Any]) -> Tried:
    """Raises Invalid for an adapter that there is not."""
    try:
        read = registry.check(adapter, dict(settings))
    except Invalid as wrong:
        if any(flaw.at == "adapter" for flaw in wrong.flaws):
            raise
        flaws = [Flaw(flaw.at, worded(flaw.message)) for flaw in wrong.flaws]
        return Tried(False, [Step("settings", "failed", worded(wrong.message), "settings")], flaws)
    steps = [Step("settings", "ok", worded("Every setting is one."))]
    try:
        await _walk(runtime, adapter, read, steps)
    except Failed as failed:
        steps.append(failed.step)
        return Tried(False, steps, [Flaw(failed.step.at or "settings", failed.step.says)])
    return Tried(True, steps, [])


async def _walk(runtime: Runtime, adapter: str, settings: Any, steps: list[Step]) -> None:
    """Any: each adapter has a struct of its own; what it names alike is read by name."""
    entry = registry.ADAPTERS[adapter]
    made = entry.make(settings, _around(runtime))
    try:
        place = _place(made, settings) if entry.sends or entry.listens_alone else None
        if place is None:
            says = worded("There is nothing to connect to before there is a message.")
            steps.append(Step("network", "unproven", says))
            return
        host, port = place
        own = "settings.host" if hasattr(settings, "host") else "settings.base_url"
        await _resolve(host, port, own, private=_may_be_private(made, runtime))
        steps.append(Step("name", "ok", worded("{host} is known.", host=host)))
        await _reach(host, port, own)
        steps.append(Step("network", "ok", worded("{host} answers at port {port}.", host=host, port=port)))
        if _is_api(made):
            if made.base_url().startswith("https:"):  # type: ignore[attr-defined]  # that is what makes it one
                await _handshake(host, port)
                steps.append(Step("encryption", "ok", worded("Its certificate is good.")))
            steps.append(await _login(adapter, made))
        else:
            await _open(made, settings)
            steps.append(Step("login", "ok", worded("It let us in.")))
    finally:
        await _close(made)


def _around(runtime: Runtime) -> Surroundings:
    return Surroundings(
        provider=ProviderId(0),
        now=runtime.database.clock.now,
        delivery_of=lambda token: delivery_of(runtime.signer, token),
        private=runtime.sandbox,
        memory=Forgetful(),
    )


def _is_api(made: Adapter) -> bool:
    return hasattr(made, "base_url") and hasattr(made, "client")


def _may_be_private(made: Adapter, runtime: Runtime) -> bool:
    """A relay may stand in the same house; an API of a provider does not."""
    return runtime.sandbox or not _is_api(made)


def _place(made: Adapter, settings: Any) -> tuple[str, int] | None:  # Any: see `_walk`
    if _is_api(made):
        found = urlsplit(made.base_url())  # type: ignore[attr-defined]  # see `_is_api`
        return found.hostname or "", found.port or (80 if found.scheme == "http" else 443)
    host, port = getattr(settings, "host", ""), getattr(settings, "port", 0)
    return (host, port) if host and port else None


async def _resolve(host: str, port: int, at: str, *, private: bool) -> None:
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Failed(
            Step("name", "failed", worded("{host} is not known: {why}.", host=host, why=_words(error)), at)
        ) from error
    closed = next((str(entry[4][0]) for entry in found if not urls.is_public(str(entry[4][0]))), None)
    if closed and not private:
        says = worded("{host} leads to {address}, which is no public address.", host=host, address=closed)
        raise Failed(Step("name", "failed", says, at))


async def _reach(host: str, port: int, at: str) -> None:
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), port)
    except ConnectionRefusedError as error:
        place = at.replace("host", "port")
        says = worded("Nobody listens at {host}, port {port}.", host=host, port=port)
        raise Failed(Step("network", "failed", says, place)) from error
    except (OSError, TimeoutError) as error:
        raise Failed(
            Step(
                "network", "failed", worded("{host}, port {port}: {why}.", host=host, port=port, why=_words(error)), at
            )
        ) from error
    writer.close()


async def _handshake(host: str, port: int) -> None:
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(
                host.strip("[]"), port, ssl=ssl.create_default_context(), server_hostname=host.strip("[]")
            )
    except (OSError, TimeoutError) as error:
        raise Failed(Step("encryption", "failed", _words(error), "settings.base_url")) from error
    writer.close()


async def _login(adapter: str, made: Adapter) -> Step:
    if adapter not in probes.PROBES:
        return Step("login", "unproven", worded("Whether the key is good, a test message tells."))
    found = await probes.ask(adapter, made)
    if found.refused:
        raise Failed(Step("login", "failed", found.says[:SAID_CHARS_MAX], f"settings.{found.at}"))
    return Step("login", "ok" if found.proven else "unproven", worded(found.says[:SAID_CHARS_MAX]))


async def _open(made: Adapter, settings: Any) -> None:  # Any: see `_walk`
    try:
        await asyncio.wait_for(made.connect(), timeout=OPEN_S)
    except (Unreachable, TimeoutError) as error:
        raise Failed(_blame(_words(error), settings)) from error


def _blame(says: str, settings: Any) -> Step:  # Any: see `_walk`
    """Which setting a person would look at first."""
    if breaker.cause_of(says) == "credentials" or _LOGIN.search(says):
        names = ("password", "api_key")
        step: Name = "login"
    elif _TLS.search(says):
        names = ("security", "tls")
        step = "encryption"
    else:
        names, step = ("host", "base_url"), "network"
    at = next((f"settings.{name}" for name in names if hasattr(settings, name)), "settings")
    return Step(step, "failed", says[:SAID_CHARS_MAX], at)


async def _close(made: Adapter) -> None:
    with contextlib.suppress(Exception):  # nothing of it is kept, and what went wrong was told
        await asyncio.wait_for(made.close(), timeout=CONNECT_S)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return worded("no answer in time")
    return str(getattr(error, "strerror", "") or error or type(error).__name__)
