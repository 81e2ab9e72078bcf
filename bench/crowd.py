"""Made-up people and what they did, in any number, by SQL alone: the data of several benchmarks.

Person n is profile n * 256 + (n & 255). Names are made of syllables and as uneven as names are (zipf(1) over 3,000
first and 30,000 family names); event kinds are zipf(1) over 30, activity is skewed, 180 days in time order.
"""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from antiphon.kernel.db import Database

NOW = datetime(2026, 7, 1, tzinfo=UTC)
KINDS = 30
FIRST_NAMES, FAMILY_NAMES = 3_000, 30_000
IDENTIFIERS = ("external_id", "email", "phone", "anonymous_id")
"""Everybody has one of each; the first numbers of the directory go to person 1, in this order."""
_STEP = 250_000
_SYLLABLES = re.findall(r"\w+", "an ba cor del el fi gar ho in jo ka lo mar ne or pe qui ro sa ti ul va wen xi ya zo")


def profile_of(person: int) -> int:
    return person * 256 + (person & 255)


def names(count: int, *, seed: int) -> list[str]:
    draw = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(draw.choice(_SYLLABLES) for _ in range(draw.randint(2, 4)))] = None
    return list(found)


@contextlib.asynccontextmanager
async def without_indexes(database: Database, *tables: str) -> AsyncIterator[None]:
    """Rows first, indexes afterwards: several times quicker."""
    keys = await database.pool.fetch(
        """
        SELECT conrelid::regclass::text AS tbl, conname AS name, pg_get_constraintdef(oid) AS text
          FROM pg_constraint WHERE contype = 'p' AND conrelid::regclass::text = ANY($1)""",
        list(tables),
    )
    for key in keys:
        await database.pool.execute(f"ALTER TABLE {key['tbl']} DROP CONSTRAINT {key['name']}")
    indexes = await database.pool.fetch(
        "SELECT indexname AS name, indexdef AS text FROM pg_indexes WHERE tablename = ANY($1)", list(tables)
    )
    for index in indexes:
        await database.pool.execute(f"DROP INDEX {index['name']}")
    yield
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for key in keys:
            await connection.execute(
                f"ALTER TABLE {key['tbl']} ADD CONSTRAINT {key['name']} {key['text']}", timeout=3600
            )
        for index in indexes:
            await connection.execute(index["text"], timeout=3600)
    for table in tables:
        await database.pool.execute(f"VACUUM ANALYZE {table}", timeout=3600)


async def people(database: Database, count: int, *, lean: bool = False) -> None:
    """Profiles with traits, four identifiers, two addresses, the words of their names, a wish and its proof.

    `lean`: profiles and identifiers alone.
    """
    tables = ("profile", "identifier") if lean else tuple(_PEOPLE)
    async with without_indexes(database, *tables):
        given = names(FIRST_NAMES, seed=1), names(FAMILY_NAMES, seed=2)
        for first in range(1, count + 1, _STEP):
            await _some_people(
                database, first, min(first + _STEP - 1, count), given, [_PEOPLE[table] for table in tables]
            )
    await database.pool.execute("SELECT setval('profile_seq', $1), setval('identifier_seq', $2)", count, 4 * count + 3)


async def _some_people(
    database: Database, first: int, last: int, given: tuple[list[str], list[str]], statements: Sequence[str]
) -> None:
    async with database.transaction() as tx:
        await tx.rows("SELECT setseed(0.5)")
        await tx.rows(
            """
            CREATE TEMPORARY TABLE drawn ON COMMIT DROP AS
            SELECT n, id, bucket, first, family, first || '.' || family || n || '@example.org' AS email,
                   '+4477' || lpad((n * 7919 % 100000000)::text, 8, '0') AS phone
              FROM (SELECT n, n * 256 + (n & 255) AS id, (n & 255)::smallint AS bucket,
                           ($3::text[])[floor(power($5, random()))::int] AS first,
                           ($4::text[])[floor(power($6, random()))::int] AS family
                      FROM generate_series($1::bigint, $2::bigint) n OFFSET 0) AS thrown""",
            first,
            last,
            *given,
            float(FIRST_NAMES),
            float(FAMILY_NAMES),
        )
        await tx.rows("ANALYZE drawn")
        for statement in statements:
            await tx.rows(statement, NOW - timedelta(days=200))


