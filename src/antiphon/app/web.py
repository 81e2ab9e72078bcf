"""The web process: one ASGI app for everything that is asked of us."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from litestar import Litestar, Router
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import Receive, Scope, Send
from msgspec import Struct

from antiphon import __version__, access, pages
from antiphon.access import http as access_http
from antiphon.access import http_audit, http_keys, http_links, http_me, http_passkeys, http_sso, http_staff
from antiphon.app import gate, http_doctor, live, people, person, sandbox
from antiphon.app.browser import app as browser_app
from antiphon.app.opening import opened
from antiphon.campaigns import http as campaigns_http
from antiphon.channels import hooks
from antiphon.channels import http as channels_http
from antiphon.content import http as content_http
from antiphon.integrations import http as integrations_http
from antiphon.integrations.segment_api import SegmentApi
from antiphon.kernel import i18n
from antiphon.kernel.errors import Problem
from antiphon.kernel.http import get, on_anything, on_http, on_problem
from antiphon.kernel.paths import keep_slashes
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.said import Said, speaking, spoken
from antiphon.kernel.settings_http import routes as settings_routes
from antiphon.orchestration import http as orchestration_http
from antiphon.pages import http as pages_http
from antiphon.profiles import http as profiles_http
from antiphon.segments import http as segments_http

BODY_BYTES_MAX = 2_000_000
THIS_MACHINE = "127.0.0.0/8,::1"


class Health(Struct):
    status: str
    version: str


@get("/health", permission="public")
async def health(runtime: NamedDependency[Runtime]) -> Health:
    """200 while the database answers."""
    async with runtime.database.alone() as tx:
        await tx.rows("SELECT 1")
    return Health("ok", __version__)


API: list[Any] = [  # route handlers; Litestar's union of them is wider than ours
    health,
    *people.routes,
    *person.routes,
    *http_keys.routes,
    *http_audit.routes,
    *http_passkeys.routes,
    *http_sso.routes,
    *access_http.routes,
    *http_links.routes,
    *http_me.routes,
    *http_staff.routes,
    *profiles_http.routes,
    *segments_http.routes,
    *content_http.routes,
    *channels_http.routes,
    *settings_routes,
    *http_doctor.routes,
    *orchestration_http.routes,
    *campaigns_http.routes,
    *pages_http.api_routes,
    *integrations_http.routes,
]


def application(runtime: Runtime | None) -> Litestar:
    """`runtime` is None only to describe the API: nothing can be asked of it then."""
    api = [*API, *(sandbox.routes if runtime is None or runtime.sandbox else [])]

    def give_runtime() -> Runtime:
        assert runtime is not None
        return runtime

    return Litestar(
        route_handlers=[
            Router("/api/v1", route_handlers=api),
            *http_sso.public_routes,
            *hooks.routes,
            *live.routes,
            *pages_http.routes,
            *browser_app.routes,
        ],
        dependencies={"runtime": Provide(give_runtime, sync_to_thread=False)},
        guards=gate.GUARDS,
        before_send=[gate.answer],
        exception_handlers={Problem: on_problem, HTTPException: on_http, Exception: on_anything},
        openapi_config=_described(),
        request_max_body_size=BODY_BYTES_MAX,
        signature_types=[Runtime],
        type_encoders={Said: spoken},
        debug=False,
        opt={"runtime": runtime},
    )


def _described() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Antiphon",
        version=__version__,
        path="/api",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        components=Components(
            security_schemes={
                "key": SecurityScheme(type="http", scheme="bearer"),
                "session": SecurityScheme(type="apiKey", name="antiphon", security_scheme_in="cookie"),
            }
        ),
        security=[{"key": []}, {"session": []}],
    )


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document, without a database."""
    return application(None).openapi_schema.to_schema()


class Front:
    """`/v1` goes to the bare intake, everything else to Litestar."""

    def __init__(self, runtime: Runtime) -> None:
        self.segment = SegmentApi(runtime)
        self.rest = keep_slashes(application(runtime))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path", "").startswith("/v1/"):
            await self.segment(scope, receive, send)  # type: ignore[arg-type]  # the same protocol, named twice
            return
        with speaking(_language(scope)):
            await self.rest(scope, receive, send)


def _language(scope: Scope) -> str:
    """Of whoever asks, by Accept-Language; who sends none is a program and is answered in English."""
    wanted = [value for name, value in scope.get("headers", ()) if name == b"accept-language"]
    return i18n.choose(b",".join(wanted).decode("latin-1"))


@contextlib.asynccontextmanager
async def front(runtime: Runtime) -> AsyncIterator[Front]:
    app = Front(runtime)
    try:
        yield app
    finally:
        await app.segment.close()
        await access.close(runtime.database)
        await hooks.close(runtime.database)
        await pages.close(runtime.database)
        await live.close(runtime.database)


async def serve(dsn: str, *, host: str, port: int, base_url: str, is_sandbox: bool, world_url: str) -> None:
    """Until told to stop: requests that were taken are answered first."""
    async with (
        opened(dsn, base_url=base_url, sandbox=is_sandbox, migrating=False, world_url=world_url) as runtime,
        front(runtime) as app,
    ):
        await _until_cancelled(_Server(configured(app, host=host, port=port)))


def configured(app: Front, *, host: str, port: int) -> uvicorn.Config:
    """Of a proxy that is trusted the server believes whom it saw: everything behind goes by that address."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
        server_header=False,
        lifespan="on",
        backlog=1024,
        forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS") or THIS_MACHINE,
    )


class _Server(uvicorn.Server):
    """Signals are ours: app/child.py cancels, and cancelling ends it in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _until_cancelled(server: uvicorn.Server) -> None:
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving


def main() -> None:
    """The child that `antiphon serve` starts; what it needs comes in the environment, never on the command line."""
    from antiphon.app.child import run_child

    settings = os.environ
    run_child(
        lambda: serve(
            settings["ANTIPHON_DSN"],
            host=settings["ANTIPHON_HOST"],
            port=int(settings["ANTIPHON_PORT"]),
            base_url=settings["ANTIPHON_BASE_URL"],
            is_sandbox=settings.get("ANTIPHON_SANDBOX") == "1",
            world_url=settings.get("ANTIPHON_WORLD_URL", ""),
        )
    )


if __name__ == "__main__":
    main()
