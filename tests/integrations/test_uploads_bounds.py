"""What is not taken in of what is uploaded: whoever was erased since, more than the disk holds, too many at once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from antiphon import profiles
from antiphon.integrations import work_imports
from antiphon.integrations.imports import room, working
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from integrations.test_imports import traits
from integrations.test_uploads import MAP, PEOPLE, runtime, started, upload, web

__all__ = ["runtime", "web"]


async def test_whoever_was_erased_after_the_upload_is_not_brought_back(
    web: httpx.AsyncClient,
    runtime: Runtime,
    database: Database,
    move: Callable[[timedelta], Awaitable[datetime]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(working, "BATCH", 1)
    ids = [await started(web, PEOPLE, MAP), str((await upload(web, PEOPLE))["id"])]
    real = working._keep

    async def erases(*given: Any) -> bool:  # between two batches
        await move(timedelta(seconds=1))
        await profiles.erase(database, Identifier("external_id", "K-1"))
        monkeypatch.setattr(working, "_keep", real)
        return await real(*given)

    monkeypatch.setattr(working, "_keep", erases)
    await work_imports(runtime)
    page = (await web.get(f"/imports/{ids[0]}")).json()
    assert (page["state"], page["progress"]["rows"]) == ("failed", 1)
    await web.put(f"/imports/{ids[1]}/mapping", json={"map": MAP})
    for id in ids:
        refused = await web.post(f"/imports/{id}/start")
        assert refused.status_code == 409
        assert "Upload the file again." in refused.json()["title"]
        assert refused.json()["title"] == page["problem"]
    assert await work_imports(runtime) == 0
    assert await traits(database) == {}
    await started(web, PEOPLE.replace("K-1", "K-9"), MAP)
    assert await work_imports(runtime) == 1
    assert set(await traits(database)) == {"K-9", "K-2"}


async def test_the_last_of_the_disk_is_for_the_database(
    web: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [room.KEPT_FREE_BYTES + len(PEOPLE) - 1]
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage(1 << 40, 0, free[0]))
    answer = await web.post("/imports", params={"kind": "people", "name": "a.csv"}, content=PEOPLE.encode())
    assert (answer.status_code, answer.json()["code"]) == (507, "no_room")
    assert "1024 MB must stay free" in answer.json()["title"]
    free[0] += 1
    await upload(web, PEOPLE)
    monkeypatch.setattr(room, "LOOK_EVERY_BYTES", 10)

    async def fills() -> AsyncIterator[bytes]:  # its length is not told, and somebody else writes too
        yield b"email\n"
        free[0] = room.KEPT_FREE_BYTES - 1
        yield b"a@shop.example\n"

    before = set((tmp_path / "uploads").iterdir())
    answer = await web.post("/imports", params={"kind": "people", "name": "a.csv"}, content=fills())
    assert answer.status_code == 507
    assert set((tmp_path / "uploads").iterdir()) == before


async def test_few_files_are_uploaded_at_once_and_none_that_stands_still(
    web: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, end = asyncio.Semaphore(0), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"email\n"
        begun.release()
        await end.wait()
        yield b"a@shop.example\n"

    async def ask(body: AsyncIterator[bytes]) -> httpx.Response:
        return await web.post("/imports", params={"kind": "people", "name": "a.csv"}, content=body)

    waiting = [asyncio.create_task(ask(slow())) for _ in range(room.AT_ONCE)]
    for _ in waiting:
        await begun.acquire()
    refused = await ask(slow())
    assert (refused.status_code, "wait until one is there" in refused.json()["title"]) == (409, True)
    end.set()
    assert {(await one).status_code for one in waiting} == {201}
    end.clear()
    monkeypatch.setattr(room, "STALLED_S", 0.05)
    stalled = await ask(slow())
    assert (stalled.status_code, "upload it again" in stalled.json()["title"]) == (400, True)
    assert len(list((tmp_path / "uploads").iterdir())) == room.AT_ONCE
