"""What holds for every decision: settings, accounts, topics, habits of countries, what is known of everybody."""

from __future__ import annotations

from collections import defaultdict

from antiphon import channels, metrics, profiles
from antiphon.kernel import settings
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.orchestration.habits import multipliers
from antiphon.orchestration.records import Policy, ProviderChoice


async def read_policy(tx: Transaction) -> Policy:
    now = await settings.read(tx)
    at = wall_datetime()
    providers: dict[str, list[ProviderChoice]] = defaultdict(list)
    for provider in await channels.providers(tx):
        if provider.enabled and channels.sends(provider.adapter):
            providers[provider.channel].append(
                ProviderChoice(
                    id=provider.id,
                    unit_cost=provider.unit_cost,
                    up=provider.up(at),
                    rank=provider.rank,
                    weight=provider.weight,
                    health=provider.health,
                    costs=provider.costs,
                    silence_s=provider.silence_s,
                )
            )
    return Policy(
        providers={channel: tuple(choices) for channel, choices in providers.items()},
        quiet_hours=now.quiet_hours,
        caps=((now.frequency_cap,) if now.frequency_cap else ()) + now.frequency_caps,
        timezone=now.timezone,
        jurisdictions=now.jurisdictions,
        topics={topic.name: topic for topic in await profiles.topics(tx)},
        population=await metrics.population(tx),
        cheapest=frozenset(channel for channel, how in now.routing.items() if how == "cheapest"),
        exploration=now.exploration,
        answer_worth=now.answer_worth,
        habits=multipliers(tx.now.date()),
    )
