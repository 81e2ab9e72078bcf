"""Signs requests to Amazon's services: Signature Version 4.

Source: AWS General Reference, "Create a signed AWS API request" (read 2026-11). The path is signed as it stands: ours
holds no character that would be encoded twice.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import urlsplit

from msgspec import Struct

ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(Struct, frozen=True):
    access_key_id: str
    secret_access_key: str
    session_token: str = ""

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Tracebacks are printed with it: never with the secret."""
        return [("access_key_id", self.access_key_id)]

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id})"


def signed(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    region: str,
    service: str,
    at_wall: float,
) -> dict[str, str]:
    """The headers with Host, date and Authorization. All that are given are signed; the URL has no query."""
    place = urlsplit(url)
    stamp = datetime.fromtimestamp(int(at_wall), UTC).strftime("%Y%m%dT%H%M%SZ")
    every = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    every |= {"host": place.netloc, "x-amz-date": stamp}
    if credentials.session_token:
        every["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(every))
    lines = "".join(f"{name}:{every[name]}\n" for name in sorted(every))
    canonical = f"{method}\n{place.path or '/'}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    signature = _mac(_key(credentials, scope), to_sign).hex()
    every["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return every


def _key(credentials: Credentials, scope: str) -> bytes:
    key = f"AWS4{credentials.secret_access_key}".encode()
    for step in scope.split("/"):
        key = _mac(key, step)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
