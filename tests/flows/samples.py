"""The customers, messages and accounts of the stories."""

from __future__ import annotations

from typing import Any

from antiphon_world.webpush import subscription

SEED = 7
PEOPLE_MAP = {"identifiers": {"external_id": "id", "email": "email", "phone": "phone", "webpush": "webpush"}}

QUIET: dict[str, Any] = {
    "open": 0, "click": 0, "buy": 0, "unsubscribe": 0, "complain": 0, "stop": 0, "shown": 1, "latency_scale": 0.01,
}  # fmt: skip
"""Customers who do nothing but show their pushes: a test says what else they do."""

ADAPTERS = {"email": "smtp", "sms": "smpp", "push": "webpush"}
COSTS = {"email": 0.0004, "sms": 0.045, "push": 0.0}

VAPID = "3KzvKasA2SoCxsp0iIG_o9B0Ozvl1XDwI63JRKNIWBM"
"""The private key of RFC 8292's example server; it is nobody's."""


def user(number: int) -> str:
    return f"c{number:06d}"


def mail_of(number: int) -> str:
    return f"customer.{number:06d}@mail.example"


def phone_of(number: int) -> str:
    return f"+34612{number:06d}"


def message(name: str, *, topic: str = "coupons", **more: Any) -> dict[str, Any]:
    """A message with a form for each channel and a link in each."""
    link = "https://shop.example/offer"
    button = {"kind": "button", "label": "Shop", "url": link}
    forms = {
        "email": {"subject": name, "blocks": [{"kind": "text", "text": name}, button]},
        "sms": {"text": f"{name} {link}"},
        "push": {"title": name, "body": name, "url": link},
    }
    return {"name": name, "topic": topic, "locales": {"en": forms}, **more}


def subscription_of(number: int, world_url: str) -> dict[str, Any]:
    """What their browser would tell the shop."""
    name = f"{number:06d}"
    return {"endpoint": f"{world_url}/push/{name}", "keys": subscription(SEED, name).keys}
