"""`/u/{token}`: what can be stopped, and stopping it."""

from __future__ import annotations

from typing import Any, Literal

from litestar import Response

from antiphon import orchestration, profiles
from antiphon.kernel import i18n, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import Linked
from antiphon.pages.frame import page

Choice = Literal["one_click", "all", "topic"]


async def show(runtime: Runtime, delivery: int, *, locale: str) -> Response[bytes]:
    """Changes nothing: mail gateways follow every link they see."""
    async with runtime.database.transaction(read_only=True) as tx:
        linked = await _linked(tx, delivery)
        return _page(linked, await settings.read(tx), locale=locale, already=await _is_out(tx, linked))


async def act(runtime: Runtime, delivery: int, choice: Choice, *, locale: str) -> Response[bytes]:
    """In force when it returns, on everything queued; as often as one likes."""

    async def work(tx: Transaction) -> Response[bytes]:
        linked = await _linked(tx, delivery)
        if choice == "topic" and linked.topic:
            await profiles.set_preferences(tx, linked.profile, [(linked.topic, linked.channel, "unwanted")])
            return _page(linked, await settings.read(tx), locale=locale, done="topic")
        how = "one_click" if choice == "one_click" else "page"
        await profiles.opt_out(tx, linked.channel, [linked.address], how=how)
        return _page(linked, await settings.read(tx), locale=locale, done="all")

    return await runtime.database.repeat(work)


async def _linked(tx: Transaction, delivery: int) -> Linked:
    linked = (await orchestration.read_linked(tx, [delivery])).get(delivery)
    if linked is None:
        raise NotFound()
    return linked


async def _is_out(tx: Transaction, linked: Linked) -> bool:
    return any(
        address.opted_out
        for profile in await profiles.read(tx, [linked.profile])
        for address in profile.addresses
        if (address.channel, address.value) == (linked.channel, linked.address)
    )


def _page(
    linked: Linked, now: settings.Settings, *, locale: str, done: str = "", already: bool = False
) -> Response[bytes]:
    shown: dict[str, Any] = {
        "brand": now.brand_name,
        "postal_address": now.postal_address,
        "channel": i18n.translate(locale, f"channel.{linked.channel}"),
        "address": masked(linked.channel, linked.address) or i18n.translate(locale, "address.device"),
        "topic": linked.topic,
    }
    return page("unsubscribe.html", locale=locale, done=done, already=already, **shown)


def masked(channel: str, address: str) -> str:
    """Enough to know it by, not enough to learn it: a forwarded message must not give its owner away."""
    local, at, domain = address.rpartition("@")
    if channel == "email" and at:
        return f"{local[:1]}…@{domain}"
    return f"{address[:3]}…{address[-3:]}" if channel == "sms" else ""
