"""A test of a message: what would be sent is what arrives, with a mark, to nobody but whom it was meant for."""

from __future__ import annotations

import pytest

from antiphon import content, profiles
from antiphon.content import editing
from antiphon.kernel.errors import Invalid, NotFound
from antiphon.kernel.records import Identifier
from antiphon.orchestration import trying
from antiphon.profiles import erasure
from orchestration.stage import Stage

ANN = Identifier("external_id", "ann")
FORMS = {
    "en": {"email": {"subject": "For {{ profile.first_name }}", "blocks": [{"kind": "text", "text": "{{ code }}"}]}},
    "es": {"email": {"subject": "Para {{ profile.first_name }}", "blocks": [{"kind": "divider"}]}},
}
DOCUMENT = {"name": "m", "topic": "coupons", "locales": FORMS}


async def made(stage: Stage, document=DOCUMENT):
    await stage.database.repeat(lambda tx: content.create(tx, content.parse(document), document))
    fact = profiles.Fact(
        source="t",
        message_id="ann",
        at=stage.database.clock.now(),
        who=(ANN, Identifier("email", "ann@shop.example")),
        traits={"first_name": "Ann", "language": "es", "secret": "pears"},
    )
    await stage.database.repeat(lambda tx: profiles.record(tx, [fact]))


async def tried(stage: Stage, *to: str, **how):
    trial = trying.Trial(message="m", to=list(to), **how)
    return await stage.database.repeat(lambda tx: trying.try_out(tx, trial))


async def left(stage: Stage, desk, n: int = 1):
    async def reached() -> bool:
        return len(desk.left) >= n

    await stage.eventually(reached)
    return [outgoing for _, outgoing in desk.left]


async def test_it_arrives_marked_and_can_be_followed(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    await made(stage)
    (one,) = await tried(stage, "email:me@team.example", variables={"code": "APPLE"})
    (outgoing,) = await left(stage, desk)
    assert (outgoing.to, outgoing.body.subject) == ("me@team.example", "[Test] For")
    assert "APPLE" in outgoing.body.text
    view = await stage.until_state(int(one.notification), "sent")
    assert (one.channels, view.source, view.deliveries[0].address) == (["email"], "m", "me@team.example")


async def test_somebody_gets_what_another_would_get_in_their_language(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    await made(stage)
    await tried(stage, "email:me@team.example", who="external_id:ann", marked=False)
    (outgoing,) = await left(stage, desk)
    assert (outgoing.to, outgoing.body.subject) == ("me@team.example", "Para Ann")


async def test_nobody_in_particular_will_do(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    await made(stage)
    await tried(stage, "email:me@team.example", who=content.Sample(), locale="en")
    assert (await left(stage, desk))[0].body.subject == "[Test] For Alex"


async def test_what_is_being_written_is_tried_and_not_published(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    await made(stage)
    draft = {**DOCUMENT, "locales": {"en": {"email": {"subject": "Draft", "blocks": [{"kind": "divider"}]}}}}
    await stage.database.repeat(lambda tx: editing.save_draft(tx, "m", draft))
    await tried(stage, "email:me@team.example")
    await tried(stage, "email:me@team.example")
    await tried(stage, "email:me@team.example", draft=False)
    subjects = sorted(outgoing.body.subject for outgoing in await left(stage, desk, 3))
    assert subjects == ["[Test] Draft", "[Test] Draft", "[Test] For"]
    rows = await stage.sql("SELECT version FROM message_version ORDER BY version")
    assert [row["version"] for row in rows] == [-2, -1, 1]


async def test_only_the_address_that_was_given_gets_it(stage: Stage, worker: None) -> None:
    """Whoever it is has others."""
    desk = await stage.account("email")
    await made(stage)
    fact = profiles.Fact(
        source="t",
        message_id="2",
        at=stage.database.clock.now(),
        who=(ANN, Identifier("email", "ann@work.example")),
    )
    await stage.database.repeat(lambda tx: profiles.record(tx, [fact]))
    for address in ("ann@shop.example", "ann@work.example"):
        await tried(stage, f"email:{address}")
    assert sorted(outgoing.to for outgoing in await left(stage, desk, 2)) == ["ann@shop.example", "ann@work.example"]


async def test_who_is_asked_for_no_consent_gets_a_test_and_who_refused_gets_none(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    await made(stage)
    async with stage.database.transaction() as tx:
        await profiles.write_topic(tx, profiles.Topic("coupons", needs="consent"))
        ann = (await profiles.find(tx, [ANN]))[ANN]
        no = profiles.Statement("coupons", "*", "unwanted")
        await profiles.state(tx, ann, [no], profiles.Proof("page"))
        await profiles.opt_out(tx, "email", ["stopped@shop.example"], how="unsubscribe", scope="everything")
    sent = await tried(stage, "email:me@team.example", "email:ann@shop.example", "email:stopped@shop.example")
    await stage.until_state(int(sent[0].notification), "sent")
    assert [(await stage.show(int(one.notification))).reason for one in sent[1:]] == ["unwanted", "opted_out"]
    assert [outgoing.to for outgoing in await left(stage, desk)] == ["me@team.example"]


@pytest.mark.parametrize(
    ("to", "place"),
    [
        ([], "to"),
        (["email:a@b.example"] * 1 + [f"email:a{n}@b.example" for n in range(5)], "to"),
        (["email:a@b.example", "email:nobody"], "to[1]"),
        (["phone:+12025550143"], "to[0]"),
        (["colleague:9"], "to[0]"),
        (["me"], "to[0]"),
    ],
)
async def test_a_recipient_that_is_none_has_a_place_and_nobody_gets_it(stage: Stage, to, place) -> None:
    await made(stage)
    with pytest.raises(Invalid) as raised:
        await tried(stage, *to)
    assert [flaw.at for flaw in raised.value.flaws] == [place]
    assert await stage.sql("SELECT FROM notification") == []


async def test_a_draft_that_could_not_be_published_is_not_sent(stage: Stage) -> None:
    await made(stage)
    await stage.database.repeat(lambda tx: editing.save_draft(tx, "m", {"topic": "t", "locales": {}}))
    with pytest.raises(Invalid):
        await tried(stage, "email:me@team.example")
    with pytest.raises(NotFound):
        await tried(stage, "email:me@team.example", draft=False, variant="c")


async def test_a_colleague_is_named_by_number(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    await made(stage)
    await stage.sql(
        "INSERT INTO staff (email, email_key, name, role, state, created_at)"
        " VALUES ('bo@team.example', 'bo@team.example', 'Bo', 'marketer', 'active', '2026-01-01')"
    )
    await tried(stage, "colleague:1", asks=1)
    await tried(stage, "me", asks=1)
    assert [outgoing.to for outgoing in await left(stage, desk, 2)] == ["bo@team.example"] * 2


async def test_of_whom_it_speaks_only_what_it_says_is_kept_and_goes_with_them(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    await made(stage)
    await tried(stage, "email:me@team.example", who="external_id:ann")
    await left(stage, desk)
    kept = await stage.sql("SELECT variables FROM notification")
    assert [row["variables"] for row in kept] == [{"profile": {"first_name": "Ann"}}]
    await erasure.erase(stage.database, ANN)
    kept = await stage.sql("SELECT variables, decision FROM notification")
    assert [tuple(row) for row in kept] == [(None, None)]
    assert await stage.sql("SELECT FROM message_trial") == []
