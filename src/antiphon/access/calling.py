"""Calls to a provider of single sign-on: pinned to the address that was checked, no redirects, no proxy, bounded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from antiphon.kernel import urls

CONNECT_S = 5.0
ANSWER_S = 10.0
ANSWER_OCTETS_MAX = 1_000_000


class NoAnswer(Exception):
    """The provider could not be reached, or what answered is not one. The text says what to change."""


class Answer(Struct, frozen=True):
    status: int
    body: bytes

    def json(self) -> Any:
        """None for anything that is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


async def checked(url: str, *, private: bool) -> urls.Checked:
    """`private` (sandbox, tests) admits http and any address. Raises NoAnswer."""
    try:
        found = await urls.guard(url, allow_private=private)
    except urls.Refused as refused:
        raise NoAnswer(str(refused)) from refused
    if found.scheme != "https" and not private:
        raise NoAnswer(f"{found.host} is called over https only.")
    return found


async def get(url: str, *, private: bool, headers: Mapping[str, str] | None = None) -> Answer:
    """Raises NoAnswer."""
    return await _exchange(url, None, private=private, headers=headers or {})


async def post_form(url: str, form: Mapping[str, str], *, private: bool, headers: Mapping[str, str]) -> Answer:
    """Raises NoAnswer."""
    typed = {**headers, "content-type": "application/x-www-form-urlencoded"}
    return await _exchange(url, urlencode(form).encode(), private=private, headers=typed)


async def _exchange(url: str, body: bytes | None, *, private: bool, headers: Mapping[str, str]) -> Answer:
    to = await checked(url, private=private)
    builder = ClientBuilder().follow_redirects(False).no_proxy().referer(False).user_agent("antiphon")
    builder = builder.timeout(timedelta(seconds=ANSWER_S)).connect_timeout(timedelta(seconds=CONNECT_S))
    builder = builder.gzip(False).brotli(False).zstd(False).deflate(False)
    # One client per call: a sign-in is rare, and nothing is left open between two.
    async with builder.resolve(to.host, to.address, to.port).build() as client:
        try:
            building = client.get(to.url) if body is None else client.post(to.url).body_bytes(body)
            request = building.headers({"accept": "application/json", **headers}).streamed_read_buffer_limit(65_536)
            async with request.build_streamed() as response:
                octets = await response.body_reader.read(ANSWER_OCTETS_MAX)
                return Answer(response.status, bytes(octets or b""))
        except PyreqwestError as error:
            raise NoAnswer(f"{to.host} did not answer: {error.message}") from error
