"""A company with topics and a customer who has been written to: what every page of it can show."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import uvicorn

from antiphon import pages, profiles
from antiphon.app.web import application
from antiphon.content import CONFIRM, PREFERENCES, UNSUBSCRIBE
from antiphon.kernel import settings
from antiphon.kernel.paths import keep_slashes
from antiphon.kernel.records import ProfileId
from antiphon.pages.bearer import link
from antiphon.profiles import Proof, Statement, Topic
from pages.stage import Stage

TOPICS = (
    Topic(
        "offers",
        titles={"en": "Offers", "es": "Ofertas", "fr": "Offres"},
        texts={
            "en": "Discounts and coupons, about twice a week.",
            "es": "Descuentos y cupones, unas dos veces por semana.",
            "fr": "Remises et bons d’achat, environ deux fois par semaine.",
        },
    ),
    Topic(
        "orders",
        titles={"en": "Your orders", "es": "Sus pedidos", "fr": "Vos commandes"},
        texts={
            "en": "When something that you ordered is on its way.",
            "es": "Cuando algo que pidió está en camino.",
            "fr": "Quand ce que vous avez commandé est en route.",
        },
    ),
    Topic(
        "recipes",
        titles={"en": "Recipes", "es": "Recetas", "fr": "Recettes"},
        texts={"en": "One on Fridays.", "es": "Una los viernes.", "fr": "Une le vendredi."},
        needs="consent",
    ),
    Topic("hidden", titles={"en": "Hidden"}, shown=False),
)


@dataclass
class Company:
    """`anna` has been written to by e-mail; paths are of her links."""

    stage: Stage
    anna: ProfileId
    preferences: str
    by_profile: str
    unsubscribe: str
    question: str

    async def reset(self) -> None:
        """Nothing is stopped, paused or said."""
        every = [Statement(state="unset"), Statement(state="resumed"), Statement(state="limited")]
        async with self.stage.database.transaction() as tx:
            await profiles.opt_in(tx, "email", ["anna@mail.example"])
            await profiles.state(tx, self.anna, every, Proof("api"))


async def found(stage: Stage) -> Company:
    async with stage.database.transaction() as tx:
        await settings.write(
            tx,
            {
                "brand_name": "Green Grocer & Co",
                "postal_address": "12 Market Street, Springfield",
                "brand_color": "#1f8a4c",
                "privacy_url": "https://shop.example/privacy",
            },
        )
        for topic in TOPICS:
            await profiles.write_topic(tx, topic)
    anna = await stage.person("anna")
    delivery = int((await stage.delivery(await stage.tell([anna], "email", topic="offers"), anna)).id)
    async with stage.database.transaction() as tx:
        wording = "Yes, send me recipes every Friday."
        proof = Proof("form", wording=wording, language="en")
        number = await profiles.optin.ask(tx, anna, "recipes", "email", "anna@mail.example", proof)
    sign = stage.runtime.signer.sign
    return Company(
        stage,
        anna,
        preferences=f"/p/{sign(PREFERENCES, delivery)}",
        by_profile=link(stage.runtime, anna, ("email", "anna@mail.example")).removeprefix(stage.runtime.base_url),
        unsubscribe=f"/u/{sign(UNSUBSCRIBE, delivery)}",
        question=f"/y/{sign(CONFIRM, number)}",
    )


@contextlib.asynccontextmanager
async def serving(stage: Stage) -> AsyncIterator[str]:
    """The whole web application on a free port; its URL."""
    listening = socket.create_server(("127.0.0.1", 0))
    app: Any = keep_slashes(application(stage.runtime))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve([listening]))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await pages.close(stage.database)
