"""Mail that a provider took for us and hands over by a call."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.channels.adapter import Surroundings
from antiphon.channels.mail import read_mail
from antiphon.kernel.records import Inbound, Receipt


def received(
    raw: bytes, around: Surroundings, *, recipients: Sequence[str], envelope_sender: str | None
) -> list[Receipt | Inbound]:
    """`raw` is the whole mail (RFC 5322). `envelope_sender` is None where the provider does not tell it."""
    return read_mail(
        raw,
        provider=around.provider,
        recipients=recipients,
        envelope_sender=envelope_sender,
        delivery_of=around.delivery_of,
        now=around.now(),
    )
