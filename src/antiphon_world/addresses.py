"""Who is behind an address, and the addresses of a numbered person.

A person is a number from 1 to 7,999,999. It stands at the end of the local part (`ana.gil.000123@mail.example`), in
the last path segment of the push endpoint (`/push/000123`), and in the last seven digits of the phone number: the
first of these is 2 + millions (North American numbers may not have 0 or 1 there), the other six are the rest.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

PERSON_MAX = 7_999_999
PHONE_PREFIXES = {"US": "+1212", "GB": "+44740", "ES": "+3461", "FR": "+3361"}

_PHONE = re.compile(r"\+?\d{7,15}")
_PHONE_TAIL = re.compile(r"([2-9])(\d{6})$")
_MAIL_TAIL = re.compile(r"(\d{1,7})@")
_PATH_TAIL = re.compile(r"/(\d{1,7})$")


def canonical(address: str) -> str:
    """One spelling per address: mail in lower case, phone numbers with `+`, a push endpoint's path alone."""
    if address.startswith(("http://", "https://", "/")):
        return urlsplit(address).path
    if _PHONE.fullmatch(address):
        return "+" + address.lstrip("+")
    return address.lower()


def person_of(address: str) -> str:
    """The person's number as text, or the address itself: who follows no form is their own person."""
    address = canonical(address)
    if address.startswith("+") and (tail := _PHONE_TAIL.search(address)):
        return str((int(tail[1]) - 2) * 1_000_000 + int(tail[2]))
    if found := _PATH_TAIL.search(address) if address.startswith("/") else _MAIL_TAIL.search(address):
        return str(int(found[1]))
    return address


def phone_of(number: int, country: str) -> str:
    """E.164; countries of `PHONE_PREFIXES`. Raises ValueError beyond 1 to 7,999,999."""
    if not 1 <= number <= PERSON_MAX:
        raise ValueError(f"a person's number is 1 to {PERSON_MAX}, not {number}")
    millions, rest = divmod(number, 1_000_000)
    return f"{PHONE_PREFIXES[country]}{millions + 2}{rest:06d}"


def user_id(person: str, form: str = "c{n:06d}") -> str:
    """The id that the shop knows the person by: `c000123` for person 123; strangers keep their address."""
    return form.format(n=int(person)) if person.isascii() and person.isdigit() else person
