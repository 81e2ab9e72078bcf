"""A message that is edited: what is typed is never lost, and what is sent never changes behind anybody's back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from antiphon import content
from antiphon.content import editing, store_editing
from antiphon.kernel.errors import Invalid, NotFound


def saying(text, name="spring", **more):
    return {"name": name, "topic": "offers", "locales": {"en": {"sms": {"text": text}}}, **more}


def text_of(message):
    return message.locales["en"].sms.text


async def do(database, act, *given, **named):
    return await database.repeat(lambda tx: act(tx, *given, **named))


async def made(database, text="One", name="spring"):
    return await do(database, content.create, content.parse(saying(text, name)), saying(text, name))


async def published(database, text, name="spring"):
    await do(database, editing.save_draft, name, saying(text, name))
    return await do(database, editing.publish, name)


async def test_a_draft_is_sent_by_nobody_before_it_is_published(database):
    await made(database)
    kept = await do(database, editing.save_draft, "spring", saying("Two"), by="staff:1")
    assert (kept.version, kept.draft.by, kept.draft.based_on) == (1, "staff:1", 1)
    assert text_of((await do(database, content.find, "spring")).message) == "One"
    await do(database, editing.publish, "spring")
    found = await do(database, content.find, "spring")
    assert (found.version, text_of(found.message)) == (2, "Two")


async def test_what_was_sent_stays_as_it_was(database):
    first = await made(database)
    await published(database, "Two")
    read = await do(database, content.versions, [(first.id, 1), (first.id, 2)])
    assert {version: text_of(message) for (_, version), message in read.items()} == {1: "One", 2: "Two"}


@pytest.mark.parametrize("typed", [{}, {"locales": 5}, {"locales": {"en": {"sms": {"text": "{{ oh"}}}}])
async def test_what_is_typed_is_kept_whatever_is_wrong_with_it(database, typed):
    await made(database)
    kept = await do(database, editing.save_draft, "spring", typed)
    assert kept.draft.written == {**typed, "name": "spring"}
    with pytest.raises(Invalid):
        await do(database, editing.publish, "spring")
    assert (await do(database, store_editing.read, "spring")).draft.written == {**typed, "name": "spring"}


async def test_a_message_may_begin_as_a_draft(database):
    kept = await do(database, editing.create_draft, {"name": "new", "locales": {"en": {"sms": {"text": "Hi"}}}})
    assert (kept.version, kept.state, kept.channels) == (0, "draft", ["sms"])
    with pytest.raises(content.Unpublished, match="publish it first"):
        await do(database, content.find, "new")
    await do(database, editing.save_draft, "new", saying("Hi", "new"))
    assert (await do(database, editing.publish, "new")).version == 1


async def test_whoever_edits_what_somebody_else_changed_is_told_and_loses_nothing(database):
    await made(database)
    seen = (await do(database, store_editing.read, "spring")).revision
    await do(database, editing.save_draft, "spring", saying("theirs"), if_revision=seen)
    with pytest.raises(editing.EditedMeanwhile) as raised:
        await do(database, editing.save_draft, "spring", saying("mine"), if_revision=seen)
    assert raised.value.kept.text["locales"]["en"]["sms"]["text"] == "theirs"
    assert raised.value.yours["locales"]["en"]["sms"]["text"] == "mine"
    over = await do(database, editing.save_draft, "spring", saying("mine"), if_revision=raised.value.kept.revision)
    assert over.draft.written == saying("mine")


@pytest.mark.parametrize("act", [editing.publish, editing.discard_draft, editing.archive])
async def test_nothing_is_done_to_what_somebody_else_changed(database, act):
    await made(database)
    seen = (await do(database, editing.save_draft, "spring", saying("seen"))).revision
    await do(database, editing.save_draft, "spring", saying("not seen"))
    with pytest.raises(editing.EditedMeanwhile):
        await do(database, act, "spring", if_revision=seen)


async def test_an_answer_that_was_lost_may_be_asked_for_again(database):
    await made(database)
    seen = (await do(database, store_editing.read, "spring")).revision
    first = await do(database, editing.save_draft, "spring", saying("Two"), if_revision=seen)
    again = await do(database, editing.save_draft, "spring", saying("Two"), if_revision=seen)
    assert again.revision == first.revision


async def test_a_draft_that_is_discarded_and_begun_again_is_another(database):
    await made(database)
    seen = (await do(database, editing.save_draft, "spring", saying("Two"))).revision
    await do(database, editing.discard_draft, "spring")
    await do(database, editing.save_draft, "spring", saying("Three"))
    with pytest.raises(editing.EditedMeanwhile):
        await do(database, editing.publish, "spring", if_revision=seen)


async def test_publishing_the_same_makes_no_version(database):
    await made(database)
    kept = await published(database, "One")
    assert (kept.version, kept.draft) == (1, None)
    with pytest.raises(editing.NothingToPublish):
        await do(database, editing.publish, "spring")


async def test_what_was_said_before_can_be_said_again(database):
    await made(database)
    await published(database, "Two")
    kept = await do(database, editing.revert, "spring", 1)
    assert (kept.version, kept.draft.written) == (2, saying("One"))
    assert (await do(database, editing.publish, "spring")).version == 3
    with pytest.raises(NotFound, match="no version 9"):
        await do(database, editing.revert, "spring", 9)


async def test_a_variant_that_leaves_a_channel_out_leaves_it_out_when_it_is_edited_further(database):
    """What is edited is what the author wrote, not the whole forms that are made of it."""
    both = {"en": {"sms": {"text": "a"}, "push": {"title": "a"}}}
    document = saying("", name="spring") | {"locales": both, "variants": {"b": {"en": {"push": None}}}}
    await do(database, content.create, content.parse(document), document)
    kept = await do(database, editing.revert, "spring", 1)
    assert kept.draft.written["variants"] == {"b": {"en": {"push": None}}}


async def test_programs_that_send_by_an_old_name_go_on(database):
    first = await made(database)
    kept = await do(database, editing.rename, "spring", "autumn")
    assert kept.written["name"] == "spring"
    for name in ("spring", "autumn"):
        found = await do(database, content.find, name)
        assert (found.id, found.name, found.message.name) == (first.id, "autumn", "autumn")
    with pytest.raises(editing.NameTaken, match="autumn was named spring before"):
        await made(database, name="spring")
    assert (await do(database, editing.rename, "autumn", "spring")).name == "spring"
    assert (await do(database, content.find, "autumn")).name == "spring"


async def test_a_draft_of_a_stale_tab_does_not_undo_a_new_name(database):
    await made(database)
    await do(database, editing.rename, "spring", "autumn")
    await do(database, editing.save_draft, "spring", saying("Two", "spring"))
    assert (await do(database, editing.publish, "spring")).name == "autumn"


async def test_what_is_archived_is_begun_by_nobody_and_goes_on_where_it_is_under_way(database):
    first = await made(database)
    await do(database, editing.archive, "spring")
    with pytest.raises(content.Archived):
        await do(database, content.find, "spring")
    with pytest.raises(content.Archived):
        await do(database, editing.save_draft, "spring", saying("Two"))
    assert (first.id, 1) in await do(database, content.versions, [(first.id, 1)])
    assert text_of((await do(database, content.look_up, "spring")).message) == "One"
    await do(database, editing.restore, "spring")
    assert (await do(database, content.find, "spring")).id == first.id


async def test_only_what_nobody_was_sent_is_deleted(database):
    await made(database)
    with pytest.raises(editing.Published, match="Archive it"):
        await do(database, editing.delete, "spring")
    await do(database, editing.create_draft, {"name": "new"})
    await do(database, editing.delete, "new")
    with pytest.raises(NotFound):
        await do(database, store_editing.read, "new")


async def test_a_copy_says_the_same_and_is_a_draft(database):
    await made(database)
    copy = await do(database, editing.copy, "spring")
    assert (copy.name, copy.state, copy.draft.written) == (
        "spring (copy)",
        "draft",
        saying("One", "spring (copy)"),
    )
    assert (await do(database, editing.copy, "spring")).name == "spring (copy 2)"
    with pytest.raises(editing.NameTaken):
        await do(database, editing.copy, "spring", name="spring")


@pytest.mark.parametrize("name", ["", " ", "12", "x" * 201, None, 5])
async def test_a_name_that_is_none_is_refused(database, name):
    with pytest.raises(Invalid):
        await do(database, editing.create_draft, {"name": name})


async def test_of_two_who_take_a_name_at_once_one_has_it(database):
    await made(database, name="a")
    await made(database, name="b")
    both = [do(database, editing.rename, name, "c") for name in ("a", "b")]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["Kept", "NameTaken"]


async def test_who_changed_it_and_when_is_known(database, move):
    await made(database)
    at = await move(timedelta(hours=1))
    kept = await do(database, editing.save_draft, "spring", saying("Two"), by="staff:3")
    assert (kept.changed_at, kept.by, kept.created_at) == (at, "staff:3", at - timedelta(hours=1))
