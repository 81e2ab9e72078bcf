"""Files of people and events: what is kept, what is told, and that twice is once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from antiphon.integrations import EventMap, PeopleMap, import_events, import_people, read_map
from antiphon.integrations.imports.source import LINE_CHARS_MAX, typed
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid
from integrations.conftest import events

EVENTS = EventMap({"external_id": "who"}, "what", "when")


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


async def traits(database: Database) -> dict[str, Any]:
    """By external id."""
    rows = await database.pool.fetch(
        "SELECT i.value, p.traits FROM identifier i JOIN profile p ON p.id = i.profile_id WHERE kind = 'external_id'"
    )
    return {row["value"]: row["traits"] for row in rows}


async def everything(database: Database) -> list[list[Any]]:
    """What an import may write, to compare before and after."""
    tables = ("profile", "identifier", "address", "opt_out", "event", "event_sum", "seen_message")
    return [await database.pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]


async def test_usual_columns_are_recognised_and_values_are_typed(database: Database, tmp_path: Path) -> None:
    file = written(tmp_path / "p.csv", 'ID;E-Mail;Age;Zip;VIP\n1;Ann@Example.org;55;00123;true\n2;;"";"a;b";false\n')
    report = await import_people(database, file)
    assert (report.new, report.refused, report.delimiter, report.encoding) == (2, 0, ";", "utf-8")
    assert report.map == PeopleMap({"external_id": "ID", "email": "E-Mail"})
    assert await traits(database) == {"1": {"Age": 55, "Zip": "00123", "VIP": True}, "2": {"Zip": "a;b", "VIP": False}}


async def test_the_same_file_twice_changes_nothing_packed_or_not(database: Database, tmp_path: Path) -> None:
    content = b"who,what,when,amount\n" + b"1,bought,2025-01-01,5\n" * 3 + b"2,bought,2025-01-02,7\n"
    first = await import_events(database, written(tmp_path / "e.csv", content), EVENTS)
    before = await everything(database)
    second = await import_events(database, written(tmp_path / "f.csv.gz", gzip.compress(content)), EVENTS)
    assert (first.new, first.repeated) == (4, 0)  # equal lines of one file all count
    assert (second.new, second.repeated) == (0, 4)
    assert await everything(database) == before


async def test_bad_rows_are_told_with_their_lines_and_the_good_part_is_kept(database: Database, tmp_path: Path) -> None:
    rows = [
        "who,what,when,note",
        '1,good,2025-01-01,"two\nlines"',
        "1,short,2025-01-01",
        "1,long,2025-01-01,x,y",
        ",nobody,2025-01-01,x",
        "1,no time,soon,x",
        "1,,2025-01-01,x",
        "",
        "1,nul,2025-01-01,a\x00b",
        "1," + "e" * 600 + ",2025-01-01,x",
        "1,wide,2025-01-01," + "x" * LINE_CHARS_MAX,
        "1,also good,2025-01-01,x",
    ]
    refused = tmp_path / "refused.jsonl"
    report = await import_events(database, written(tmp_path / "e.csv", "\n".join(rows)), EVENTS, refused_path=refused)
    told = [json.loads(line) for line in refused.read_text().splitlines()]
    assert await events(database) == ["also good", "good"]
    assert (report.rows, report.new, report.refused) == (10, 2, 8)
    assert [line["line"] for line in told] == [4, 5, 6, 7, 8, 10, 11, 12]
    assert [line["reason"] for line in told] == [reason.reason for reason in report.reasons]
    assert told[0]["row"] == "1,short,2025-01-01"


async def test_bad_json_lines_are_told_and_the_good_part_is_kept(database: Database, tmp_path: Path) -> None:
    good = '{"who": 1.0, "what": "good", "when": 1735689600, "amount": 3}'
    bad = [
        "{", "3", "null", '{"who": [], "what": "x", "when": 0}', '{"who": 1, "what": 2, "when": 0}', "[" * 5000,
        '{"who": 1, "what": "x", "when": null}', '{"who": 1, "what": "x", "when": 1e300}',
        '{"who": 1, "what": "x\\u0000", "when": 0}', '{"who": true, "what": "x", "when": 0}',
        '{"who": 1, "what": "x", "when": 0, "deep": ' + "[" * 900 + "]" * 900 + "}",
        '{"who":1,"what":"x\\ud800","when":0}',
    ]  # fmt: skip
    file = written(tmp_path / "e.jsonl", "\n".join([good, *bad, "", good]))
    report = await import_events(database, file, EVENTS)
    assert report.new >= 2
    assert report.new + report.refused == len(bad) + 2
    assert (await events(database)).count("good") == 2


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(database: Database, tmp_path: Path) -> None:
    await import_people(database, written(tmp_path / "old.csv", "id,age\n1,5\n"))
    before = await everything(database)
    file = written(tmp_path / "new.csv", "id,age,email\n1,6,\n2,7,ann@example.org\n3,8,nonsense\n")
    dry = await import_people(database, file, dry_run=True)
    assert await everything(database) == before
    real = await import_people(database, file)
    assert (dry.new, dry.updated, dry.refused) == (real.new, real.updated, real.refused) == (1, 1, 1)
    assert dry.reasons == real.reasons
    assert dry.reasons[0].line == 4


@pytest.mark.parametrize(
    ("mode", "people", "counts"),
    [
        ("upsert", {"1": {"age": 6}, "2": {"age": 7}}, (1, 1, 0)),
        ("create", {"1": {"age": 5}, "2": {"age": 7}}, (1, 0, 1)),
        ("update", {"1": {"age": 6}}, (0, 1, 1)),
    ],
)
async def test_modes(database: Database, tmp_path: Path, mode: Any, people: Any, counts: Any) -> None:
    await import_people(database, written(tmp_path / "old.csv", "id,age\n1,5\n"))
    report = await import_people(database, written(tmp_path / "new.csv", "id,age\n1,6\n2,7\n"), mode=mode)
    assert (report.new, report.updated, report.skipped) == counts
    assert await traits(database) == people


async def test_suppress_stops_addresses_and_makes_nobody(database: Database, tmp_path: Path) -> None:
    file = written(tmp_path / "stop.csv", "email,phone,id\nAnn@Example.org,,\n,020 7946 0018,\n,,7\nnonsense,,\n")
    mapping = PeopleMap({"email": "email", "phone": "phone", "external_id": "id"}, default_region="GB")
    for _ in range(2):
        report = await import_people(database, file, mapping, mode="suppress")
        assert (report.suppressed, report.skipped, report.refused) == (2, 1, 1)
        rows = await database.pool.fetch("SELECT channel, value, how FROM opt_out ORDER BY 1, 2")
        assert [tuple(row) for row in rows] == [
            ("email", "ann@example.org", "import"),
            ("sms", "+442079460018", "import"),
            ("voice", "+442079460018", "import"),
        ]
    assert await database.pool.fetchval("SELECT count(*) FROM profile") == 0


async def test_latin_1_is_read_and_said(database: Database, tmp_path: Path) -> None:
    report = await import_people(database, written(tmp_path / "p.csv", "id,name\n1,Zoë\n".encode("latin-1")))
    assert report.encoding == "latin-1"
    assert await traits(database) == {"1": {"name": "Zoë"}}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
async def test_byte_order_marks_are_no_part_of_the_first_column(
    database: Database, tmp_path: Path, encoding: str
) -> None:
    report = await import_people(database, written(tmp_path / "p.csv", "id\tname\n1\tZoë\n".encode(encoding)))
    assert (report.new, report.encoding) == (1, encoding)


async def test_an_interrupted_import_goes_on_where_it_stopped(database: Database, tmp_path: Path) -> None:
    content = "who,what,when\n" + "".join(f"{n % 50},seen,2025-01-01\n" for n in range(5_000))
    file = written(tmp_path / "e.csv", content)

    class Stopped(Exception):
        pass

    def stop(*_: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        await import_events(database, file, EVENTS, progress=stop)
    done: list[tuple[int, int, int]] = []
    report = await import_events(database, file, EVENTS, progress=lambda *progress: done.append(progress))
    assert (report.new, report.repeated) == (3_000, 2_000)
    assert len(await events(database)) == 5_000
    assert [rows for rows, _, _ in done] == [2_000, 4_000, 5_000]
    assert done[-1][1] == done[-1][2] == file.stat().st_size


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.csv", None), ("empty.csv", b""), ("blank.csv", b"\n\n"),
        ("cut.csv.gz", gzip.compress(b"id\n1\n", mtime=0)[:-6]),
        ("plain.csv.gz", b"id\n1\n"), ("array.json", b'[{"id": 1}]'), ("twice.csv", b"id,id\n1,2\n"),
        ("strange.csv", b"colour,size\nred,1\n"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_imported_says_why(
    database: Database, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        written(tmp_path / name, content)
    with pytest.raises(Invalid) as told:
        await import_people(database, tmp_path / name)
    assert name in str(told.value) or "columns" in str(told.value)


@pytest.mark.parametrize(
    ("content", "at"),
    [
        ("{", "map"),
        ('{"identifier": {"external_id": "who"}, "event": "what"}', "map"),
        ('{"identifier": {"name": "who"}, "event": "what", "time": "when"}', "map.identifier"),
        ('{"identifier": {"email": "w"}, "event": "e", "time": {"field": "t", "unit": "years"}}', "map.time.unit"),
        ('{"identifier": {"external_id": "who"}, "event": "what", "time": "when", "colour": 1}', "map"),
    ],
)  # fmt: skip
def test_a_wrong_map_says_where(tmp_path: Path, content: str, at: str) -> None:
    with pytest.raises(Invalid) as told:
        read_map(written(tmp_path / "map.json", content), EventMap)
    assert told.value.flaws[0].at.startswith(at)


async def test_a_map_that_names_a_missing_column_says_which(database: Database, tmp_path: Path) -> None:
    file = written(tmp_path / "e.csv", "who,what,at\n1,x,2025-01-01\n")
    with pytest.raises(Invalid) as told:
        await import_events(database, file, EVENTS)
    assert [flaw.at for flaw in told.value.flaws] == ["map.time"]


async def test_the_map_of_the_contract(database: Database, tmp_path: Path) -> None:
    mapping = read_map(
        written(
            tmp_path / "map.json",
            '{"identifier": {"external_id": "person"}, "event": "event", "time": {"field": "time", "unit": "hours",'
            ' "epoch": "2018-01-01T00:00:00Z"}, "properties": "value", "message_id": ["file", "line"]}',
        ),
        EventMap,
    )
    line = {"person": "a", "event": "offer viewed", "time": 6, "value": {"offer id": "o"}, "other": 1}
    report = await import_events(database, written(tmp_path / "t.jsonl", json.dumps(line)), mapping)
    assert report.new == 1
    row = await database.pool.fetchrow("SELECT at::text, properties FROM event")
    assert row is not None
    assert (row["at"], row["properties"]) == ("2018-01-01 06:00:00+00", {"offer id": "o"})


async def test_message_ids_of_a_field_hold_across_files(database: Database, tmp_path: Path) -> None:
    mapping = msgspec.structs.replace(EVENTS, message_id="id")
    first = await import_events(database, written(tmp_path / "a.csv", "who,what,when,id\n1,x,20250101,m1\n"), mapping)
    second = await import_events(
        database, written(tmp_path / "b.csv", "who,what,when,id\n1,x,20250101,m1\n1,x,20250101,\n"), mapping
    )
    assert (first.new, second.repeated, second.refused) == (1, 1, 1)


async def test_rows_that_the_database_refuses_stand_alone(database: Database, tmp_path: Path) -> None:
    await database.pool.execute("ALTER TABLE event ADD CHECK (properties->>'n' <> '77')")
    content = "who,what,when,n\n" + "".join(f"1,x,20250101,{n}\n" for n in range(100))
    report = await import_events(database, written(tmp_path / "e.csv", content), EVENTS)
    assert (report.new, report.refused, report.reasons[0].line) == (99, 1, 79)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("55", 55), ("-3", -3), ("1.50", 1.5), ("0", 0), ("0.5", 0.5), ("True", True), ("007", "007"), ("+44", "+44"),
     ("1e5", "1e5"), ("12345678901234567", "12345678901234567"), ("1.2.3", "1.2.3"), ("٣", "٣"), ("-", "-"),
     ("", ""), ("NaN", "NaN"), ("20170212", 20170212), ({"a": 1}, {"a": 1})],
)  # fmt: skip
def test_cells_become_numbers_only_where_they_look_like_one(cell: Any, value: Any) -> None:
    assert typed(cell) == value
    assert type(typed(cell)) is type(value)
