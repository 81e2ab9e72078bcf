"""Whether a provider's HTTP API knows our key: a question that changes nothing, for those that have one.

Sources: the providers' references: SendGrid "Retrieve a list of scopes", Postmark "Server API", Infobip "Get account
balance", Amazon SES v2 "GetAccount". Mailgun's sending keys may ask nothing, so a refusal there would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from antiphon.channels.adapters.email.http_client import Answer
from antiphon.channels.adapters.email.sigv4 import Credentials, signed
from antiphon.kernel.clock import wall


class Probe(Struct, frozen=True):
    """`at`: the setting that is wrong where it is refused. `fine`: a word of a refusal that proves the key too."""

    path: str
    headers: Callable[[Any, str], Mapping[str, str]]  # Any: each adapter's own settings
    at: str
    fine: str = ""


class Found(Struct, frozen=True):
    proven: bool
    refused: bool
    says: str
    at: str


def _of_ses(settings: Any, url: str) -> Mapping[str, str]:  # Any: see `Probe`
    credentials = Credentials(settings.access_key_id, settings.secret_access_key, settings.session_token)
    region = settings.region
    return signed(
        "GET", url, headers={}, body=b"", credentials=credentials, region=region, service="ses", at_wall=wall()
    )


PROBES: Mapping[str, Probe] = {
    "sendgrid": Probe("/v3/scopes", lambda s, _: {"authorization": f"Bearer {s.api_key}"}, "api_key"),
    "postmark": Probe(
        "/server",
        lambda s, _: {"x-postmark-server-token": s.server_token, "accept": "application/json"},
        "server_token",
    ),
    "infobip-email": Probe("/account/1/balance", lambda s, _: {"authorization": f"App {s.api_key}"}, "api_key"),
    "ses": Probe("/v2/email/account", _of_ses, "secret_access_key", fine="AccessDenied"),
}


async def ask(adapter: str, made: Any) -> Found:  # Any: an adapter with a client, a base_url and settings
    probe = PROBES[adapter]
    url = made.base_url() + probe.path
    answer = await made.client.get(url, headers=probe.headers(made.settings, url))
    if not isinstance(answer, Answer):
        return Found(False, False, answer.detail, "")
    said = f"{answer.status} {answer.said()}".strip()
    kind = answer.headers.get("x-amzn-errortype", "") + answer.said()
    if answer.status in (401, 403) and not (probe.fine and probe.fine in kind):
        return Found(False, True, said, probe.at)
    if answer.status < 300 or answer.status in (401, 403):
        return Found(True, False, "It knows our key.", "")
    return Found(False, False, said, "")
