"""The health page asks what the doctor asks."""

from __future__ import annotations

from typing import Any

import httpx

from antiphon import access, channels
from antiphon.app.web import application
from antiphon.kernel.db import Database
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets


async def test_the_checks_come_with_ways_out_and_one_that_fails_makes_it_not_ok(database: Database) -> None:
    runtime = Runtime(database, await read_secrets(database), "http://antiphon.example", sandbox=True)
    app: Any = application(runtime)
    async with database.transaction() as tx:
        headers = {"Authorization": f"Bearer {(await access.create_key(tx, 'admin', 'admin'))[1]}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://antiphon.example") as client:

        async def ask() -> tuple[bool, dict[str, Any]]:
            answer = await client.get("/api/v1/doctor", headers=headers)
            assert answer.status_code == 200, answer.text
            return answer.json()["ok"], {each["name"]: each for each in answer.json()["checks"]}

        ok, checks = await ask()
        failing = {name for name, each in checks.items() if each["state"] == "fail"}
        assert ok is (not failing)
        assert failing <= {"settings"}  # a database for tests is not durable
        assert (checks["providers"]["state"], checks["migrations"]["state"]) == ("warn", "ok")
        assert checks["clock"]["way_out"]
        async with database.transaction() as tx:
            settings = {"host": "127.0.0.1", "envelope_domain": "b.example"}
            number = await channels.create_provider(
                tx, runtime.secrets, name="relay", adapter="smtp", settings=settings
            )
            await channels.switch(tx, number, enabled=False)
        ok, checks = await ask()
        assert (ok, checks["providers"]["state"]) == (False, "fail")
        assert "relay" in checks["providers"]["says"]
        assert (await client.get("/api/v1/doctor")).status_code == 401
