"""A company with one person, told once on each channel: what the public links lead back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from antiphon import channels, content, orchestration, profiles
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier, ProfileId, Purpose, SourceId
from antiphon.kernel.runtime import Runtime

MESSAGE: dict[str, Any] = {
    "name": "coupon",
    "topic": "coupons",
    "locales": {
        "en": {
            "email": {
                "subject": "For you",
                "blocks": [
                    {"kind": "button", "label": "Shop", "url": "https://shop.example/s?who={{ profile.first_name }}"},
                    {"kind": "button", "label": "Yours", "url": "{{ profile.offer }}"},
                ],
            },
            "sms": {"text": "Have a look: https://shop.example/sms"},
            "push": {"title": "For you", "body": "Now", "url": "https://shop.example/push"},
        }
    },
}
ADAPTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "email": ("smtp", {"host": "127.0.0.1", "port": 2525, "envelope_domain": "bounce.shop.example"}),
    "sms": ("smpp", {"host": "127.0.0.1", "port": 2775, "system_id": "a", "password": "b"}),
    "push": ("webpush", {"subject": "mailto:hello@shop.example", "private_key": "A" * 42 + "E"}),
}
SUBSCRIPTION = {
    "endpoint": "https://push.example/abc",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}


@dataclass
class Stage:
    runtime: Runtime
    people: dict[str, ProfileId] = field(default_factory=dict)
    sources: int = 0

    @property
    def database(self) -> Database:
        return self.runtime.database

    async def person(self, name: str, **traits: Any) -> ProfileId:
        number = len(self.people) + 1
        who = (
            Identifier("external_id", name),
            Identifier("email", f"{name}@mail.example"),
            Identifier("phone", f"+4477009000{number:02}"),
            profiles.normalise("webpush", SUBSCRIPTION | {"endpoint": f"https://push.example/{name}"}),
        )
        given = {"first_name": name.title(), "offer": "https://other.example/offer", **traits}
        fact = profiles.Fact("test", f"i{number}", self.database.clock.now(), who=who, traits=given)
        recorded = await self.database.repeat(lambda tx: profiles.record(tx, [fact]))
        assert recorded.profiles[0] is not None
        self.people[name] = recorded.profiles[0]
        return self.people[name]

    async def providers(self) -> None:
        async with self.database.transaction() as tx:
            for channel, (adapter, settings) in ADAPTERS.items():
                await channels.create_provider(
                    tx, self.runtime.secrets, name=channel, adapter=adapter, settings=settings
                )

    async def tell(self, people: Sequence[ProfileId], channel: str, *, topic: str = "coupons") -> SourceId:
        """Decided and queued; nothing takes it out of the queue."""
        async with self.database.transaction() as tx:
            names = {stored.name for stored in await content.list_all(tx)}
            if "coupon" not in names:
                await content.create(tx, content.parse(MESSAGE))
            stored = await content.find(tx, "coupon")
            self.sources += 1
            source = await orchestration.make_source(
                tx,
                kind="campaign",
                name=f"coupon {self.sources}",
                message=stored.id,
                version=stored.version,
                topic=topic,
                purpose=Purpose.CAMPAIGN,
                channels=[channel],
                failover_on="definite",
            )
            await orchestration.notify(tx, source, people, [""] * len(people))
        return source

    async def delivery(self, source: SourceId, profile: ProfileId) -> orchestration.DeliveryView:
        async with self.database.transaction(read_only=True) as tx:
            (notification,) = await orchestration.why(tx, profile, source=source)
        return notification.deliveries[-1]

    async def links(self, source: SourceId, profile: ProfileId) -> content.Addressing:
        delivery = await self.delivery(source, profile)
        return content.Addressing("", self.runtime.signer.sign, int(delivery.id), content.Brand("Green Grocer"))
