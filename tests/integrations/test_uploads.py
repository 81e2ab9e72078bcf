"""The import wizard over HTTP: upload, look, map, try, start, watch, cancel; and that a kill counts nothing twice."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon.integrations import read_progress, routes, work_imports
from antiphon.integrations.imports import jobs, working
from antiphon.kernel import clock
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Conflict, Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from integrations.conftest import events
from integrations.test_imports import everything, traits

PEOPLE = "customer_no;mail;mobile;first\nK-1;jo@shop.example;07400 123456;Jo\nK-2;;;Sam\nK-3;not an address;;Kim\n"
MAP = {
    "identifiers": {"external_id": "customer_no", "email": "mail", "phone": "mobile"},
    "traits": {"first_name": "first"},
    "default_region": "GB",
}


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    return Runtime(database, Secrets(bytes(32)), base_url="http://antiphon.example", data=tmp_path)


@pytest_asyncio.fixture
async def web(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(
        [Router("/api/v1", route_handlers=routes)],
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http},
        request_max_body_size=2_000_000,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example/api/v1") as client:
        yield client


async def upload(web: httpx.AsyncClient, content: str | bytes, kind: str = "people", **more: str) -> dict[str, Any]:
    body = content if isinstance(content, bytes) else content.encode()
    answer = await web.post("/imports", params={"kind": kind, "name": "crm.csv", **more}, content=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def started(web: httpx.AsyncClient, content: str | bytes, map: dict[str, Any], kind: str = "people") -> str:
    id = str((await upload(web, content, kind))["id"])
    assert (await web.put(f"/imports/{id}/mapping", json={"map": map})).status_code == 200
    assert (await web.post(f"/imports/{id}/start")).status_code == 202
    return id


async def test_an_upload_is_looked_at_and_guessed(web: httpx.AsyncClient) -> None:
    page = await upload(web, "Kundennummer,Kontakt,Tel\n7,ann@shop.example,+447400123456\n8,bo@shop.example,\n")
    assert page["map"] == {"identifiers": {"email": "Kontakt", "phone": "Tel"}}  # by contents: no name is usual
    columns = {column["name"]: column for column in page["columns"]}
    assert (columns["Kontakt"]["kind"], columns["Kundennummer"]["part"]) == ("email", "trait")
    assert columns["Tel"]["filled"] == 0.5
    usual = await upload(web, "email,age\nann@shop.example,4\nbo@shop.example,5\n")
    assert usual["columns"][0]["confidence"] == 1.0 > columns["Kontakt"]["confidence"]
    assert usual["rows"][0] == {
        "line": 2,
        "identifiers": [{"kind": "email", "value": "ann@shop.example"}],
        "flaws": [],
        "traits": {"age": 4},
        "event": None,
        "at": None,
        "properties": None,
    }
    assert usual["progress"]["rows_estimated"] == 2


async def test_a_map_is_tried_out_and_nothing_is_kept(web: httpx.AsyncClient, database: Database) -> None:
    id = (await upload(web, PEOPLE))["id"]
    before = await everything(database)
    mapped = (await web.put(f"/imports/{id}/mapping", json={"map": MAP})).json()
    assert await everything(database) == before
    trial = mapped["trial"]
    assert (trial["rows"], trial["is_whole"], trial["new"], trial["refused"]) == (3, True, 2, 1)
    assert mapped["rows"][2]["flaws"][0]["at"] == "mail"
    assert trial["reasons"][0]["line"] == 4


async def test_rows_that_would_change_nothing_are_told_apart(web: httpx.AsyncClient, runtime: Runtime) -> None:
    await started(web, PEOPLE, MAP)
    assert await work_imports(runtime) == 1
    other = PEOPLE.replace("Sam", "Samuel") + "K-4;;;New\n"
    id = (await upload(web, other))["id"]
    trial = (await web.put(f"/imports/{id}/mapping", json={"map": MAP})).json()["trial"]
    assert [trial[what] for what in ("new", "changed", "same", "refused")] == [1, 1, 1, 1]


async def test_a_started_import_is_taken_in_and_told(
    web: httpx.AsyncClient, runtime: Runtime, database: Database
) -> None:
    id = await started(web, gzip.compress(PEOPLE.encode()), MAP)
    assert await work_imports(runtime) == 1
    assert await work_imports(runtime) == 0
    page = (await web.get(f"/imports/{id}")).json()
    progress = page["progress"]
    assert (page["state"], progress["rows"], progress["new"], progress["refused"]) == ("done", 3, 2, 1)
    assert progress["rows_estimated"] == 3
    assert progress["rows_per_s"] > 0
    assert await traits(database) == {"K-1": {"first_name": "Jo"}, "K-2": {"first_name": "Sam"}}
    async with database.transaction(read_only=True) as tx:
        live = await read_progress(tx, id)
    assert (live["state"], live["n"]["new"]) == ("done", 2)
    assert (await web.get("/imports")).json()["imports"][0]["id"] == id


async def test_refused_rows_come_back_as_a_table_that_no_spreadsheet_works_out(
    web: httpx.AsyncClient, runtime: Runtime
) -> None:
    rows = "id,email,note\n1,no address,=1+1\n2,nor this,+447400123456\n3,a@shop.example,x,too many\n"
    id = await started(web, rows, {"identifiers": {"external_id": "id", "email": "email"}})
    await work_imports(runtime)
    answer = await web.get(f"/imports/{id}/refused")
    told = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["line"] for row in told] == ["2", "3", "4"]
    assert (told[0]["note"], told[1]["note"]) == ("'=1+1", "+447400123456")
    assert told[2]["row"].startswith("3,a@shop.example")
    assert "email" in told[0]["reason"]


async def test_a_worker_that_was_killed_is_followed_by_one_that_counts_nothing_twice(
    web: httpx.AsyncClient, runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "BATCH", 2)
    rows = [f"{n % 4},bought,2025-01-0{n % 9 + 1}" for n in range(9)]
    rows[3] = ",bought,2025-01-01"
    mapping = {"identifier": {"external_id": "who"}, "event": "what", "time": "when"}
    id = await started(web, "who,what,when\n" + "\n".join(rows) + "\n", mapping, "events")
    real, calls = working._keep, 0

    async def killed(*given: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:  # the third batch is committed, and its count is not
            raise KeyboardInterrupt
        return await real(*given)

    monkeypatch.setattr(working, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        await work_imports(runtime)
    monkeypatch.setattr(working, "_keep", real)
    assert await work_imports(runtime) == 0  # the lease of the dead stands
    await database.pool.execute("UPDATE import_job SET lease_until = NULL")
    assert await work_imports(runtime) == 1
    progress = (await web.get(f"/imports/{id}")).json()["progress"]
    assert len(await events(database)) == 8
    assert (progress["rows"], progress["new"], progress["same"], progress["refused"]) == (9, 6, 2, 1)
    assert len((await web.get(f"/imports/{id}/refused")).text.splitlines()) == 2


async def test_a_cancelled_import_stops_and_what_was_taken_in_stays(
    web: httpx.AsyncClient, runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "BATCH", 2)
    id = await started(
        web, "email\n" + "".join(f"p{n}@shop.example\n" for n in range(9)), {"identifiers": {"email": "email"}}
    )
    real = working._keep

    async def cancels(*given: Any) -> bool:
        await web.post(f"/imports/{id}/cancel")
        return await real(*given)

    monkeypatch.setattr(working, "_keep", cancels)
    await work_imports(runtime)
    assert (await web.get(f"/imports/{id}")).json()["state"] == "cancelled"
    assert await database.pool.fetchval("SELECT count(*) FROM profile") == 2
    assert (await web.post(f"/imports/{id}/start")).status_code == 409
    assert await work_imports(runtime) == 0


async def test_files_are_deleted_after_seven_days(
    web: httpx.AsyncClient,
    runtime: Runtime,
    tmp_path: Path,
    move: Callable[[timedelta], Awaitable[datetime]],
) -> None:
    id = await started(web, PEOPLE, MAP)
    await work_imports(runtime)
    await move(timedelta(days=7, seconds=-1))
    await work_imports(runtime)
    assert len(list((tmp_path / "uploads").iterdir())) == 2
    await move(timedelta(seconds=2))
    await work_imports(runtime)
    assert not list((tmp_path / "uploads").iterdir())
    page = (await web.get(f"/imports/{id}")).json()
    assert (page["state"], page["file_kept_until"], page["rows"]) == ("done", None, [])
    assert (await web.get(f"/imports/{id}/refused")).status_code == 409


async def test_a_file_that_is_too_large_is_refused_with_the_way_out_and_leaves_nothing(
    web: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "UPLOAD_BYTES_MAX", 3 << 20)

    async def chunks() -> AsyncIterator[bytes]:  # its length is not told before
        for _ in range(5):
            yield b"a,b\n" * (1 << 18)

    for body in (b"x" * (4 << 20), chunks()):
        answer = await web.post("/imports", params={"kind": "people", "name": "big.csv"}, content=body)
        assert answer.status_code == 413
        assert "3 MB" in answer.json()["title"]
    monkeypatch.setattr(jobs, "CLEAR_BYTES_MAX", 1 << 20)
    bomb = gzip.compress(b"email\n" + b"a@shop.example\n" * 200_000)
    answer = await web.post("/imports", params={"kind": "people", "name": "bomb.csv.gz"}, content=bomb)
    assert (answer.status_code, answer.json()["title"]) == (400, "bomb.csv.gz unpacks to more than 1 MB; part it.")
    assert not list((tmp_path / "uploads").iterdir())


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"map": {"identifiers": {"email": "nothing"}}}, "map.identifiers.email"),
        ({"map": {"identifiers": {}}}, "map.identifiers"),
        ({"map": {"identifier": {"email": "email"}}}, "map"),
        ({"map": {"identifiers": {"email": "email"}}, "mode": "all"}, "mode"),
    ],
)
async def test_a_wrong_map_is_told_with_its_place(web: httpx.AsyncClient, body: dict[str, Any], at: str) -> None:
    id = (await upload(web, "email\na@shop.example\n"))["id"]
    answer = await web.put(f"/imports/{id}/mapping", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["at"] == at


async def test_without_a_data_folder_uploads_are_refused_with_the_way_out(database: Database) -> None:
    nowhere = Runtime(database, Secrets(bytes(32)), base_url="http://antiphon.example")
    assert await work_imports(nowhere) == 0
    with pytest.raises(Conflict, match="--data"):
        jobs.folder(nowhere)


async def test_what_is_no_table_is_no_import(web: httpx.AsyncClient, tmp_path: Path) -> None:
    for content, word in ((b"", "empty"), (b"\x1f\x8bnot gzip", "gzip"), (b"[1]", "JSON array")):
        answer = await web.post("/imports", params={"kind": "people", "name": "odd.csv"}, content=content)
        assert answer.status_code == 400
        assert word in answer.json()["title"]
        assert "odd.csv" in answer.json()["title"]
    assert not list((tmp_path / "uploads").iterdir())
    assert (await web.get("/imports/77")).status_code == 404
    assert (await web.post("/imports/x/start")).status_code == 404


async def test_what_an_upload_that_broke_off_left_is_deleted_and_nothing_else(
    web: httpx.AsyncClient, runtime: Runtime
) -> None:
    await upload(web, PEOPLE)
    place = jobs.folder(runtime)
    (mine,) = place.iterdir()
    broken, fresh = place / "0a.part", place / "0b.part"
    for path in (broken, fresh):
        path.write_text("half a file")
    for path in (mine, broken):
        os.utime(path, (clock.wall() - 2 * 86_400,) * 2)
    await work_imports(runtime)
    assert set(place.iterdir()) == {mine, fresh}
