"""What the rule builder is made of: forms of all leaves, names that are known, both forms of a rule, the overview."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient

from antiphon.kernel.errors import Invalid
from antiphon.segments.language.conditions import OPS, WINDOW_KEYS
from antiphon.segments.language.measures import MEASURES
from antiphon.segments.language.parse import LEAVES, parse
from antiphon.segments.language.slots import FORMS, LeafForm, measures, operators
from segments.stage import Stage
from segments.test_http import client as client


def keys_of(form: LeafForm) -> set[str]:
    found: set[str] = set()
    for slot in form.slots:
        if slot.kind == "window":
            found |= set(WINDOW_KEYS)
        elif slot.kind == "measure":
            found |= set(slot.choices or MEASURES)
        elif slot.kind == "comparison" and not slot.at:
            found |= {"op", "value"}
        else:
            found.add(slot.at.split(".")[0])
    return found


def test_every_key_that_a_rule_may_have_has_its_place_in_a_form() -> None:
    shown: dict[str, set[str]] = {}
    for form in FORMS:
        shown.setdefault(form.key, set()).update(keys_of(form))
    assert shown == {key: {key, *leaf.keys} for key, leaf in LEAVES.items()}


def filled(value: Any) -> Any:
    """What a new leaf lacks is a name."""
    if isinstance(value, dict):
        return {key: filled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    return "x" if value == "" else value


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_new_leaf_is_a_rule_once_it_is_filled_in(form: LeafForm) -> None:
    parse(filled(form.start))


VALUES: dict[str, Any] = {
    "scalar": "x", "number": 1, "text": "x", "choices": ["x"], "flag": False, "instant": "2026-01-01", "duration": "1d",
    "days": "7d",
}  # fmt: skip


def test_every_operator_takes_the_kind_of_value_that_it_says() -> None:
    assert [one.name for one in operators()] == list(OPS)
    for one in operators():
        parse({"trait": "x", "op": one.name, "value": VALUES[one.value]})


def test_every_measure_takes_the_operators_that_it_says() -> None:
    kinds = {one.name: one.value for one in operators()}
    for measure in measures():
        for op in measure.operators:
            value = 1 if measure.name not in ("first", "last", "most") else VALUES[kinds[op]]
            parse({"event": "x", measure.name: {"property": "p", "op": op, "value": value}})
        for op in measure.bare:
            value = 1 if kinds[op] == "scalar" else VALUES[kinds[op]]
            parse({"event": "x", measure.name: {"op": op, "value": value}})
        if measure.property == "always":
            with pytest.raises(Invalid):
                parse({"event": "x", measure.name: {"op": "eq", "value": 1}})


async def test_the_names_that_are_known_come_with_their_types(stage: Stage, client: AsyncClient) -> None:
    for name in ("ada", "bob", "cho"):
        await stage.identify(name, tier="gold", age=40)
    await stage.track("ada", "bought", total=12)
    await stage.make("buyers", {"event": "bought"})
    definition = {"event": "bought", "of": "sum", "property": "total"}
    assert (await client.put("/computed-traits/spent", json=definition)).status_code == 200
    known = (await client.get("/segments/fields")).json()["known"]
    traits = {one["name"]: one for one in known["traits"]}
    assert (traits["tier"]["type"], traits["tier"]["examples"], traits["age"]["type"]) == ("text", ["gold"], "number")
    [event] = [one for one in known["events"] if one["name"] == "bought"]
    assert [(one["name"], one["type"]) for one in event["properties"]] == [("total", "number")]
    assert [(one["name"], one["type"]) for one in known["computed"]] == [("spent", "number")]
    assert [one["name"] for one in known["segments"]] == ["buyers"]


async def test_a_rule_is_told_in_both_forms(client: AsyncClient) -> None:
    rule = {"all": [{"event": "bought", "within": "48h"}, {"not": {"trait": "tier", "op": "eq", "value": "gold"}}]}
    text = 'event bought within 48h and not trait tier = "gold"'
    for given in (rule, text):
        assert (await client.post("/segments/words", json={"rule": given})).json() == {"rule": rule, "text": text}


async def test_words_that_cannot_be_read_are_refused_with_line_and_column(client: AsyncClient) -> None:
    answer = await client.post("/segments/words", json={"rule": "event bought\nand event"})
    assert answer.status_code == 400
    assert "line 2" in str(answer.json())


async def test_the_overview_tells_sizes_day_by_day_and_who_names_it(stage: Stage, client: AsyncClient) -> None:
    await stage.identify("ada")
    await stage.identify("bob")
    await stage.track("ada", "bought")
    await stage.make("buyers", {"event": "bought"})
    await stage.make("others", {"not": {"segment": "buyers"}})
    await stage.track("bob", "bought")
    await stage.drain()
    buyers, others = (await client.get("/segments/overview")).json()["segments"]
    assert (buyers["size"], buyers["entered_today"], buyers["left_today"]) == (2, 1, 0)
    assert buyers["sizes"] == [2]
    assert (buyers["used_by"], others["used_by"]) == (["others"], [])
    assert (others["size"], others["left_today"]) == (0, 1)
