"""Settings are typed, refused by name, and changed together or not at all; durations are read as people write them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel import durations, settings
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid
from antiphon.kernel.settings import FrequencyCap, QuietHours, Settings


async def write(database: Database, changes: dict[str, Any]) -> Settings:
    async with database.transaction() as tx:
        return await settings.write(tx, changes)


async def read(database: Database) -> Settings:
    async with database.transaction() as tx:
        return await settings.read(tx)


async def test_a_new_installation_has_the_defaults(database: Database) -> None:
    assert await read(database) == Settings()


async def test_what_was_set_is_read_by_all_and_the_rest_stays(database: Database) -> None:
    await write(database, {"timezone": "Europe/Madrid", "postal_address": "Main Street 1"})
    changes = {
        "quiet_hours": {"start": "21:00", "end": "08:00", "channels": ["sms"]},
        "frequency_cap": {"count": 3, "within_s": 604_800},
    }
    written = await write(database, changes)
    assert written == await read(database)
    assert written == Settings(
        quiet_hours=QuietHours("21:00", "08:00", ("sms",)),
        frequency_cap=FrequencyCap(3, 604_800),
        timezone="Europe/Madrid",
        postal_address="Main Street 1",
    )
    assert (await write(database, {"quiet_hours": None})).quiet_hours is None


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"timezone": "UTC", "colour": "red"}, "colour"),
        ({"brand_name": 5}, "brand_name"),
        ({"quiet_hours": {"start": "21:00"}}, "quiet_hours"),
        ({"quiet_hours": {"start": "21:00", "end": 8}}, "quiet_hours.end"),
        ({"frequency_cap": {"count": "many", "within_s": 5}}, "frequency_cap.count"),
        ({"frequency_cap": {"count": 1, "within_s": 5, "of": 1}}, "frequency_cap"),
        ({"brands": {"Big One": {}}}, "brands.Big One"),
        ({"brands": {"b": {"brand_color": "red"}}}, "brands.b.brand_color"),
        ({"brands": {"b": {"sender_email": "nowhere"}}}, "brands.b.sender_email"),
        ({"brands": {"b": {"brand_logo_url": "http://x.example/l.png"}}}, "brands.b.brand_logo_url"),
        ({"brands": {"b": {"senders": {"usa": {}}}}}, "brands.b.senders.usa"),
        ({"brands": {"b": {"name": "\0"}}}, "brands.b.name"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_changed(
    database: Database, changes: dict[str, Any], at: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await write(database, {"postal_address": "Main Street 1", **changes})
    assert [flaw.at for flaw in caught.value.flaws] == [at]
    assert await read(database) == Settings()


async def test_every_setting_can_be_written_as_it_is_read(database: Database) -> None:
    whole = msgspec.to_builtins(Settings(quiet_hours=QuietHours("21:00", "08:00"), frequency_cap=FrequencyCap(1, 5)))
    assert msgspec.to_builtins(await write(database, whole)) == whole


@given(st.integers(1, 999), st.sampled_from("smhd"))
def test_a_duration_is_its_number_of_units(number: int, unit: str) -> None:
    assert durations.parse(f" {number}{unit} ", at="within") == number * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


@pytest.mark.parametrize(
    "text", ["", "0s", "5", "s", "-5s", "1.5h", "5 s", "5w", "1e3s", "9999999999s", "36501d", "٥s"]
)
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        durations.parse(text, at="rule.all[0].within")
    assert caught.value.flaws[0].at == "rule.all[0].within"
    assert "504h" in str(caught.value)


def test_a_hundred_years_are_the_longest() -> None:
    assert durations.parse("36500d", at="") == durations.SECONDS_MAX
