"""Segment's calls as facts: bytes in, facts and refusals out. No I/O.

One bad event never costs its batch: it becomes a refusal with the places of its flaws. Only a body that is no JSON
object at all, or a batch that is no list, raises Invalid.

Source: the Segment spec (common fields, identify, track, page, screen, group, alias) and its HTTP API limits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace
from uuid_utils import uuid7

from antiphon.integrations.people import Context, Remembered, Said, device_traits, named, read_context, text_of, who_of
from antiphon.integrations.times import Arrival, correct, parse_iso
from antiphon.kernel.errors import Flaw, Invalid, invalid
from antiphon.kernel.http import flaw_of
from antiphon.kernel.records import Identifier
from antiphon.profiles import AccountFact, Fact, Refusal

EVENT_BYTES_MAX = 32 * 1024
NAME_CHARS_MAX = 200
MESSAGE_ID_CHARS_MAX = 255
ACCOUNT_CHARS_MAX = 250  # of one that a call merely mentions: longer is none, and costs the call nothing
EXCERPT_CHARS = 2_000
TYPES = frozenset({"identify", "track", "page", "screen", "group", "alias"})

T = TypeVar("T")
_NOTHING = Raw(b"")
_ODD = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # kept: a backslash, a whole pair
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|(?P<number>\bNaN\b|-?\bInfinity\b)')
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_Text = str | int | None


class Call(Struct, rename="camel"):
    """One event as clients send it. What is `Raw` is looked at only where it is used."""

    type: str | None = None
    user_id: _Text = None
    anonymous_id: _Text = None
    previous_id: _Text = None
    group_id: _Text = None
    message_id: _Text = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    timestamp: str | None = None
    original_timestamp: str | None = None
    sent_at: Any = None  # a wrong sentAt costs the correction, not the event
    properties: Raw = _NOTHING
    traits: Raw = _NOTHING
    context: Raw = _NOTHING


class Batch(Struct, rename="camel"):
    batch: list[Raw]
    sent_at: Any = None  # see Call
    context: Raw = _NOTHING
    write_key: Any = None  # checked where it is used


class Single(Struct, rename="camel"):
    write_key: Any = None  # checked where it is used


class Envelope(Struct, frozen=True):
    """A body that is taken apart into its events, not yet looked at: enough to know whose key it has."""

    events: Sequence[Raw | bytes]
    shared: Call
    write_key: str
    type: str | None


class AliasFact(Fact, frozen=True, kw_only=True):
    """`previous` is an older id of the same person: whether a userId or an anonymousId, the directory knows."""

    previous: str


class Decoded(Struct):
    """`too_large` counts events beyond 32 kB: they are refused, and the sender is told.

    `learnt` is what devices said that `Remembered` did not know: note it once the facts are on disk.
    """

    facts: list[Fact]
    refusals: list[Refusal]
    too_large: int = 0
    learnt: dict[Identifier, Said] = {}


_calls = msgspec.json.Decoder(Call)
_batches = msgspec.json.Decoder(Batch)
_singles = msgspec.json.Decoder(Single)


def open_batch(body: bytes) -> Envelope:
    """Raises Invalid when the body is no JSON object with a list named `batch`."""
    body, batch = _decode(_batches, body)
    shared = Call(sent_at=batch.sent_at, context=batch.context)
    return Envelope(batch.batch, shared, _key(batch.write_key), type=None)


def open_single(body: bytes, *, type: str) -> Envelope:
    """Raises Invalid when the body is no JSON object. `type` is what the address says; it wins over the body."""
    body, single = _decode(_singles, body)
    return Envelope([body], Call(), _key(single.write_key), type=type)


def read_events(envelope: Envelope, arrival: Arrival, *, source: str, remembered: Remembered | None = None) -> Decoded:
    decoded = Decoded([], [])
    remembered = remembered or Remembered()
    for event in envelope.events:
        raw = bytes(memoryview(event))
        if len(raw) > EVENT_BYTES_MAX:
            decoded.too_large += 1
            flaws: Sequence[Flaw] = [Flaw("", f"The event is larger than {EVENT_BYTES_MAX // 1024} kB.")]
        else:
            flaws = _read(decoded, raw, arrival, envelope=envelope, source=source, remembered=remembered)
        if flaws:
            excerpt = raw[: EXCERPT_CHARS * 4].decode(errors="replace")[:EXCERPT_CHARS]
            decoded.refusals.append(Refusal(source=source, flaws=tuple(flaws), excerpt=excerpt))
    return decoded


def _read(
    decoded: Decoded, raw: bytes, arrival: Arrival, *, envelope: Envelope, source: str, remembered: Remembered
) -> Sequence[Flaw]:
    """Appends the fact; returns what is wrong, or odd, about the event."""
    try:
        fact, context, oddities = _fact(raw, arrival, envelope=envelope, source=source)
    except Invalid as error:
        return error.flaws or [Flaw("", error.message)]
    if told := device_traits(context):
        said = fact.at.date(), told
        if not remembered.is_known(fact.who[0], said) and decoded.learnt.get(fact.who[0]) != said:
            decoded.learnt[fact.who[0]] = said
            fact = replace(fact, device=told)
    decoded.facts.append(fact)
    return oddities


def _key(written: object) -> str:
    return written if isinstance(written, str) else ""


def _decode(decoder: msgspec.json.Decoder[T], body: bytes) -> tuple[bytes, T]:
    """The body, repaired where it had to be, and what it says. Raises Invalid."""
    try:
        body.decode()
        try:
            return body, decoder.decode(body)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            repaired = _repair(body)
            return repaired, decoder.decode(repaired)
    except UnicodeDecodeError as error:
        raise Invalid("The body is not UTF-8.", flaws=[Flaw(f"byte {error.start}", error.reason)]) from error
    except RecursionError as error:
        raise Invalid("The body is nested too deeply.") from error
    except msgspec.DecodeError as error:
        raise Invalid("The body is not what this address takes.", flaws=[flaw_of(str(error))]) from error


def _repair(body: bytes) -> bytes:
    r"""What common libraries write though JSON has no such thing, and what would cost a whole batch.

    Halves of surrogate pairs (`\ud83d` alone) become U+FFFD, NaN and Infinity null.
    """
    whole = _ODD.sub(lambda found: b"\\ufffd" if found["half"] else found[0], body)
    return _TOKEN.sub(lambda found: b"null" if found["number"] else found[0], whole)


def _fact(raw: bytes, arrival: Arrival, *, envelope: Envelope, source: str) -> tuple[Fact, Context, list[Flaw]]:
    """The fact, the context and what is odd about it. Raises Invalid."""
    if b"\\u0000" in raw and _NUL.search(raw):
        raise invalid("", "The character U+0000 cannot be stored.")
    try:
        call = _calls.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid("The event is not valid.", flaws=[flaw_of(str(error))]) from error
    type = _type(envelope.type or call.type)
    traits = _object(call.traits, "traits") if type in ("identify", "group") else {}
    context = read_context(call.context, envelope.shared.context)
    who, oddities = who_of(
        text_of(call.user_id), text_of(call.anonymous_id), traits if type == "identify" else {}, context
    )
    name, properties = _event(call, type)
    sent = call.sent_at if call.sent_at is not None else envelope.shared.sent_at
    fact = Fact(
        source=source,
        message_id=_message_id(call),
        at=_at(call, sent, arrival),
        who=who,
        event=name,
        properties=properties,
        traits=traits if type == "identify" and traits else None,
        account=_account(call, traits, context, type),
    )
    if type == "alias":
        previous = named("anonymous_id", _required(call.previous_id, "previousId"), "previousId").value
        fact = AliasFact(**msgspec.structs.asdict(fact), previous=previous)
    return fact, context, oddities


def _account(call: Call, traits: dict[str, Any], context: Context, type: str) -> AccountFact | None:
    """What a group call tells of it; every other call may name it in its context."""
    if type == "group":
        return AccountFact(_required(call.group_id, "groupId"), traits or None)
    key = text_of(context.group_id)
    return AccountFact(key) if key is not None and len(key) <= ACCOUNT_CHARS_MAX else None


def _type(type: str | None) -> str:
    if type not in TYPES:
        raise invalid("type", f"The type is one of {', '.join(sorted(TYPES))}, not {str(type)[:40]!r}.")
    return type


def _message_id(call: Call) -> str:
    given = text_of(call.message_id)
    if given is not None and len(given) > MESSAGE_ID_CHARS_MAX:
        raise invalid("messageId", f"A message id has at most {MESSAGE_ID_CHARS_MAX} characters.")
    return given or str(uuid7())


def _at(call: Call, sent: object, arrival: Arrival) -> datetime:
    written = call.original_timestamp or call.timestamp
    if not written:
        return arrival.product
    try:
        return correct(parse_iso(written), _parsed(sent), arrival)
    except ValueError as error:
        at = "originalTimestamp" if call.original_timestamp else "timestamp"
        raise invalid(at, f"{written[:40]!r} is not a time (ISO 8601).") from error


def _parsed(sent: object) -> datetime | None:
    try:
        return parse_iso(sent) if isinstance(sent, str) else None
    except ValueError:
        return None


def _event(call: Call, type: str) -> tuple[str | None, str | None]:
    """The name of the event and its properties as JSON text; a page or a screen is an event of that name."""
    if type in ("identify", "alias", "group"):
        return None, None
    properties = _object(call.properties, "properties")
    if type == "track":
        name = (call.event or "").strip()
        if not 0 < len(name) <= NAME_CHARS_MAX:
            raise invalid("event", f"A track call names its event with 1 to {NAME_CHARS_MAX} characters.")
        return name, bytes(memoryview(call.properties)).decode() if properties else None
    for field, value in (("name", call.name), ("category", call.category)):
        if value:
            properties.setdefault(field, value)
    return type, msgspec.json.encode(properties).decode() if properties else None


def _object(raw: Raw, at: str) -> dict[str, Any]:
    """Reads all of it: `Raw` lets through wrong UTF-8, numbers out of range and what is no object."""
    text = bytes(memoryview(raw))
    if text in (b"", b"null"):
        return {}
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(at, str(error)) from error
    if not isinstance(value, dict):
        raise invalid(at, "This must be an object.")
    return value


def _required(value: _Text, at: str) -> str:
    text = text_of(value)
    if text is None:
        raise invalid(at, "This is needed.")
    return text
