"""Which texts are numbers of ours."""

from __future__ import annotations

import pytest

from antiphon.kernel.digits import ID_MAX, INTEGER_MAX, number_in


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("0042", 42), ("9223372036854775807", ID_MAX)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "1_0", "1.0", "²", "٣", "1\n", "9223372036854775808", "9" * 5_000]
)
def test_what_the_database_would_not_take_is_none(text: str) -> None:
    assert number_in(text) is None


def test_an_id_of_a_smaller_column_has_a_smaller_limit() -> None:
    assert number_in("2147483647", most=INTEGER_MAX) == INTEGER_MAX
    assert number_in("2147483648", most=INTEGER_MAX) is None