_PEOPLE = {
    "profile": """
    INSERT INTO profile (bucket, id, created_at, anchor, traits)
    SELECT bucket, id, $1, n * 4,
           jsonb_build_object('country', (ARRAY['de','fr','it','es','gb','us','pl'])[1 + floor(random() * 7)],
                              'tier', (ARRAY['gold','silver','none'])[1 + floor(random() * 3)],
                              'age', 18 + floor(random() * 60)::integer,
                              'first_name', initcap(first), 'last_name', initcap(family))
      FROM drawn""",
    "told": """
    INSERT INTO told (bucket, profile_id, who, traits)
    SELECT bucket, id, n * 4,
           jsonb_build_object('first_name', jsonb_build_array(at, initcap(first)),
                              'last_name', jsonb_build_array(at, initcap(family)))
      FROM drawn
     CROSS JOIN (SELECT extract(epoch FROM $1::timestamptz)::bigint * 1000000 AS at) AS said""",
    "identifier": """
    INSERT INTO identifier (bucket, kind, value, id, profile_id, source, first_at, seen_at)
    SELECT (crc32(convert_to(kind, 'UTF8') || '\\x00'::bytea || convert_to(value, 'UTF8')) & 255)::smallint,
           kind, value, n * 4 + place - 1, id, 'import', $1, $1
      FROM drawn
     CROSS JOIN LATERAL (VALUES (1, 'external_id', n::text), (2, 'email', email), (3, 'phone', phone),
                                (4, 'anonymous_id', md5(n::text))) AS had(place, kind, value)""",
    "address": """
    INSERT INTO address (bucket, profile_id, channel, value, changed_at)
    SELECT bucket, id, channel, value, $1
      FROM drawn
     CROSS JOIN LATERAL (VALUES ('email', email), ('sms', phone)) AS had(channel, value)""",
    "profile_word": """
    INSERT INTO profile_word (bucket, profile_id, word)
    SELECT DISTINCT bucket, id, word FROM drawn CROSS JOIN LATERAL (VALUES (first), (family)) AS had(word)
     WHERE $1::timestamptz IS NOT NULL""",
    "consent": """
    INSERT INTO consent (bucket, id, profile_id, who, at, recorded_at, topic, channel, state, basis, method)
    SELECT bucket, id, id, n * 4, $1, $1, 'news', 'email', 'wanted', 'consent', 'form' FROM drawn""",
    "preference": """
    INSERT INTO preference (bucket, profile_id, topic, channel, state, basis, changed_at, consent_id)
    SELECT bucket, id, 'news', 'email', 'wanted', 'consent', $1, id FROM drawn""",
}


async def events(database: Database, *, people: int, count: int, named: dict[int, str] | None = None) -> None:
    """`named` renames kinds by their number; kind 9 has an amount."""
    async with database.transaction() as tx:
        await tx.rows("SELECT setseed(0.5)")
        await tx.rows("INSERT INTO event_name (name) SELECT 'kind ' || n FROM generate_series(1, $1) n", KINDS)
        for number, name in (named or {}).items():
            await tx.rows("UPDATE event_name SET name = $2 WHERE id = $1", number, name)
    await _months(database)
    sums = [f"event_sum_{n:02}" for n in range(16)]
    async with database.transaction() as tx:
        await tx.rows("DROP INDEX event_by_name")
        await tx.rows("DROP INDEX event_by_profile")
    for first in range(0, count, 1_000_000):
        await _some_events(database, first + 1, min(first + 1_000_000, count), people=people, count=count)
    async with database.transaction() as tx:
        await tx.rows("SET LOCAL maintenance_work_mem = '512MB'")
        await tx.rows("CREATE INDEX event_by_name ON event (name_id, profile_id, at)")
        await tx.rows("CREATE INDEX event_by_profile ON event (profile_id, at)")
        await tx.rows(
            """
            INSERT INTO event_sum (bucket, profile_id, name_id, count, first_at, last_at)
            SELECT bucket, profile_id, name_id, count(*), min(at), max(at) FROM event GROUP BY 1, 2, 3"""
        )
    for table in ("event", *sums):
        await database.pool.execute(f"VACUUM ANALYZE {table}", timeout=3600)


async def sums(database: Database, *, people: int, named: Sequence[str]) -> None:
    """Five events of each of these kinds for everybody, as sums alone: without the events themselves."""
    async with database.transaction() as tx:
        await tx.rows("INSERT INTO event_name (name) SELECT unnest($1::text[])", list(named))
    async with without_indexes(database, "event_sum"), database.transaction() as tx:
        await tx.rows(
            """
                INSERT INTO event_sum (bucket, profile_id, name_id, count, first_at, last_at)
                SELECT n & 255, n * 256 + (n & 255), id, 5, $2, $2
                  FROM generate_series(1, $1::bigint) n, event_name""",
            people,
            NOW,
        )


async def _months(database: Database) -> None:
    async with database.transaction() as tx:
        for month in range(1, 8):
            low, high = datetime(2026, month, 1, tzinfo=UTC), datetime(2026, month + 1, 1, tzinfo=UTC)
            await tx.rows(
                f"CREATE TABLE event_2026_{month:02} PARTITION OF event FOR VALUES FROM ('{low}') TO ('{high}')"
            )


async def _some_events(database: Database, first: int, last: int, *, people: int, count: int) -> None:
    async with database.transaction() as tx:
        await tx.rows(
            """
            INSERT INTO event (bucket, profile_id, at, name_id, received_at, who, properties)
            SELECT person & 255, person * 256 + (person & 255), at, kind, at, person * 4,
                   CASE WHEN kind = 9 THEN jsonb_build_object('amount', round((random() * 80)::numeric, 2)) END
              FROM (SELECT 1 + floor($3::bigint * random() * power(random(), 0.7))::bigint AS person,
                           $4::timestamptz - interval '180 d' * (1 - n / $5::float8) AS at,
                           least($6::float8, floor(power($6::float8 + 1, random())))::integer AS kind
                      FROM generate_series($1::bigint, $2::bigint) n OFFSET 0) drawn""",
            first,
            last,
            people,
            NOW,
            count,
            float(KINDS),
        )


def quantile(times: Sequence[float], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
