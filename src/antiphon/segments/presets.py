"""Rules and ladders that are often wanted: made of a few values, they open as ordinary rules and are changed like them.

A preset is nothing else than what it makes: nothing remembers where a rule came from.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from antiphon.kernel.errors import Flaw, Invalid, NotFound
from antiphon.kernel.said import worded
from antiphon.segments.language.parse import parse

Rule = dict[str, Any]  # Any: a rule, as JSON
Value = str | float | list[str]
_EXACT = 2**53
"""Below it a float tells every whole number apart."""
Stages = list[tuple[str, Rule]]

USE = ["page", "screen", "Product Viewed", "Product Added", "Order Completed"]
SAYS: Mapping[str, str] = {
    "order": "the event of a purchase",
    "amount": "its property with the amount",
    "use": "events that show that somebody uses what we offer",
    "cart": "the event of putting something into a cart",
    "paid": "the event after which a trial is none any more",
    "trait": "the trait with the date",
    "new_days": "for so many days after the first use somebody is new",
    "experienced_on": "used on so many days, somebody is experienced",
    "expert_on": "used on so many days, somebody is an expert",
    "paying_days": "whoever has bought in so many days is paying",
    "lapsing_days": "not used for so many days, somebody is lapsing",
    "lost_days": "not used for so many days, somebody is lost",
    "recent_days": "a purchase is recent for so many days",
    "fading_days": "without a purchase for so many days, somebody is fading",
    "year_days": "purchases of so many days are counted",
    "often": "so many purchases are often",
    "very_often": "so many purchases are very often",
    "much": "so much money is much",
    "orders": "so many purchases at least",
    "days": "so many days",
    "sent": "so many e-mails at least were sent",
    "sunset_days": "unopened for so many days, nobody is written to any more",
    "after": "so long after the last time something was put in; a duration such as 4h",
    "within": "carts of this time; a duration such as 7d",
    "share": "the share of opens and clicks on a phone or tablet, 0 to 1",
}


class Parameter(Struct, frozen=True):
    name: str
    says: str
    default: Value


class Preset(Struct, frozen=True):
    """`makes`: a rule, or the stages of a ladder."""

    name: str
    title: str
    description: str
    makes: str
    parameters: Sequence[Parameter]


class Made(Struct, frozen=True):
    """Either `rule` or `stages`."""

    rule: Rule | None
    stages: Stages


class UnknownPreset(NotFound):
    """There is no preset of this name."""

    code = "unknown_preset"


def presets() -> list[Preset]:
    return [_preset(name, make) for name, make in _PRESETS.items()]


def open_preset(name: str, values: Mapping[str, object]) -> Made:
    """Raises UnknownPreset, and Invalid with the place of every value that does not fit, such as `parameters.days`."""
    if name not in _PRESETS:
        raise UnknownPreset('There is no preset "{name}". There are {known}.', name=name, known=", ".join(_PRESETS))
    preset = _preset(name, _PRESETS[name])
    known = {parameter.name: parameter.default for parameter in preset.parameters}
    flaws = [
        Flaw(f"parameters.{key}", worded("It is not known here. Known: {known}.", known=", ".join(known)))
        for key in values.keys() - known
    ]
    fitting = {key: _fitting(key, values[key], known[key], flaws) for key in known if key in values}
    if flaws:
        raise Invalid("The values are not valid.", flaws=flaws)
    made = _PRESETS[name](**fitting)
    found = Made(None, made) if isinstance(made, list) else Made(made, [])
    for rule in [found.rule] if found.rule is not None else [rule for _, rule in found.stages]:
        parse(rule)
    return found


def _preset(name: str, make: Callable[..., Rule | Stages]) -> Preset:
    title, _, description = inspect.cleandoc(make.__doc__ or "").partition("\n\n")
    parameters = [
        Parameter(each.name, SAYS[each.name], each.default) for each in inspect.signature(make).parameters.values()
    ]
    makes = "ladder" if isinstance(make(), list) else "rule"
    return Preset(name, title.rstrip("."), description.replace("\n", " "), makes, parameters)


def _fitting(key: str, value: object, default: Value, flaws: list[Flaw]) -> object:
    """A value of the kind of the default; a text of the command line is read as one."""
    if isinstance(default, list):
        texts = value.split(",") if isinstance(value, str) else value
        if isinstance(texts, list) and texts and all(isinstance(text, str) and text.strip() for text in texts):
            return [text.strip() for text in texts]
        flaws.append(Flaw(f"parameters.{key}", "A list of names is needed."))
    elif isinstance(default, str):
        if isinstance(value, str) and value:
            return value
        flaws.append(Flaw(f"parameters.{key}", "A text is needed."))
    else:
        number = _number(value)
        if number is not None and number > 0 and (isinstance(default, float) or isinstance(number, int)):
            return number
        form = "A whole number above 0 is needed." if isinstance(default, int) else "A number above 0 is needed."
        flaws.append(Flaw(f"parameters.{key}", worded(form)))
    return default


def _number(value: object) -> int | float | None:
    """JSON has no whole numbers of their own: 14.0 is 14."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


# ---- ladders ----


