"""The fields of a form that a provider posts: text and files alike, as octets."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from antiphon.channels.adapter import Callback
from antiphon.kernel.errors import Invalid

FIELDS_MAX = 200
_HEAD_BYTES = 4_000
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'content-disposition:\s{0,5}form-data\s{0,5};\s{0,5}name="([^"\r\n]{0,200})"', re.IGNORECASE)


def form(request: Callback) -> dict[str, bytes]:
    """The last value of each name. Raises Invalid for anything but a form."""
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith("application/x-www-form-urlencoded"):
        return _urlencoded(request.body)
    if not kind.lower().startswith("multipart/form-data"):
        raise Invalid("The call is not a form.")
    boundary = _BOUNDARY.search(kind)
    if boundary is None:
        raise Invalid("The form cannot be read.")
    return _multipart(request.body, (boundary[1] or boundary[2]).encode("latin-1", "replace"))


def _multipart(body: bytes, boundary: bytes) -> dict[str, bytes]:
    """RFC 7578, of which parts inside parts are no part: whoever nests them is not followed."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, FIELDS_MAX)[1:]
    if not pieces:
        raise Invalid("The form cannot be read.")
    fields: dict[str, bytes] = {}
    for piece in pieces:
        if piece.startswith(b"--"):
            break
        head, blank, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head[:_HEAD_BYTES])
        if blank and name is not None:
            fields[name[1].decode("utf-8", "replace")] = content
    return fields


def _urlencoded(body: bytes) -> dict[str, bytes]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, encoding="latin-1")
    except ValueError as error:
        raise Invalid("The form cannot be read.") from error
    return {name.encode("latin-1").decode("utf-8", "replace"): value.encode("latin-1") for name, value in pairs}
