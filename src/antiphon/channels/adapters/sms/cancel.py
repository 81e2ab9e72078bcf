"""Taking a message back from an SMSC that has not delivered it yet: cancel_sm.

Source: SMPP 3.4 section 4.9 (cancel_sm, cancel_sm_resp) and 5.1.3 (command_status). Of a long message the last part is
taken back, by whose id it is known: what arrived of the others is no message.
"""

from __future__ import annotations

from typing import Final

from antiphon.channels.adapter import Recalled
from antiphon.channels.adapters.sms import pdu
from antiphon.channels.adapters.sms.session import Answer
from antiphon.channels.adapters.sms.submit import sender_kind

CANCEL_SM: Final = 0x00000008
SERVICE_OCTETS, MESSAGE_ID_OCTETS, ADDRESS_OCTETS = 6, 65, 21


def body(message_id: str, *, sender: str) -> bytes:
    """One message by its id. The source address must be the one of the submit_sm; the destination may be left open.

    Raises ValueError for what does not fit its place.
    """
    (ton, npi), address = sender_kind(sender)
    named = pdu.text("", SERVICE_OCTETS) + pdu.text(message_id, MESSAGE_ID_OCTETS)
    source = bytes((ton, npi)) + pdu.text(address, ADDRESS_OCTETS)
    return named + source + bytes((0, 0)) + pdu.text("", ADDRESS_OCTETS)


def outcome(answer: Answer) -> Recalled:
    """Only its yes is one. An SMSC that knows no cancel_sm says so, by an answer or by generic_nack."""
    if not isinstance(answer, pdu.Pdu):
        return Recalled.TOO_LATE
    if answer.status == pdu.ROK and answer.command == CANCEL_SM | pdu.RESPONSE:
        return Recalled.DONE
    return Recalled.CANNOT if answer.status == pdu.RINVCMDID else Recalled.TOO_LATE
