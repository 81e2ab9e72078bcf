"""A message sent as a test: to a few addresses or colleagues, as it is being written, as somebody would get it.

It takes the way that every message takes. Opt-outs and what the person said of its topic hold; a consent that nobody
asked them for is not needed, for whoever tests writes to people who expect it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import Struct

from antiphon import access, content, profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, Invalid, NotFound
from antiphon.kernel.records import Channel, Identifier, NotificationId, ProfileId, Purpose
from antiphon.kernel.said import worded
from antiphon.orchestration import store
from antiphon.orchestration.alone import decide_alone
from antiphon.orchestration.policy import read_policy
from antiphon.orchestration.sources import make_source
from antiphon.orchestration.variables import locale_of

RECIPIENTS_MAX = 5
WITHIN = timedelta(hours=1)
_CHANNEL_OF = {"email": Channel.EMAIL, "phone": Channel.SMS}
_COLLEAGUE, _SELF = "colleague:", "me"


class Trial(Struct, frozen=True, kw_only=True):
    """`to`: `kind:value`, `colleague:` and their id, or `me`. `who`: whose values it says; None: each reader's own.

    `draft`: what is being written, where there is such. `marked`: it says that it is a test. `asks`: the number of
    the colleague who asks, None for a program.
    """

    message: str
    to: list[str]
    who: str | content.Sample | None = None
    channel: Channel | None = None
    locale: str = ""
    variant: str = ""
    variables: dict[str, Any] = {}
    draft: bool = True
    marked: bool = True
    by: str = ""
    asks: int | None = None


class Tried(Struct, frozen=True):
    """`to` as it was asked for. Follow it at `/notifications/{notification}`."""

    to: str
    channels: list[str]
    notification: str


async def try_out(tx: Transaction, trial: Trial) -> list[Tried]:
    """Raises Invalid with the place of each recipient that is none, NotFound, and what `content.keep_trial` raises."""
    known = await content.variables_as(tx, trial.who) if trial.who is not None else {}
    locale = trial.locale or (locale_of(known["profile"]) or "en" if known else "")
    stored = await content.keep_trial(
        tx,
        trial.message,
        draft=trial.draft,
        variant=trial.variant,
        locale=locale,
        marked=trial.marked,
        by=trial.by,
    )
    recipients = await _recipients(tx, trial, content.channels_of(stored.message))
    known.pop("now", None)  # it says when it is sent
    said = content.only_read(stored.message, {**known, **trial.variables})
    person = await _person(tx, trial.who)
    tried = []
    for to, address, channels in recipients:
        number = await _send(tx, stored, address, channels, said)
        if person is not None:
            await content.note_trial(tx, person, number)
        tried.append(Tried(to, [channel.value for channel in channels], str(number)))
    return tried


async def _person(tx: Transaction, who: str | content.Sample | None) -> ProfileId | None:
    if not isinstance(who, str):
        return None
    return await profiles.find_named(tx, who)


async def _recipients(
    tx: Transaction, trial: Trial, possible: frozenset[Channel]
) -> list[tuple[str, Identifier, list[Channel]]]:
    if not 1 <= len(trial.to) <= RECIPIENTS_MAX:
        raise Invalid(
            "The input is not valid.",
            flaws=[Flaw("to", worded("1 to {most} recipients are needed.", most=RECIPIENTS_MAX))],
        )
    found, flaws = [], []
    for n, to in enumerate(dict.fromkeys(trial.to)):
        try:
            address = await _address(tx, to, trial)
        except Invalid as error:
            flaws += [Flaw(f"to[{n}]", flaw.message) for flaw in error.flaws]
            continue
        except NotFound as error:
            flaws.append(Flaw(f"to[{n}]", error.message))
            continue
        only = _CHANNEL_OF.get(address.kind)
        ways = [each for each in Channel if each in possible and {only, trial.channel} <= {None, each}]
        if not ways:
            has = ", ".join(sorted(possible))
            flaws.append(Flaw(f"to[{n}]", worded("There is nothing to send there: the message has {has}.", has=has)))
        found.append((to, address, ways))
    if flaws:
        raise Invalid("The input is not valid.", flaws=flaws)
    return found


async def _address(tx: Transaction, to: str, trial: Trial) -> Identifier:
    if to != _SELF and not to.startswith(_COLLEAGUE):
        return profiles.parse(to)
    number = str(trial.asks) if to == _SELF else to.removeprefix(_COLLEAGUE)
    for colleague in await access.list_everybody(tx):
        if str(colleague.id) == number and colleague.state == "active":
            return profiles.normalise("email", colleague.email)
    raise NotFound("There is no such colleague." if to != _SELF else "`me` is a colleague who is signed in.")


async def _send(
    tx: Transaction, stored: content.Stored, to: Identifier, channels: list[Channel], said: dict[str, Any]
) -> NotificationId:
    profile = await profiles.find_or_make(tx, to)
    number = await store.new_notification_id(tx, profile)
    source = await make_source(
        tx,
        kind="api",
        name=stored.name,
        message=stored.id,
        version=stored.version,
        topic=await _topic(tx, profile, stored.message.topic),
        purpose=Purpose.TEST,
        channels=[channel.value for channel in channels],
        failover_on="definite",
    )
    end = tx.now + WITHIN
    await store.insert_api_notification(tx, number, source, profile, expires_at=end, variables=said)
    only = _CHANNEL_OF.get(to.kind)
    await decide_alone(
        tx,
        profile,
        number,
        await read_policy(tx),
        through=lambda each: only is None or (each.channel == only and each.value == to.value),
        may_wait=True,
    )
    return number


async def _topic(tx: Transaction, profile: ProfileId, topic: str) -> str:
    """Its own where the person refused it; else none."""
    standing = (await profiles.preferences(tx, [profile])).get(profile, [])
    refused = any(row.topic == topic and row.state == "unwanted" and not row.is_over(tx.now) for row in standing)
    return topic if refused else ""
