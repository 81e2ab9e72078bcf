from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon_world.addresses import PERSON_MAX, PHONE_PREFIXES, person_of, phone_of, user_id

numbers = st.integers(1, PERSON_MAX)


@pytest.mark.parametrize(
    ("address", "person"),
    [
        ("ana.gil.000123@mail.example", "123"),
        ("ANA.GIL.000123@Mail.Example", "123"),
        ("7@x.example", "7"),
        ("ana@mail.example", "ana@mail.example"),
        ("/push/000123", "123"),
        ("https://push.example:8025/push/000123", "123"),
        ("https://push.example/push/abc", "/push/abc"),
        ("+34612000123", "123"),
        ("34612000123", "123"),
        ("+447403000123", "1000123"),
        ("+34611000123", "+34611000123"),
        ("SHOP", "shop"),
    ],
)
def test_the_person_stands_in_the_address(address: str, person: str) -> None:
    assert person_of(address) == person


@given(numbers, st.sampled_from(sorted(PHONE_PREFIXES)))
def test_every_person_has_a_valid_phone_number_in_every_country(number: int, country: str) -> None:
    phone = phone_of(number, country)
    assert person_of(phone) == str(number)
    assert phonenumbers.is_valid_number(phonenumbers.parse(phone))


@given(st.text(max_size=40))
def test_any_address_has_a_person(address: str) -> None:
    assert person_of(address) == person_of(address)


def test_the_shop_knows_people_by_its_own_form() -> None:
    assert user_id("123") == "c000123"
    assert user_id("123", "{n}") == "123"
    assert user_id("ana@mail.example") == "ana@mail.example"
