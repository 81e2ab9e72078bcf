"""The fields of a form that a provider posts: text and files alike, as octets."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from antiphon.channels.adapter import Callback
from antiphon.kernel.errors import Invalid

FIELDS_MAX = 200


def form(request: Callback) -> dict[str, bytes]:
    """The last value of each name. Raises Invalid for anything but a form."""
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith("application/x-www-form-urlencoded"):
        return _urlencoded(request.body)
    if not kind.lower().startswith("multipart/form-data"):
        raise Invalid("The call is not a form.")
    head = b"Content-Type: " + kind.encode("latin-1", "replace").replace(b"\r", b"").replace(b"\n", b"") + b"\r\n\r\n"
    whole: Message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    if not whole.is_multipart():
        raise Invalid("The form cannot be read.")
    fields: dict[str, bytes] = {}
    for part in whole.get_payload():
        if not isinstance(part, Message) or len(fields) >= FIELDS_MAX:
            break
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name] = content
    return fields


def _urlencoded(body: bytes) -> dict[str, bytes]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, encoding="latin-1")
    except ValueError as error:
        raise Invalid("The form cannot be read.") from error
    return {name.encode("latin-1").decode("utf-8", "replace"): value.encode("latin-1") for name, value in pairs}