def lifecycle(
    use: list[str] = USE,
    order: str = "Order Completed",
    new_days: int = 14,
    experienced_on: int = 5,
    expert_on: int = 20,
    paying_days: int = 90,
    lapsing_days: int = 45,
    lost_days: int = 180,
) -> Stages:
    """Lifecycle.

    Lost, lapsing, paying, expert, experienced, new, active: by when and on how many days somebody was there. The first
    that fits takes the person: who pays is on no other stage, so no offer to pay goes to them. Who never was there is
    on none.
    """
    return [
        ("lost", _all({"event": use}, _none(use, lost_days))),
        ("lapsing", _all({"event": use}, _none(use, lapsing_days))),
        ("paying", {"event": order, "within": f"{paying_days}d"}),
        ("expert", {"event": use, "days": _least(expert_on)}),
        ("experienced", {"event": use, "days": _least(experienced_on)}),
        ("new", {"event": use, "first": {"op": "within", "value": f"{new_days}d"}}),
        ("active", {"event": use}),
    ]


def rfm(
    order: str = "Order Completed",
    amount: str = "total",
    recent_days: int = 30,
    fading_days: int = 90,
    year_days: int = 365,
    often: int = 3,
    very_often: int = 5,
    much: float = 500.0,
) -> Stages:
    """Recency, frequency, money.

    Champions, loyal, at risk, new, promising, hibernating, gone: by when somebody bought last, how often, and for how
    much. The limits are yours, not quintiles: nobody changes stage because others bought.
    """
    year = {"event": order, "within": f"{year_days}d"}
    recent, fading = {"event": order, "within": f"{recent_days}d"}, _none(order, fading_days)
    spent = {**year, "sum": {"property": amount, **_least(much)}}
    return [
        ("champions", _all(recent, {**year, "count": _least(very_often)}, spent)),
        ("at risk", _all({**year, "count": _least(often)}, fading)),
        ("loyal", {**year, "count": _least(often)}),
        ("new", {"event": order, "first": {"op": "within", "value": f"{recent_days}d"}}),
        ("promising", {"event": order, "within": f"{fading_days}d"}),
        ("hibernating", year),
        ("gone", {"event": order}),
    ]


def sunset(sent: int = 3, days: int = 21, sunset_days: int = 90, order: str = "Order Completed") -> Stages:
    """Unopened e-mail: re-engagement and sunset.

    Who was sent at least three e-mails and opened or clicked none in three weeks leaves the main list for
    re-engagement: approach them on another channel. After three months nobody writes e-mails to them any more. Who
    opens, clicks or buys is back at once. A newcomer, whose first e-mail is younger than that, is not lapsed.
    """

    def silent(for_days: int) -> Rule:
        return _all(
            {"message": "sent", "channel": "email", "count": _least(sent)},
            {"message": "sent", "channel": "email", "ago": f"{for_days}d"},
            {"not": {"message": "opened", "channel": "email", "within": f"{for_days}d"}},
            {"not": {"message": "clicked", "channel": "email", "within": f"{for_days}d"}},
            {"not": {"event": order, "within": f"{for_days}d"}},
        )

    return [("sunset", silent(sunset_days)), ("re-engagement", silent(days)), ("main list", {"reachable": "email"})]


# ---- rules ----


def win_back(order: str = "Order Completed", orders: int = 2, days: int = 90) -> Rule:
    """Win back.

    Bought more than once, and nothing in three months.
    """
    return _all({"event": order, "count": _least(orders)}, _none(order, days))


def abandoned_cart(
    cart: str = "Product Added", order: str = "Order Completed", after: str = "4h", within: str = "7d"
) -> Rule:
    """Abandoned cart.

    Put something into a cart, did not buy since, and has not touched the cart for four hours. For a week at most.
    """
    return _all(
        {"sequence": [cart, order], "within": within, "complete": False}, {"not": {"event": cart, "within": after}}
    )


def birthday_soon(trait: str = "birthday", days: int = 7) -> Rule:
    """Birthday soon.

    The birthday is today or in the next seven days, by the person's own calendar.
    """
    return {"trait": trait, "op": "anniversary", "value": f"{days}d"}


def trial_ends_soon(trait: str = "trial_ends_at", days: int = 3, paid: str = "Subscription Started") -> Rule:
    """Trial ends soon.

    The trial ends in the next three days, and nobody has paid.
    """
    return _all({"trait": trait, "op": "next", "value": f"{days}d"}, {"not": {"event": paid}})


def mostly_on_a_phone(share: float = 0.6) -> Rule:
    """Mostly on a phone.

    Opens and clicks on a phone or tablet more often than not.
    """
    return {"mobile": _least(share)}


_PRESETS: Mapping[str, Callable[..., Rule | Stages]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        lifecycle, rfm, sunset, win_back, abandoned_cart, birthday_soon, trial_ends_soon, mostly_on_a_phone
    )
}  # fmt: skip


def _all(*parts: Rule) -> Rule:
    return {"all": list(parts)}


def _none(event: str | list[str], days: int) -> Rule:
    return {"event": event, "within": f"{days}d", "count": {"op": "eq", "value": 0}}


def _least(value: float) -> Rule:
    return {"op": "gte", "value": value}
