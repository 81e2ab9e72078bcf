from __future__ import annotations

import pytest
from msgspec import ValidationError, convert

from antiphon_world.habits import Habits, Person, plans

MAILS = [f"x.{n:06d}@mail.example" for n in range(1, 4001)]
PHONES = [f"+34612{n:06d}" for n in range(1, 4001)]


def share(habits: Habits, channel: str, addresses: list[str], do: str) -> float:
    done = sum(
        any(step.do == do for chain in plans(1, habits, channel, address, 1) for step in chain)  # type: ignore[arg-type]  # literal
        for address in addresses
    )
    return done / len(addresses)


def test_the_whole_population_shows_the_rates_of_the_script() -> None:
    habits = Habits(open=0.35, click={"email": 0.2, "sms": 0.14})
    assert share(habits, "email", MAILS, "open") == pytest.approx(0.35, abs=0.025)
    assert share(habits, "sms", PHONES, "click") == pytest.approx(0.14, abs=0.02)


def test_sms_converts_about_twice_as_well_as_mail_unless_told_otherwise() -> None:
    mail, sms = share(Habits(), "email", MAILS, "buy"), share(Habits(), "sms", PHONES, "buy")
    assert 1.4 < sms / mail < 2.8


def test_other_messages_and_other_seeds_are_other_draws() -> None:
    habits = Habits(open=0.5)
    first, second = ([plans(1, habits, "email", address, nth) for address in MAILS[:50]] for nth in (1, 2))
    assert first != second
    assert first != [plans(2, habits, "email", address, 1) for address in MAILS[:50]]
    assert first == [plans(1, habits, "email", address, 1) for address in MAILS[:50]]


def test_steps_of_a_chain_come_one_after_the_other() -> None:
    habits = Habits(open=1.0, click=1.0, buy=1.0, people={"1": Person(opens=True, clicks=True, buys=True)})
    [chain] = [chain for chain in plans(1, habits, "email", MAILS[0], 1) if chain[0].do == "open"]
    assert [step.do for step in chain] == ["open", "click", "buy"]
    assert [step.after_s for step in chain] == sorted(step.after_s for step in chain)


@pytest.mark.parametrize("name", ["7", "x.000007@mail.example", "X.000007@MAIL.example"])
def test_one_person_can_be_certain_by_number_or_address(name: str) -> None:
    habits = Habits(open=1.0, people={name.lower(): Person(opens=False)})
    assert share(habits, "email", ["X.000007@MAIL.example"], "open") == 0
    assert share(habits, "email", MAILS[7:50], "open") > 0.5


def test_latency_scales() -> None:
    slow, fast = (plans(1, Habits(open=5.0, latency_scale=scale), "email", MAILS[0], 1) for scale in (1.0, 0.01))
    assert fast[-1][0].after_s == pytest.approx(slow[-1][0].after_s / 100)


def test_a_misspelt_habit_is_refused() -> None:
    with pytest.raises(ValidationError, match="opn"):
        convert({"opn": 0.5}, Habits)
