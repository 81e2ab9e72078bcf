"""Single sign-on: which providers there are, and whom each lets in.

| who comes | comes in |
|---|---|
| a subject that is known | as that colleague, whatever the address says now |
| for the first time, with a verified address in `domains` | as the colleague who has it and is invited or active |
| the same, and nobody has the address | as a new colleague with `role`, if there is one; never as an owner |
| for the first time, but the provider already means that colleague by another subject | not: addresses change hands |
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import quote

import structlog

from antiphon.access import calling, oidc
from antiphon.access import store_sso as store
from antiphon.access.records import StaffId
from antiphon.access.roles import ROLES
from antiphon.access.sso_records import Check, Claims, Known, Provider, ProviderSettings, ProviderView, Refused
from antiphon.kernel.db import Rival, Transaction
from antiphon.kernel.errors import Conflict, Flaw, Invalid, NotFound
from antiphon.kernel.runtime import is_https
from antiphon.kernel.said import worded

log = structlog.get_logger()

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
TEXT_CHARS_MAX = 255
SECRET_CHARS_MAX = 1000
DOMAINS_MAX = 50
PROVIDERS_MAX = 20
ACR_MAX = 10


def callback_url(base_url: str, name: str) -> str:
    return f"{base_url}/sso/{quote(name, safe='')}/callback"


def view(provider: Provider, *, base_url: str) -> ProviderView:
    return ProviderView(
        name=provider.name,
        title=provider.title,
        issuer=provider.issuer,
        client_id=provider.client_id,
        domains=list(provider.domains),
        role=provider.role,
        enabled=provider.enabled,
        trusted=provider.trusted,
        second_factor=provider.second_factor,
        acr=list(provider.acr),
        callback=callback_url(base_url, provider.name),
        logout=f"{base_url}/sso/{quote(provider.name, safe='')}/logout",
    )


async def find(tx: Transaction, name: str) -> Provider:
    """Raises NotFound."""
    found = await store.find(tx, name)
    if found is None:
        raise NotFound("There is no provider {name!r}.", name=name[:40])
    return found


async def put(tx: Transaction, name: str, asked: ProviderSettings) -> Provider:
    """Raises Invalid with every flaw, Conflict for one too many."""
    before = await store.find(tx, name)
    flaws = _flaws(name, asked, has_secret=before is not None)
    if flaws:
        raise Invalid("The input is not valid.", flaws=flaws)
    if before is None and len(await store.list_all(tx)) >= PROVIDERS_MAX:
        raise Conflict("There are {most} providers; remove one first.", most=PROVIDERS_MAX)
    provider = Provider(
        name=name,
        title=asked.title.strip(),
        issuer=asked.issuer.strip(),
        client_id=asked.client_id.strip(),
        secret=asked.secret if asked.secret is not None else before.secret if before is not None else "",
        domains=tuple(sorted({domain.strip().lower() for domain in asked.domains})),
        role=asked.role,
        enabled=asked.enabled,
        trusted=asked.trusted,
        second_factor=asked.second_factor,
        acr=tuple(dict.fromkeys(value.strip() for value in asked.acr)),
    )
    await store.put(tx, provider)
    oidc.forget(provider.issuer)
    return provider


def _flaws(name: str, asked: ProviderSettings, *, has_secret: bool) -> list[Flaw]:
    flaws = []
    if not NAME.fullmatch(name):
        flaws.append(Flaw("name", "The name stands in an address: small letters, digits and hyphens, at most 40."))
    for at in ("title", "issuer", "client_id"):
        text = str(getattr(asked, at)).strip()
        if not 0 < len(text) <= TEXT_CHARS_MAX or not text.isprintable():
            flaws.append(Flaw(at, worded("This needs 1 to {most} printable characters.", most=TEXT_CHARS_MAX)))
    if not asked.issuer.strip().startswith(("https://", "http://")):
        flaws.append(Flaw("issuer", "The issuer is an address such as https://login.example.org."))
    if asked.secret is None and not has_secret:
        flaws.append(Flaw("secret", "Type the client secret that the provider gave."))
    if asked.secret is not None and not 0 < len(asked.secret) <= SECRET_CHARS_MAX:
        flaws.append(
            Flaw(
                "secret",
                worded("A secret has 1 to {most} characters; leave it out to keep the old one.", most=SECRET_CHARS_MAX),
            )
        )
    if asked.role == "owner":
        flaws.append(
            Flaw("role", worded("Nobody becomes an owner by signing in: {known}, or none.", known=", ".join(ROLES[1:])))
        )
    return flaws + _domain_flaws(asked) + _acr_flaws(asked)


def _acr_flaws(asked: ProviderSettings) -> list[Flaw]:
    flaws = [
        Flaw(f"acr[{at}]", "A level is one word as the provider writes it, without spaces.")
        for at, value in enumerate(asked.acr)
        if not re.fullmatch(r"[!-~]{1,255}", value.strip())
    ]
    if len(asked.acr) > ACR_MAX:
        flaws.append(Flaw("acr", worded("At most {most} levels.", most=ACR_MAX)))
    if asked.acr and asked.second_factor == "assumed":
        flaws.append(Flaw("acr", "Levels count only where its word is asked for: set `second_factor` to `told`."))
    return flaws


def _domain_flaws(asked: ProviderSettings) -> list[Flaw]:
    flaws = [
        Flaw(f"domains[{at}]", "This is not a domain such as example.org.")
        for at, domain in enumerate(asked.domains)
        if not DOMAIN.fullmatch(domain.strip().lower())
    ]
    if len(asked.domains) > DOMAINS_MAX:
        flaws.append(Flaw("domains", worded("At most {most} domains.", most=DOMAINS_MAX)))
    if not asked.domains and asked.role is not None:
        flaws.append(
            Flaw("domains", "Whom it brings gets a role, so name your domains: else the whole world may come.")
        )
    if not asked.domains and asked.trusted:
        flaws.append(Flaw("domains", "Name the domains that its word counts for."))
    return flaws


async def remove(tx: Transaction, name: str) -> None:
    """Raises NotFound."""
    if not await store.remove(tx, name):
        raise NotFound("There is no provider {name!r}.", name=name[:40])


async def check(provider: Provider, *, base_url: str, private: bool) -> Check:
    """Asks the provider now; whether the secret is right only a sign-in shows."""
    problems = []
    try:
        found = await oidc.discover(provider.issuer, private=private)
        await oidc.read_keys(found, private=private)
        for url in (found.authorization_endpoint, found.token_endpoint):
            await calling.checked(url, private=private)
    except calling.NoAnswer as error:
        return Check(False, [str(error)])
    algorithms = found.id_token_signing_alg_values_supported
    if algorithms and not set(algorithms) & set(oidc.KINDS):
        problems.append(f"It signs with {', '.join(algorithms)[:200]} only; we take {', '.join(oidc.KINDS)}.")
    methods = found.token_endpoint_auth_methods_supported
    if not {"client_secret_basic", "client_secret_post"} & set(methods):
        problems.append("It takes neither client_secret_basic nor client_secret_post.")
    challenges = found.code_challenge_methods_supported
    if challenges is not None and "S256" not in challenges:
        problems.append("It does not take PKCE with S256.")
    if not is_https(base_url) and not private:
        problems.append("Most providers send people back to https only: start with --base-url https://NAME.")
    return Check(not problems, problems)


Entry = Literal["known", "colleague", "new"]


def choose(provider: Provider, claims: Claims, *, bound: Known | None, named: Known | None) -> Entry:
    """`bound`: who this subject is; `named`: who has the address. Raises Refused.

    An invitation begins anew: whom a provider meant before it counts no more, it may have been somebody else.
    """
    if bound is not None and bound.state != "invited":
        if bound.state == "left":
            raise Refused("left")
        return "known"
    domain = (claims.email or "").rpartition("@")[2].lower()
    if not domain or not (claims.email_verified or provider.trusted):
        raise Refused("email", "it says no address that it has verified")
    if (provider.domains or provider.trusted) and domain not in provider.domains:
        raise Refused("domain", domain)
    if named is not None:
        if named.state == "left":
            raise Refused("left")
        if named.is_bound and named.state != "invited":
            raise Refused("other_subject", "the address is of a colleague whom it knows by another subject")
        return "colleague"
    if provider.role is None or provider.role == "owner":
        raise Refused("not_invited")
    return "new"


async def admit(tx: Transaction, provider: Provider, claims: Claims) -> StaffId:
    """The colleague who comes in. Raises Refused; Rival where the same person comes in twice at once."""
    bound = await store.find_bound(tx, issuer=provider.issuer, subject=claims.subject)
    named = None
    if (bound is None or bound.state == "invited") and claims.email is not None:
        named = await store.lock_by_email(tx, claims.email, issuer=provider.issuer)
        # They may have come in at the same moment, while we waited for the lock.
        bound = await store.find_bound(tx, issuer=provider.issuer, subject=claims.subject)
    entry = choose(provider, claims, bound=bound, named=named)
    if bound is not None and entry == "known":
        return bound.staff
    for invited in (bound, named):
        if invited is not None and invited.state == "invited":
            await store.unbind(tx, invited.staff)
    if entry == "colleague" and named is not None:
        staff: StaffId | None = named.staff
        await store.activate(tx, named.staff)
    else:
        assert claims.email is not None
        assert provider.role is not None
        name = claims.name or claims.email.partition("@")[0]
        staff = await store.bring(tx, email=claims.email, name=name, role=provider.role)
    if staff is None or not await store.bind(tx, staff, issuer=provider.issuer, subject=claims.subject):
        raise Rival
    log.info("sso.bound", provider=provider.name, staff=staff, entry=entry)
    return staff
