"""Passwords that stand in the operator's list of leaked ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from antiphon.access import leaked, passwords
from antiphon.kernel.errors import Invalid


def listed(path: Path, *texts: str, counts: bool = True) -> Path:
    hashes = sorted(hashlib.sha1(text.encode()).hexdigest().upper() for text in texts)
    path.write_text("".join(f"{one}:{n}\r\n" if counts else f"{one.lower()}\n" for n, one in enumerate(hashes)))
    return path


@pytest.mark.parametrize("counts", [True, False])
def test_each_of_a_list_is_found_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: bool) -> None:
    texts = [f"leaked {n} lunas" for n in range(257)]
    monkeypatch.setenv(leaked.VARIABLE, str(listed(tmp_path / "list", *texts, counts=counts)))
    assert all(leaked.is_known(text) for text in texts)
    assert not any(leaked.is_known(f"{text}!") for text in texts)


async def test_what_has_leaked_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(leaked.VARIABLE, str(listed(tmp_path / "list", "tumbler-oak-93-fig", "another of them")))
    with pytest.raises(Invalid) as refused:
        await passwords.check("tumbler-oak-93-fig", about=[])
    assert "leaked" in str(refused.value.flaws)
    await passwords.check("lantern-pear-58-moss", about=[])


@pytest.mark.parametrize("text", [None, "", "no list\n", "x" * 500])
async def test_a_list_that_is_none_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    path = tmp_path / "list"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv(leaked.VARIABLE, str(path))
    await passwords.check("tumbler-oak-93-fig", about=[])
