"""What must stand in the DNS so that our mail is believed and comes back: SPF, DKIM, DMARC, MX, as text to publish.

Sources: RFC 7208 (SPF), RFC 6376 3.6.1 and RFC 8463 4 (DKIM keys), RFC 7489 6.3 (DMARC); the includes are
those that the relays' own pages name.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from msgspec import Struct

from antiphon.channels import dns_asking
from antiphon.kernel import urls

Type = Literal["TXT", "MX"]
State = Literal["there", "other", "missing", "unknown"]

RELAYS = {
    r"\.amazonaws\.com$": "include:amazonses.com",
    r"(^|\.)sendgrid\.net$": "include:sendgrid.net",
    r"(^|\.)mailgun\.org$": "include:mailgun.org",
    r"(^|\.)postmarkapp\.com$": "include:spf.mtasv.net",
    r"(^|\.)(gmail|googlemail|google)\.com$": "include:_spf.google.com",
    r"(^|\.)(office365|outlook)\.com$": "include:spf.protection.outlook.com",
}
"""Which mechanism of SPF stands for a relay, by its name."""


class Record(Struct, frozen=True):
    """`name` and `value` as a zone wants them. `holds`: what of the value must be there for it to do its work."""

    what: Literal["spf", "dkim", "dmarc", "mx"]
    type: Type
    name: str
    value: str
    why: str
    holds: str


class AskedRecord(Struct, frozen=True):
    """`state`: `there`, `other` (something else stands there), `missing`, `unknown` (nobody could be asked). `found`:
    what stands there now."""

    what: Literal["spf", "dkim", "dmarc", "mx"]
    type: Type
    name: str
    value: str
    why: str
    state: State
    found: list[str]
    says: str


def needed(adapter: str, settings: Mapping[str, Any], *, domain: str) -> list[Record]:
    """`domain`: of the address that mails come from."""
    makers = {"smtp": _of_smtp, "mx": _of_mx, "mailgun": _of_mailgun}
    found = list(makers[adapter](settings)) if adapter in makers else []
    if adapter in ("smtp", "ses", "sendgrid", "mailgun", "postmark", "infobip-email") and "." in domain:
        found.append(_dmarc(domain))
    return found


def _of_smtp(settings: Mapping[str, Any]) -> Iterator[Record]:
    yield _spf(settings["envelope_domain"], _mechanism(settings["host"]))
    for key in settings.get("dkim", ()):
        public = load_pem_private_key(key["private_key"].encode(), password=None).public_key()
        if isinstance(public, Ed25519PublicKey):
            kind, raw = "ed25519", public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            kind, raw = "rsa", public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        shown = b64encode(raw).decode()
        yield Record(
            what="dkim",
            type="TXT",
            name=f"{key['selector']}._domainkey.{key['domain']}",
            value=f"v=DKIM1; k={kind}; p={shown}",
            why="The public half of the key that signs our mail.",
            holds=f"p={shown}",
        )


def _mechanism(host: str) -> str:
    for pattern, include in RELAYS.items():
        if re.search(pattern, host.lower()):
            return include
    if re.fullmatch(r"[0-9.]+|\[?[0-9a-f:]+\]?", host.lower()):
        return f"ip{'6' if ':' in host else '4'}:{host.strip('[]')}" if urls.is_public(host.strip("[]")) else "a"
    return f"a:{host}" if "." in host else "a"


def _of_mx(settings: Mapping[str, Any]) -> Iterator[Record]:
    for domain in settings["domains"]:
        host = settings["hostname"]
        yield Record("mx", "MX", domain, f"10 {host}.", "Mail for the domain comes to us.", host.lower())


def _of_mailgun(settings: Mapping[str, Any]) -> Iterator[Record]:
    yield _spf(settings["domain"], "include:mailgun.org")


def _spf(domain: str, mechanism: str) -> Record:
    why = "Who may send mail that bounces to this domain; one such record a domain, others go into it."
    return Record("spf", "TXT", domain, f"v=spf1 {mechanism} ~all", why, mechanism)


def _dmarc(domain: str) -> Record:
    why = "Google and Yahoo want one of whoever sends much. Begin with none; later quarantine or reject."
    return Record("dmarc", "TXT", f"_dmarc.{domain}", "v=DMARC1; p=none", why, "v=DMARC1")


async def asked(records: Sequence[Record]) -> list[AskedRecord]:
    answers = await dns_asking.ask([(each.name, each.type) for each in records])
    return [judged(record, found) for record, found in zip(records, answers, strict=True)]


def judged(record: Record, found: Sequence[str] | None) -> AskedRecord:
    """`found`: None where nobody could be asked."""
    state, says = _state(record, found)
    return AskedRecord(
        what=record.what,
        type=record.type,
        name=record.name,
        value=record.value,
        why=record.why,
        state=state,
        found=list(found or ()),
        says=says,
    )


def _state(record: Record, found: Sequence[str] | None) -> tuple[State, str]:
    if found is None:
        return "unknown", "The DNS could not be asked from here."
    ours = [each for each in found if _is_of_kind(record, each)]
    if not ours:
        return "missing", "Publish it."
    if len(ours) > 1 and record.what in ("spf", "dmarc"):
        return "other", f"There are {len(ours)} of them; one counts, two count as none. Make one of them."
    held = record.holds.lower().replace(" ", "") if record.what != "dkim" else record.holds
    if any(held in (each.lower() if record.what != "dkim" else each).replace(" ", "") for each in ours):
        return "there", ""
    if record.what == "spf":
        return "other", f"Add {record.holds} to the record that is there."
    return "other", "Something else stands there."


def _is_of_kind(record: Record, text: str) -> bool:
    begins = {"spf": "v=spf1", "dmarc": "v=dmarc1"}
    return text.lower().startswith(begins.get(record.what, ""))
