"""`/p/{token}`: what a person hears about, where and how often; a pause; the end of everything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

from litestar import Response
from msgspec import Struct
from msgspec.structs import replace

from antiphon import profiles
from antiphon.kernel import i18n, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.runtime import Runtime
from antiphon.pages import undo
from antiphon.pages.bearer import Bearer, Visitor, bearer, digest
from antiphon.pages.brand import brand_of
from antiphon.pages.form import Change, Form, Unclear, box, changes
from antiphon.pages.frame import page
from antiphon.pages.sheet import DAYS, EVERY, PAUSE_MAX, Sheet, sheet_of
from antiphon.pages.words import channel_words, day, listed, named
from antiphon.profiles import Statement, Topic

Act = Literal["save", "stop", "undo"]
SOURCE = "preference centre"


class Option(Struct, frozen=True):
    """A box, a radio button or an entry of a list."""

    value: str
    label: str
    on: bool = False


class Group(Struct, frozen=True):
    name: str
    title: str
    text: str
    boxes: Sequence[Option]
    breaks: Sequence[Option]


class Told(Struct, frozen=True):
    """What stands above the form after it was sent. `undo`: the statements that taking it back says again."""

    title: str
    lines: Sequence[str]
    bad: bool = False
    undo: Sequence[str] | None = None


async def show(runtime: Runtime, token: str, visitor: Visitor) -> Response[bytes]:
    """Changes nothing."""
    async with runtime.database.transaction(read_only=True) as tx:
        held = await bearer(tx, runtime, token)
        return await _page(tx, held, token, visitor)


async def act(
    runtime: Runtime, token: str, act: Act, form: Form, given: Sequence[str], visitor: Visitor
) -> Response[bytes]:
    """In force when it returns, also on what is queued; the page says in words what has changed."""

    async def work(tx: Transaction) -> Response[bytes]:
        held = await bearer(tx, runtime, token)
        if act == "stop":
            told = await stop_everything(tx, held, visitor)
        elif act == "undo":
            await undo.restore(tx, held.person.id, given, visitor.proof(_t(visitor, "preferences.undo"), source=SOURCE))
            told = Told(_t(visitor, "preferences.done.title"), [_t(visitor, "preferences.done.undone")])
        else:
            try:
                told = await _save(tx, held, form, visitor)
            except Unclear as error:
                told = Told(_t(visitor, "preferences.error.title"), [str(error)], bad=True)
                return await _page(tx, held, token, visitor, told=told, entered=form, status=422)
        return await _page(tx, await bearer(tx, runtime, token), token, visitor, told=told)

    return await runtime.database.repeat(work)


async def stop_everything(tx: Transaction, held: Bearer, visitor: Visitor) -> Told:
    brand = (await settings.read(tx)).brand_name
    standing = (await profiles.preferences(tx, [held.person.id]))[held.person.id]
    text = _t(visitor, "preferences.stop.text", brand=brand)
    wording = f"{_t(visitor, 'preferences.stop.title')}\n{text}\n{_t(visitor, 'preferences.stop.button')}"
    await profiles.state(tx, held.person.id, [Statement(state="unwanted")], visitor.proof(wording, source=SOURCE))
    line = _t(visitor, "preferences.done.stop", brand=brand)
    return Told(_t(visitor, "preferences.done.stop.title"), [line], undo=undo.was(standing))


async def _save(tx: Transaction, held: Bearer, form: Form, visitor: Visitor) -> Told:
    found = changes(await _sheet(tx, held, visitor), form)
    for change in found:
        await _keep(tx, held, change, visitor)
    lines = [change.line for change in found if change.line]
    return Told(_t(visitor, "preferences.done.title"), lines or [_t(visitor, "preferences.done.nothing")])


async def _keep(tx: Transaction, held: Bearer, change: Change, visitor: Visitor) -> None:
    proof = visitor.proof(change.wording, source=SOURCE)
    if change.opt_in is not None:
        channel, address = change.opt_in
        await profiles.opt_in(tx, channel, [address], how="page", proof=proof)
        return
    if change.asked_at is not None:
        proof = replace(proof, method="double_opt_in", asked_at=change.asked_at, confirmed_at=tx.now)
    await profiles.state(tx, held.person.id, change.statements, proof)


async def _sheet(tx: Transaction, held: Bearer, visitor: Visitor) -> Sheet:
    now = await settings.read(tx)
    return sheet_of(
        held,
        await profiles.topics(tx),
        (await profiles.preferences(tx, [held.person.id]))[held.person.id],
        locale=visitor.locale,
        now=tx.now,
        zone=_zone(held, now),
    )


def _zone(held: Bearer, now: settings.Settings) -> ZoneInfo:
    """Where the person lives, else where the company says that people do."""
    for name in (held.person.traits.get("timezone"), now.timezone):
        try:
            return ZoneInfo(str(name or ""))
        except (KeyError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


async def _page(
    tx: Transaction,
    held: Bearer,
    token: str,
    visitor: Visitor,
    *,
    told: Told | None = None,
    entered: Form | None = None,
    status: int = 200,
) -> Response[bytes]:
    sheet = await _sheet(tx, held, visitor)
    brand = brand_of(await settings.read(tx))
    places = [*((channel, address) for channel, each in sheet.open.items() for address in each), *sheet.stopped]
    locale = visitor.locale
    return page(
        "preferences.html",
        locale=locale,
        status=status,
        brand=brand,
        here=f"/p/{token}",
        told=told,
        addresses=listed(locale, list(dict.fromkeys(named(locale, *place) for place in places))) if places else "",
        stopped=_stopped(sheet, entered),
        groups=[_group(sheet, topic, entered) for topic in sheet.topics if sheet.open],
        often=_often(sheet, entered),
        pauses=_pauses(sheet, entered),
        first_day=(sheet.today + timedelta(days=1)).isoformat(),
        last_day=(sheet.today + PAUSE_MAX).isoformat(),
        day=entered.day if entered else "",
    )


def _stopped(sheet: Sheet, entered: Form | None) -> list[Option]:
    options = []
    for channel, address in sheet.stopped:
        value = str(digest((channel, address)))
        words = {"channel": channel_words(sheet.locale, channel), "address": named(sheet.locale, channel, address)}
        label = i18n.translate(sheet.locale, "preferences.stopped.again", **words)
        options.append(Option(value, label, bool(entered and value in entered.again)))
    return options


def _group(sheet: Sheet, topic: Topic, entered: Form | None) -> Group:
    boxes = []
    for channel in sheet.channels(topic):
        on = box(topic, channel) in entered.on if entered else sheet.is_on(topic, channel)
        boxes.append(Option(box(topic, channel), i18n.translate(sheet.locale, f"channel_name.{channel}"), on))
    return Group(topic.name, sheet.title(topic), sheet.text(topic), boxes, _breaks(sheet, topic, entered))


def _breaks(sheet: Sheet, topic: Topic, entered: Form | None) -> list[Option]:
    if topic.name == EVERY:
        return []
    t = partial(i18n.translate, sheet.locale)
    until = sheet.paused_until(topic.name)
    found = [("none", t("preferences.snooze.none"))]
    if until is not None:
        shown = day(sheet.locale, sheet.date_of(until))
        found = [("keep", t("preferences.snooze.keep", date=shown)), ("end", t("preferences.snooze.end"))]
    found += [(each, t(f"preferences.for_{each}")) for each in DAYS]
    chosen = dict(zip(entered.topics, entered.breaks, strict=False)).get(topic.name) if entered else None
    return _options(found, chosen)


def _often(sheet: Sheet, entered: Form | None) -> list[Option]:
    names = ["any", "week", "month", *(["other"] if sheet.often == "other" else [])]
    found = [(name, i18n.translate(sheet.locale, f"preferences.often.{name}")) for name in names]
    return _options(found, entered.often if entered else sheet.often)


def _pauses(sheet: Sheet, entered: Form | None) -> list[Option]:
    t = partial(i18n.translate, sheet.locale)
    until = sheet.paused_until()
    found = [("none", t("preferences.pause.none"))]
    if until is not None:
        shown = day(sheet.locale, sheet.date_of(until))
        found = [("keep", t("preferences.pause.keep", date=shown)), ("end", t("preferences.pause.end"))]
    found += [(each, t(f"preferences.for_{each}")) for each in DAYS]
    found.append(("date", t("preferences.pause.date")))
    return _options(found, entered.pause if entered else None)


def _options(found: Sequence[tuple[str, str]], chosen: str | None) -> list[Option]:
    """The first where nothing was chosen."""
    values = [value for value, _ in found]
    on = chosen if chosen in values else values[0]
    return [Option(value, label, value == on) for value, label in found]


def _t(visitor: Visitor, key: str, **values: Any) -> str:
    return i18n.translate(visitor.locale, key, **values)
