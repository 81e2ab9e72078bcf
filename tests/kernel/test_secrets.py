"""One key of the installation; what it seals opens for the same use only, and any change is noticed."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel.db import Database
from antiphon.kernel.secrets import Secrets, Unreadable, read_secrets

KEY = bytes(range(32))
DERIVED = "1aaa8f9f901852fda4e31e2f672dc84939c111ae60ac68db0e2ba3ed192a18d8"  # by two HMACs, as the RFC writes it
secrets = Secrets(KEY)


@given(st.binary(max_size=2000), st.text(st.characters(codec="utf-8"), max_size=20))
def test_what_was_sealed_opens_again(clear: bytes, use: str) -> None:
    sealed = secrets.encrypt(clear, use=use)
    assert Secrets(KEY).decrypt(sealed, use=use) == clear
    assert len(sealed) == len(clear) + 28, "a nonce of 12 bytes and a tag of 16"


def test_the_same_text_never_looks_the_same() -> None:
    sealed = {secrets.encrypt(b"password", use="provider") for _ in range(50)}
    assert len(sealed) == 50
    assert not any(b"password" in each for each in sealed)


def test_another_use_or_installation_cannot_open_it() -> None:
    sealed = secrets.encrypt(b"password", use="provider")
    with pytest.raises(Unreadable):
        secrets.decrypt(sealed, use="webhook")
    with pytest.raises(Unreadable):
        Secrets(os.urandom(32)).decrypt(sealed, use="provider")


@given(st.data())
def test_any_change_of_a_bit_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(secrets.encrypt(b"password", use="provider"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unreadable):
        secrets.decrypt(bytes(sealed), use="provider")


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27, 28, 35])
def test_a_piece_of_it_is_unreadable(length: int) -> None:
    sealed = secrets.encrypt(b"password", use="provider")[:length]
    with pytest.raises(Unreadable):
        secrets.decrypt(sealed, use="provider")


def test_derived_keys_are_fixed_and_differ_by_use() -> None:
    """Links and sealed settings outlive an upgrade only while this holds (HKDF-SHA256, RFC 5869)."""
    assert secrets.derive("links") == Secrets(KEY).derive("links")
    assert len({secrets.derive(use) for use in ("links", "webhooks", "link", "")}) == 4
    assert secrets.derive("links").hex() == DERIVED


async def test_an_installation_has_one_random_key(database: Database) -> None:
    first, again = await read_secrets(database), await read_secrets(database)
    assert first.derive("a") == again.derive("a")
    key = await database.pool.fetchval("SELECT value FROM secret WHERE name = 'installation'")
    assert len(key) == 32
    assert key != bytes(32)


async def test_a_lost_key_is_told(database: Database) -> None:
    await database.pool.execute("DELETE FROM secret")
    with pytest.raises(Unreadable):
        await read_secrets(database)
