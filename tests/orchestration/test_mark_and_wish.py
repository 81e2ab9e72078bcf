"""The mark asks in SQL what the decision asks in Python. For any wishes, topics and purposes the answer is the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import Struct

from antiphon.kernel.db import Database
from antiphon.kernel.records import DeliveryId, Purpose
from antiphon.orchestration import deliver
from antiphon.orchestration.options import CRITICAL
from antiphon.profiles import Effective, Standing, Topic, effective
from antiphon.profiles.consent_fold import RESUMED

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TOPICS = [
    Topic("plain"),
    Topic("quiet", state="unwanted"),
    Topic("by_sms", channels=("sms",)),
    Topic("both", channels=("sms", "email"), needs="consent"),
    Topic("asked", needs="consent"),
    Topic("twice", needs="double_opt_in", critical=True),
    Topic("alarm", critical=True, state="unwanted"),
]
CASES = 1_500


class Case(Struct):
    """Person `n` has a delivery on `channel` to `address`, said this, and this is known of the address."""

    topic: Topic
    purpose: Purpose
    channel: str
    address: str
    said: list[Standing]
    scope: str | None
    address_state: str

    @property
    def effect(self) -> Effective:
        return effective(self.said, self.topic, self.channel, now=NOW, address=self.address)

    @property
    def kind(self) -> str:
        return "system" if self.purpose is Purpose.SYSTEM and self.channel == "sms" else "api"

    @property
    def may_leave(self) -> bool:
        if self.scope == "everything" and self.kind != "system":
            return False
        if self.scope == "marketing" and self.purpose is Purpose.CAMPAIGN:
            return False
        if self.address_state in ("dead", "gone"):
            return False
        if self.purpose in CRITICAL and (self.topic.name == "" or self.topic.critical):
            return True
        return self.effect.allowed and self.effect.paused_until is None


def make(chance: random.Random, n: int) -> Case:
    topic = chance.choice([*TOPICS, Topic(""), Topic("nobody wrote it down")])
    rows: dict[tuple[str, str, str], Standing] = {}
    address = f"a{n}"
    if chance.random() < 0.1:  # a narrow yes without consent, a broad one with it, perhaps a no between them
        between = Standing(topic.name, "*", chance.choice(["unwanted", None]))
        yes = Standing("*", "*", "wanted", basis="consent", confirmed=True)
        rows = {row.key: row for row in (Standing(topic.name, "email", "wanted"), between, yes)}
    for _ in range(chance.choice([0, 1, 1, 2, 3, 4])):
        row = Standing(
            topic=chance.choice([topic.name, topic.name, "*", "other"]),
            channel=chance.choice(["email", "sms", "*"]),
            address=chance.choice(["", "", "", address, "else"]),
            state=chance.choice(["wanted", "wanted", "unwanted", None]),
            basis=chance.choice(["consent", "consent", "", "contract"]),
            confirmed=chance.random() < 0.5,
            expires_at=_around(chance, 0.3),
            paused_until=RESUMED if chance.random() < 0.15 else _around(chance, 0.2),
        )
        rows[row.key] = row
    return Case(
        topic=topic,
        purpose=chance.choice(list(Purpose)),
        channel=chance.choice(["email", "sms"]),
        address=address,
        said=list(rows.values()),
        scope=chance.choice([None] * 8 + ["marketing", "everything"]),
        address_state=chance.choice(["active"] * 8 + ["unknown", "soft", "dead", "gone"]),
    )


def _around(chance: random.Random, share: float) -> datetime | None:
    return NOW + timedelta(hours=chance.choice([-5, 0, 5])) if chance.random() < share else None


async def put(database: Database, cases: list[Case]) -> None:
    """Straight into the tables: one person, one source, one queued delivery each, claimed under lease 1."""
    async with database.transaction() as tx:
        run = tx.connection.executemany
        await run(
            "INSERT INTO topic (name, state, channels, needs, critical, changed_at) VALUES ($1, $2, $3, $4, $5, $6)",
            [(t.name, t.state, list(t.channels), t.needs, t.critical, NOW) for t in TOPICS],
        )
        await run(
            "INSERT INTO source (id, kind, name, message_id, version, topic, purpose, channels, failover_on)"
            " OVERRIDING SYSTEM VALUE VALUES ($1, $4, 'm', 1, 1, $2, $3, '{email,sms}', 'definite')",
            [(n, case.topic.name, case.purpose.value, case.kind) for n, case in enumerate(cases, 1)],
        )
        people = [(n & 255, n) for n in range(1, len(cases) + 1)]
        await run("INSERT INTO person (bucket, profile_id) VALUES ($1, $2)", people)
        await run(
            "INSERT INTO notification (bucket, id, profile_id, source_id, created_at) VALUES ($1, $2, $2, $2, $3)",
            [(bucket, n, NOW) for bucket, n in people],
        )
        await run(
            "INSERT INTO delivery (bucket, id, notification_id, profile_id, source_id, n, channel, address,"
            " provider_id, lane, due_at, lease) VALUES ($1, $2, $2, $2, $2, 1, $3, $4, 1, 4, $5, 1)",
            [(n & 255, n, case.channel, case.address, NOW) for n, case in enumerate(cases, 1)],
        )
        await run(
            "INSERT INTO address (bucket, profile_id, channel, value, state, changed_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            [
                (n & 255, n, case.channel, case.address, case.address_state, NOW)
                for n, case in enumerate(cases, 1)
                if case.address_state != "gone"
            ],
        )
        await run(
            "INSERT INTO opt_out (bucket, channel, value, at, how, scope) VALUES (0, $1, $2, $3, 'api', $4)",
            [(case.channel, case.address, NOW, case.scope) for case in cases if case.scope],
        )
        await run(
            "INSERT INTO preference (bucket, profile_id, topic, channel, address, state, basis, confirmed, expires_at,"
            " paused_until, changed_at, consent_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)",
            [
                (n & 255, n, s.topic, s.channel, s.address, s.state, s.basis, s.confirmed, s.expires_at, s.paused_until,
                 NOW)
                for n, case in enumerate(cases, 1)
                for s in case.said
            ],
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_the_mark_lets_go_what_the_decision_would_send_and_nothing_else(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    cases = [make(chance, n) for n in range(CASES)]
    await put(database, cases)
    marks = [(DeliveryId(n), 1) for n in range(1, CASES + 1)]
    cleared = {mark.delivery for mark in await database.repeat(lambda tx: deliver.clear(tx, marks))}
    wrong = [
        (case, "let go" if n in cleared else "held back", case.effect)
        for n, case in enumerate(cases, 1)
        if (n in cleared) != case.may_leave
    ]
    assert not wrong, wrong[:3]
    assert CASES // 10 < len(cleared) < CASES * 9 // 10
    reasons = {case.effect.reason for case in cases}
    assert reasons == {None, "unwanted", "no_consent"}
