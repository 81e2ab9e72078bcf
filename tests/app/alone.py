"""Some routes by themselves, asked without a key."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon.kernel.errors import Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.paths import keep_slashes
from antiphon.kernel.principal import Principal
from antiphon.kernel.runtime import Runtime

ASKS = Principal("staff", 12, "Ann", frozenset())


@contextlib.asynccontextmanager
async def alone(runtime: Runtime, routes: Sequence[Any]) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever asks is a colleague of the number 12."""

    def let_in(connection: Any, _handler: Any) -> None:
        connection.scope["auth"] = ASKS

    app = Litestar(
        [Router("/api/v1", route_handlers=list(routes))],
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http},
        guards=[let_in],
    )
    transport = httpx.ASGITransport(keep_slashes(app))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example/api/v1") as client:
        yield client
