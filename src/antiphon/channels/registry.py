"""The adapters there are: one line each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.channels.adapter import Adapter
from antiphon.channels.adapters.email.smtp import SmtpAdapter, SmtpSettings
from antiphon.channels.adapters.push.webpush import WebPushAdapter, WebPushSettings
from antiphon.channels.adapters.sms.smpp import SmppAdapter, SmppSettings
from antiphon.kernel.errors import Flaw, Invalid, Problem
from antiphon.kernel.records import Channel, ProviderId


class Entry(Struct, frozen=True):
    """`make` gets the provider's number, its settings, product time, and whether private addresses may be called."""

    channel: Channel
    settings: type[Struct]
    make: Callable[[ProviderId, Any, Callable[[], datetime], bool], Adapter]


ADAPTERS: dict[str, Entry] = {
    "smtp": Entry(Channel.EMAIL, SmtpSettings, lambda _id, settings, _now, _private: SmtpAdapter(settings)),
    "smpp": Entry(Channel.SMS, SmppSettings, lambda id, settings, now, _private: SmppAdapter(id, settings, now=now)),
    "webpush": Entry(
        Channel.PUSH,
        WebPushSettings,
        lambda _id, settings, now, private: WebPushAdapter(settings, allow_private=private, now=now),
    ),
}


def channel_of(adapter: str) -> str:
    return ADAPTERS[adapter].channel.value


def check(adapter: str, settings: dict[str, Any]) -> Struct:
    """The settings as the adapter's struct. Raises Invalid that names the adapter or the setting."""
    if adapter not in ADAPTERS:
        known = ", ".join(sorted(ADAPTERS))
        raise Invalid(
            "The input is not valid.", flaws=[Flaw("adapter", f"There is no such adapter; there are {known}.")]
        )
    try:
        return msgspec.convert(settings, ADAPTERS[adapter].settings)
    except Problem as problem:
        flaws = [Flaw(f"settings.{flaw.at}", flaw.message) for flaw in problem.flaws]
        raise Invalid(problem.message, flaws=flaws) from problem
    except (msgspec.ValidationError, ValueError) as error:
        text, _, at = str(error).partition(" - at `$.")
        place = f"settings.{at.rstrip('`')}" if at else "settings"
        raise Invalid("The input is not valid.", flaws=[Flaw(place, text)]) from error


def make(adapter: str, provider: ProviderId, settings: bytes, now: Callable[[], datetime], *, private: bool) -> Adapter:
    entry = ADAPTERS[adapter]
    return entry.make(provider, msgspec.json.decode(settings, type=entry.settings), now, private)
