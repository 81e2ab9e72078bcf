"""The adapters there are: one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.channels.adapter import Adapter, Surroundings
from antiphon.channels.adapters.email.imap import ImapAdapter, ImapSettings
from antiphon.channels.adapters.email.infobip import InfobipAdapter, InfobipSettings
from antiphon.channels.adapters.email.mailgun import MailgunAdapter, MailgunSettings
from antiphon.channels.adapters.email.mx import MxAdapter, MxSettings
from antiphon.channels.adapters.email.postmark import PostmarkAdapter, PostmarkSettings
from antiphon.channels.adapters.email.sendgrid import SendGridAdapter, SendGridSettings
from antiphon.channels.adapters.email.ses import SesAdapter, SesSettings
from antiphon.channels.adapters.email.smtp import SmtpAdapter, SmtpSettings
from antiphon.channels.adapters.push.webpush import WebPushAdapter, WebPushSettings
from antiphon.channels.adapters.sms.smpp import SmppAdapter, SmppSettings
from antiphon.kernel.errors import Flaw, Invalid, Problem
from antiphon.kernel.records import Channel
from antiphon.kernel.said import worded


class Entry(Struct, frozen=True):
    """`sends`: False for accounts that only bring something in. `listens_alone`: only one process may listen, such as
    to a mailbox that is read from one place to the next. `is_called`: the provider calls us, so it has an address.
    `recalls`: what was handed over can be asked back."""

    channel: Channel
    settings: type[Struct]
    make: Callable[[Any, Surroundings], Adapter]
    sends: bool = True
    listens_alone: bool = False
    is_called: bool = False
    recalls: bool = False


ADAPTERS: dict[str, Entry] = {
    "smtp": Entry(Channel.EMAIL, SmtpSettings, lambda settings, _around: SmtpAdapter(settings)),
    "mx": Entry(Channel.EMAIL, MxSettings, MxAdapter, sends=False),
    "imap": Entry(Channel.EMAIL, ImapSettings, ImapAdapter, sends=False, listens_alone=True),
    "ses": Entry(Channel.EMAIL, SesSettings, SesAdapter, is_called=True),
    "sendgrid": Entry(Channel.EMAIL, SendGridSettings, SendGridAdapter, is_called=True),
    "mailgun": Entry(Channel.EMAIL, MailgunSettings, MailgunAdapter, is_called=True),
    "postmark": Entry(Channel.EMAIL, PostmarkSettings, PostmarkAdapter, is_called=True),
    "infobip-email": Entry(Channel.EMAIL, InfobipSettings, InfobipAdapter, is_called=True),
    "smpp": Entry(
        Channel.SMS,
        SmppSettings,
        lambda settings, around: SmppAdapter(around.provider, settings, now=around.now),
        recalls=True,
    ),
    "webpush": Entry(
        Channel.PUSH,
        WebPushSettings,
        lambda settings, around: WebPushAdapter(settings, allow_private=around.private, now=around.now),
    ),
}


def channel_of(adapter: str) -> str:
    return ADAPTERS[adapter].channel.value


def check(adapter: str, settings: dict[str, Any]) -> Struct:
    """The settings as the adapter's struct. Raises Invalid that names the adapter or the setting."""
    if adapter not in ADAPTERS:
        known = ", ".join(sorted(ADAPTERS))
        raise Invalid(
            "The input is not valid.",
            flaws=[Flaw("adapter", worded("There is no such adapter; there are {known}.", known=known))],
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


def sends(adapter: str) -> bool:
    """False also for an adapter that this version does not know."""
    return adapter in ADAPTERS and ADAPTERS[adapter].sends


def recalls(adapter: str) -> bool:
    return adapter in ADAPTERS and ADAPTERS[adapter].recalls


def make(adapter: str, settings: bytes, around: Surroundings) -> Adapter:
    entry = ADAPTERS[adapter]
    return entry.make(msgspec.json.decode(settings, type=entry.settings), around)
