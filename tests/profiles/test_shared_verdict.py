"""What staff said of a shared identifier holds, wherever the look begins."""

from __future__ import annotations

from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.profiles import store
from antiphon.profiles.identity import apply, merging
from profiles.facts import ANNA, fact, record, sql

PHONE = Identifier("phone", "+447911123456")


async def test_a_look_that_begins_at_a_shared_phone_leaves_it_with_whom_staff_gave_it_to(database: Database) -> None:
    await record(database, fact("1", ANNA, event="a"), fact("2", PHONE, event="a"))
    ids = dict(await sql(database, "SELECT kind, id FROM identifier"))
    await sql(database, "UPDATE identifier SET shared = true WHERE kind = 'phone'")
    async with database.transaction() as tx:
        await store.identity.keep_verdicts(tx, {(ids["external_id"], ids["phone"])}, same=True, by="staff")
        await apply.settle(tx, [ids["external_id"]], by="staff")
    assert await sql(database, "SELECT count(DISTINCT profile_id) FROM identifier") == [(1,)]
    async with database.transaction() as tx:
        await apply.settle(tx, [ids["phone"]], by="rule")
    assert await sql(database, "SELECT count(DISTINCT profile_id) FROM identifier") == [(1,)]


async def test_a_merge_takes_along_what_each_source_knows(database: Database) -> None:
    for n in "12":
        mail = Identifier("email", f"{n}@shop.example")
        await record(database, fact(f"a{n}", Identifier("external_id@crm", n), mail))
        await record(database, fact(f"b{n}", Identifier("external_id@shop", n), mail))
        seeds = [id for (id,) in await sql(database, "SELECT id FROM identifier")]
        async with database.transaction() as tx:
            await apply.settle(tx, seeds, by="rule")
    people = [p for (p,) in await sql(database, "SELECT DISTINCT profile_id FROM identifier")]
    assert len(people) == 2
    async with database.transaction() as tx:
        await merging.merge_people(tx, *people, by="staff")
    assert await sql(database, "SELECT count(DISTINCT profile_id) FROM identifier") == [(1,)]
