"""One web application a process, given to one company after another, as production builds one and keeps it.

To put four hundred routes together takes longer than most tests that ask one of them.
"""

from __future__ import annotations

from typing import Any

from litestar import Litestar
from litestar.di import Provide

from antiphon.app import web
from antiphon.kernel.runtime import Runtime

_COMPANYS = ("opt", "dependencies", "route_handlers", "openapi_config")
_kept: list[tuple[dict[str, Any], Litestar]] = []
"""Each with how it is set up beside its company: a test may have guards of its own."""


def keep() -> None:
    """From here on `web.application` gives what it once built to whoever comes next."""
    web.Litestar = _found  # type: ignore[misc, assignment]


def _found(**asked: Any) -> Litestar:
    runtime: Runtime | None = asked["opt"]["runtime"]
    if runtime is None:
        return Litestar(**asked)
    ways = {name: value for name, value in asked.items() if name not in _COMPANYS}
    for same, kept in _kept:
        before: Runtime = kept.opt["runtime"]
        is_over = before.database.pool.is_closing()
        if is_over and before.sandbox == runtime.sandbox and same == ways:  # a sandbox has more routes
            kept.opt["runtime"] = runtime
            return kept

    def give_runtime() -> Runtime:
        given: Runtime = made.opt["runtime"]
        return given

    made = Litestar(**asked | {"dependencies": {"runtime": Provide(give_runtime, sync_to_thread=False)}})
    _kept.append((ways, made))
    return made
