"""The Segment API over a fresh database, and who may write to it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from antiphon import access
from antiphon.integrations import SegmentApi
from antiphon.kernel.db import Database
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets

DATA = Path(__file__).parents[2] / "../shared/data"


def data(name: str) -> Path:
    """A file of real data; the test is skipped by name where it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"real data is absent: {name}")
    return path


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@pytest.fixture
def runtime(database: Database) -> Runtime:
    return Runtime(database=database, secrets=Secrets(bytes(32)), base_url="https://hello.example")


@pytest_asyncio.fixture
async def api(runtime: Runtime) -> AsyncIterator[SegmentApi]:
    api = SegmentApi(runtime)
    yield api
    await api.close()


@pytest_asyncio.fixture
async def key(database: Database) -> str:
    async with database.transaction() as tx:
        return (await access.create_key(tx, "shop", "write"))[1]


@pytest_asyncio.fixture
async def anonymous(api: SegmentApi) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://test/v1") as client:
        yield client


@pytest_asyncio.fixture
async def client(anonymous: httpx.AsyncClient, key: str) -> httpx.AsyncClient:
    anonymous.headers.update(basic(key))
    return anonymous


async def events(database: Database) -> list[str]:
    """The names of all events that are kept, sorted."""
    rows = await database.pool.fetch("SELECT n.name FROM event e JOIN event_name n ON n.id = e.name_id ORDER BY 1")
    return [row["name"] for row in rows]


async def refused(database: Database) -> list[str]:
    """The places of the flaws in the debugger, oldest first."""
    rows = await database.pool.fetch("SELECT flaws FROM refused_event ORDER BY id")
    return [flaw["at"] for row in rows for flaw in row["flaws"]]
