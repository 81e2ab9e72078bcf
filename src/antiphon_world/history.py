"""What the customers did before today: visits to a small shop, in the names of Segment's e-commerce spec v2."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from antiphon_world.addresses import user_id
from antiphon_world.draw import draw, pick
from antiphon_world.habits import taste_of
from antiphon_world.people import signed_up

Row = dict[str, Any]  # Any: JSON

# (product id, name, category, price in EUR)
PRODUCTS = (
    ("p01", "Ceramic mug", "kitchen", 12.5),
    ("p02", "Espresso cups, set of four", "kitchen", 34.0),
    ("p03", "French press", "kitchen", 39.9),
    ("p04", "House blend, 1 kg", "coffee", 24.5),
    ("p05", "Decaf, 500 g", "coffee", 14.9),
    ("p06", "Single origin, 250 g", "coffee", 11.9),
    ("p07", "Green tea tin", "tea", 16.0),
    ("p08", "Travel bottle", "outdoor", 29.0),
    ("p09", "Hand grinder", "kitchen", 89.0),
    ("p10", "Gift box", "gifts", 49.0),
    ("p11", "Filter papers", "kitchen", 6.5),
    ("p12", "Espresso machine", "kitchen", 389.0),
)
ACTIVE = {"mail_lover": 0.10, "phone_lover": 0.12, "deal_hunter": 0.16, "silent": 0.03}
BUYS = {"mail_lover": 0.14, "phone_lover": 0.12, "deal_hunter": 0.20, "silent": 0.06}


def history(
    seed: int, numbers: Sequence[int], *, since: datetime, until: datetime, user_form: str = "c{n:06d}"
) -> Iterator[Row]:
    """Oldest first; nobody acts before they signed up. Kept in memory: one day."""
    joined = {number: signed_up(seed, number, until) for number in numbers}
    day = since
    while day < until:
        end = min(day + timedelta(days=1), until)
        rows = [row for number in numbers for row in _day(seed, number, day, end, joined[number], user_form)]
        yield from sorted(
            (row for row in rows if row["time"] < _time(end)), key=lambda row: (row["time"], row["message_id"])
        )
        day = end


def _day(seed: int, number: int, day: datetime, end: datetime, joined: datetime, user_form: str) -> list[Row]:
    about = (seed, number, day.date().isoformat())
    taste = taste_of(seed, str(number))
    if draw(*about, "comes") >= ACTIVE[taste]:
        return []
    at = day + (end - day) * draw(*about, "at") ** 0.7
    if at < joined:
        return []
    mobile = draw(*about, "device") < (0.85 if taste == "phone_lover" else 0.35)
    context = {"device": "mobile" if mobile else "desktop"}
    visit = [(name, {**properties, **context}) for name, properties in _visit(about, app=mobile, taste=taste)]
    return [
        _row(user_id(str(number), user_form), name, properties, at + timedelta(seconds=45 * n), about, n)
        for n, (name, properties) in enumerate(visit)
    ]


def _visit(about: tuple[object, ...], *, app: bool, taste: str) -> list[tuple[str, Row]]:
    events: list[tuple[str, Row]] = [("App Opened", {})] if app else []
    seen = [pick(PRODUCTS, *about, "product", n) for n in range(1 + int(draw(*about, "views") * 4))]
    events += [("Product Viewed", _product(product)) for product in seen]
    if draw(*about, "adds") < 0.35:
        events.append(("Product Added", {**_product(seen[-1]), "quantity": 1}))
        if draw(*about, "buys") < BUYS[taste] / 0.35:
            events += [("Checkout Started", {"value": seen[-1][3], "currency": "EUR"}), _order(about, seen[-1])]
    return events


def _order(about: tuple[object, ...], product: tuple[str, str, str, float]) -> tuple[str, Row]:
    quantity = pick((1, 1, 1, 2, 3), *about, "quantity")
    amount = round(product[3] * quantity, 2)
    money = {"amount": amount, "revenue": amount, "total": amount, "currency": "EUR"}
    products = [{**_product(product), "quantity": quantity}]
    return "Order Completed", {"order_id": _digest(*about, "order")[:12], **money, "products": products}


def _product(product: tuple[str, str, str, float]) -> Row:
    product_id, name, category, price = product
    return {"product_id": product_id, "name": name, "category": category, "price": price, "currency": "EUR"}


def _row(person: str, name: str, properties: Row, at: datetime, about: tuple[object, ...], n: int) -> Row:
    message_id = "h" + _digest(*about, n)
    return {"person": person, "event": name, "time": _time(at), "properties": properties, "message_id": message_id}


def _digest(*about: object) -> str:
    return hashlib.blake2b("|".join(map(str, about)).encode(), digest_size=12).hexdigest()


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
