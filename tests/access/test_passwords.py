"""Passwords: which are taken, how they are kept, and that looking takes as long for nobody as for somebody."""

from __future__ import annotations

import asyncio
import time
import unicodedata

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.access import guessable, passwords
from antiphon.access.guessable import weakness
from antiphon.kernel.errors import Busy, Invalid

ABOUT = ["ada.lovelace@roastery.example", "Ada Lovelace", "Larkspur Coffee"]


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "tumbler-oak-93-fig",
        "gK3#zP9!wQ2x",
        "ñandú verde 7 lunas",
        "蜂鸟在午夜修理一座蓝色的灯塔",
        "§¶•ªº–≠œ∑´®†",
        "   four odd spoons   ",
    ],
)
def test_whatever_is_hard_to_guess_is_taken_whatever_it_is_made_of(password: str) -> None:
    assert weakness(password, about=ABOUT) is None


@pytest.mark.parametrize(
    "password",
    [
        *("Password1234!", "P4$$w0rd2024!", "qwertyuiop123", "aaaaaaaaaaaa", "abcabcabcabc", "iloveyou2024!"),
        *("summer2024Summer", "123456789012", "1qaz2wsx3edc", "zxcvbnm,./asdf", "letmeinletmein", "hunter2hunter2"),
        *("motdepasse123", "Welcome!2026!", "fedcba987654", "CorrectHorseBatteryStaple", "PASSWORD password"),
    ],
)
def test_what_is_tried_first_is_refused_and_told_why(password: str) -> None:
    assert "guess" in (weakness(password) or "")


def test_every_common_password_that_is_long_enough_is_refused() -> None:
    """Of the 30,000 most common ones that zxcvbn brings."""
    lists = pytest.importorskip("zxcvbn.frequency_lists").FREQUENCY_LISTS
    long = [one for one in lists["passwords"] if len(one) >= guessable.CHARS_MIN]
    assert len(long) > 200
    assert [one for one in long if weakness(one) is None] == []


@pytest.mark.parametrize("password", ["peanutbutter", "Christopher1", "jamesbond007", "contortionist", "ghjcnjgfhjkm"])
def test_what_stands_in_a_list_of_words_or_passwords_is_refused(password: str) -> None:
    assert "guess" in (weakness(password) or "")


def test_what_was_chosen_to_take_long_is_weighed_in_time() -> None:
    """Each of these may stand for several others: the worst for who tries them all."""
    started = time.process_time()
    weakness(("4@8({[<369&#!1/|0$5+7%2" * 12)[: guessable.CHARS_MAX])
    weakness("4@8({[<369&#!1/|0$5+"[: guessable.ESTIMATED_CHARS_MAX])
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "password",
    ["lovelace-93-fig-oak", "LARKSPUR tumbler 9", "the roastery door 7", "Löve1ace fig oak 3", "antiphon fig oak 3"],
)
def test_names_that_others_know_are_refused(password: str) -> None:
    assert "tried first" in (weakness(password, about=ABOUT) or "")


@pytest.mark.parametrize(("length", "taken"), [(11, False), (12, True), (256, True), (257, False)])
def test_the_length_is_between_its_bounds(length: int, taken: bool) -> None:
    text = "".join(chr(0x4E00 + 37 * n % 5000) for n in range(length))
    assert (weakness(text) is None) is taken


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_an_answer(text: str) -> None:
    assert weakness(text, about=[text[:20]]) is None or len(weakness(text) or "x") < 200


@settings(max_examples=5, deadline=None)
@given(st.text(min_size=12, max_size=300).filter(lambda text: "\x00" not in text))
async def test_a_password_opens_its_own_hash_alone(text: str) -> None:
    hash = await passwords.make_hash(text)
    assert hash.startswith("$argon2id$")
    assert text not in hash
    assert await passwords.is_right(hash, text)
    assert not await passwords.is_right(hash, text + "x")
    assert not await passwords.is_right(hash, text[1:])


async def test_the_longest_password_opens_its_hash_however_its_accents_are_written() -> None:
    longest = "".join(chr(0xE0 + 7 * n % 20) for n in range(guessable.CHARS_MAX))
    apart = unicodedata.normalize("NFD", longest)
    assert len(apart) > guessable.CHARS_MAX
    hash = await passwords.make_hash(apart)
    assert await passwords.is_right(hash, apart)
    assert await passwords.is_right(hash, longest)
    assert not await passwords.is_right(hash, apart[:-1])


async def test_another_keyboard_writes_the_same_accent() -> None:
    assert await passwords.is_right(await passwords.make_hash("cafe\u0301 fig oak 93"), "caf\u00e9 fig oak 93")


async def test_nobody_has_no_password_and_what_is_no_hash_opens_nothing() -> None:
    assert not await passwords.is_right(None, "nobody")
    assert not await passwords.is_right("x", "x")


async def test_a_hash_of_other_parameters_is_told_apart_and_still_opens() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash("tumbler-oak-93-fig")
    assert passwords.is_outdated(old)
    assert await passwords.is_right(old, "tumbler-oak-93-fig")
    assert not passwords.is_outdated(await passwords.make_hash("tumbler-oak-93-fig"))


async def test_hashing_leaves_the_loop_free_and_refuses_what_would_wait_in_vain() -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            longest = max(longest, time.monotonic() - before)

    watching = asyncio.create_task(watch())
    asked = [passwords.is_right(None, "x") for _ in range(passwords.WAITING_MAX + 5)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    watching.cancel()
    assert sum(isinstance(one, Busy) for one in done) == 5
    assert sum(one is False for one in done) == passwords.WAITING_MAX
    assert longest < 0.5


async def test_a_weak_password_is_refused_at_its_place() -> None:
    with pytest.raises(Invalid) as refused:
        await passwords.check("short", about=[])
    assert refused.value.flaws[0].at == "password"
