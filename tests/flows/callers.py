"""Requests as whoever may make them: a program with a key, an owner's browser, or nobody."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from litestar.handlers import HTTPRouteHandler

from antiphon.access.roles import SCOPES_OF_KEYS
from antiphon.app.web import application
from flows.house import House, answered


@cache
def needs() -> dict[tuple[str, str], str]:
    """The permission of each operation of the API, such as ("GET", "/profiles/{who}")."""
    return dict(_needs())


def _needs() -> Iterator[tuple[tuple[str, str], str]]:
    for route in application(None).routes:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path).removeprefix("/api/v1")
        for handler in getattr(route, "route_handlers", []):
            if isinstance(handler, HTTPRouteHandler) and "permission" in handler.opt:
                for method in handler.http_methods:
                    yield (method, path), handler.opt["permission"]


class Callers:
    """`standing.api` asks with an admin key; what no key may do is asked in an owner's browser."""

    def __init__(self, standing: House) -> None:
        self._standing = standing
        never = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        headers = {"Origin": standing.url}
        self._browser = httpx.Client(base_url=f"{standing.url}/api/v1", timeout=30, headers=headers, cookies=never)
        self._cookie = ""
        self._lock = threading.Lock()

    def request(self, method: str, template: str, url: str, **kept: Any) -> httpx.Response:
        """`template` is the path as the API describes it, `url` the path that is asked for."""
        permission = needs()[method, template]
        if permission == "public":
            return self._browser.request(method, url, **kept)
        if permission in SCOPES_OF_KEYS["admin"]:
            return self._standing.api.request(method, url, **kept)
        answer = self._as_owner(method, url, kept)
        if answer.status_code == 401 and answer.json()["code"] == "unauthorised":  # one before signed itself out
            answer = self._as_owner(method, url, kept, anew=self._cookie)
        return answer

    def close(self) -> None:
        self._browser.close()

    def _as_owner(self, method: str, url: str, kept: dict[str, Any], *, anew: str = "") -> httpx.Response:
        with self._lock:
            if self._cookie == anew:
                entered = self._browser.post("/sandbox/enter", json={"role": "owner"})
                answered(entered)
                self._cookie = entered.headers["set-cookie"].partition(";")[0]
        headers = {**kept.get("headers", {}), "Cookie": self._cookie}
        return self._browser.request(method, url, **{**kept, "headers": headers})
