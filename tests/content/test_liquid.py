"""Liquid: what it says is what the language says, and nothing that it is given can hang it."""

import json
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.content.liquid import SOURCE_BYTES_MAX, RenderError, TemplateError, compile
from antiphon.content.sandbox import Sandbox

GOLDEN = Path(__file__).parents[3] / "shared/data/conformance/golden_liquid_half.json"
NOT_LIKE_THE_REFERENCE = {"blank and empty, nil is equal to blank", "tags, comment, incomplete tags are not parsed"}

names = st.sampled_from(["a", "b", "now", "partial", "profile", "first_name"])
texts = st.text(max_size=20) | st.sampled_from(["<b>", "O'Neil & Co", '"', "€", "a\r\nb", ""])
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
json_values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)
variables = st.dictionaries(names, json_values, max_size=5)


@st.composite
def plain_templates(draw):
    literal = st.text(alphabet="ab <>&'\"\r\n%}é", max_size=10)
    path = st.lists(names, min_size=1, max_size=3).map(".".join)
    default = st.sampled_from(["", " | default: 'friend'", ' | default: "<i>"', " | default: ''"])
    piece = st.builds("{}{{{{ {}{} }}}}".format, literal, path, default)
    return "".join(draw(st.lists(piece, max_size=5))) + draw(literal)


@given(plain_templates(), variables, st.booleans())
def test_the_fast_path_says_what_the_interpreter_says(source, values, html):
    template = compile(source, html=html)
    assert template.is_plain
    assert template.render(values) == template.interpret(values)


@given(plain_templates(), variables, st.booleans())
def test_a_plain_template_renders_whatever_the_variables_hold(source, values, html):
    assert isinstance(compile(source, html=html).render(values), str)


@pytest.mark.parametrize(
    "source",
    ["{{ a | upcase }}", "{% if a %}x{% endif %}", "{{ a[0] }}", "{{ a.size }}", "{{ a | default: b }}", "{{ 'a' }}"],
)
def test_anything_more_goes_through_the_interpreter(source):
    assert not compile(source, html=False).is_plain


filters = st.sampled_from(
    [
        "upcase",
        "size",
        "plus: 1",
        "divided_by: b",
        "join: ','",
        "sort",
        "date: '%Y'",
        "uniq",
        "map: 'a'",
        "split: 'a'",
        "times: 9e300",
        "ceil",
        "slice: 1, b",
        "truncate: b",
        "replace: 'a', b",
        "where: 'a'",
        "base64_decode",
        "first",
    ]
)


@given(st.lists(filters, max_size=4), variables)
def test_a_filter_that_cannot_take_a_value_says_so_and_nothing_else_is_raised(chain, values):
    template = compile("{{ " + " | ".join(["a", *chain]) + " }}{% for x in a %}{{ x }}{% endfor %}", html=True)
    with suppress(RenderError):
        template.render(values)


def golden_tests():
    if not GOLDEN.exists():
        return [pytest.param({}, id="golden-liquid", marks=pytest.mark.skip("shared/data/conformance is not here"))]
    return [pytest.param(test, id=test["name"]) for test in json.loads(GOLDEN.read_text())["tests"]]


@pytest.mark.parametrize("case", golden_tests())
def test_it_agrees_with_the_reference_implementation(case):
    expected = "refused" if case.get("invalid") else case.get("results", [case.get("result")])
    try:
        sandbox = Sandbox(autoescape=False, partials=case.get("templates", {}))
        rendered = sandbox.from_string(case["template"]).render(case.get("data", {}))
        agrees = expected != "refused" and rendered in expected
    except Exception:
        agrees = expected == "refused"
    assert agrees == (case["name"] not in NOT_LIKE_THE_REFERENCE)


LONG = "{% capture s %}{% for i in (1..9000) %}aaaaaaaaa{% endfor %}{% endcapture %}"
ATTACKS = {
    "a range of a billion joined": "{{ (1..1000000000) | join: ',' }}",
    "a range of a billion reversed": "{% for i in (1..1000000000) reversed %}{% endfor %}",
    "a far offset": "{% for i in (1..1000000000) limit: 5 offset: 99999999 %}{% endfor %}",
    "a range searched": "{% if (1..1000000000) contains 'x' %}{% endif %}",
    "a range in a case": "{% case 1 %}{% when (1..1000000000) %}{% endcase %}",
    "a table": "{% tablerow i in (1..1000000000) cols: 1 %}{% endtablerow %}",
    "nested loops": "{% for i in (1..9000) %}{% for j in (1..9000) %}x{% endfor %}{% endfor %}",
    "loops in a row": "{% for i in (1..9999) %}{% endfor %}" * 2500,
    "a long loop body": "{% for i in (1..9999) %}" + "{% if a %}{% endif %}" * 4000 + "{% endfor %}",
    "doubling": "{% assign x = 'aaaaaaaaaa' %}" + "{% assign x = x | append: x %}" * 40,
    "chained replace": "{% assign x = 'aa' %}{{ x" + " | replace: 'a', 'aaaaaaaaaaaaaaaaaaaa'" * 10 + " }}",
    "replace of nothing": "{% assign x = 'aaaaaaaaaaaaaaaaaaaaaaaaa' %}{{ x" + " | replace: '', x" * 9 + " }}",
    "a huge number": "{% assign x = 99 %}{{ x " + "| times: 99999999999999999999999" * 2000 + " }}",
    "a list doubled": "{% assign l = 'a,b' | split: ',' %}" + "{% assign l = l | concat: l %}" * 40,
    "many of one long string": LONG
    + "{% assign l = s | split: 'z' %}"
    + "{% assign l = l | concat: l %}" * 13
    + "{{ l }}",
    "a long separator": LONG + "{{ (1..10000) | join: s }}",
    "a cycle of long strings": LONG + "{% cycle s" + ", s" * 20_000 + " %}",
    "uniq of ten thousand": "{% assign l = (1..10000) | join | split: ' ' %}{{ l | uniq | size }}",
    "sorting again and again": "{% for i in (1..9999) %}{{ l | sort | size }}{% endfor %}",
    "tags to strip": "{{ tags | strip_html }}",
    "nested captures": "{% capture a %}" * 19
    + "{% for i in (1..9999) %}"
    + "x" * 40
    + "{% endfor %}"
    + "{% endcapture %}" * 19,
    "a long value many times": "{{ b }}" * 14_000,
    "a long value through a filter many times": "{{ b | upcase }}" * 6_000,
    "a long chain": "{{ b " + "| url_encode " * 7_000 + "}}",
    "unclosed outputs": "{{" * 49_000,
    "unclosed tags": "{%a" * 33_000,
    "unclosed after a closed one": "{% endraw %}" + "{% raw %}" * 9_000,
    "unclosed docs": "{% doc %}" * 9_000,
    "a long condition": "{% if " + "a or " * 19_000 + "a %}{% endif %}",
    "deep brackets": "{{ " + "a[" * 30_000 + "}}",
    "a deep value": "{{ deep | join }}",
    "an infinite number": "{{ '1e999' | ceil }}",
    "an argument of ours": "{{ b | upcase: context: 1 }}",
    "including itself": "{% include 'self' %}",
}
ATTACK_S_MAX = 3.0


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_in_time(name):
    deep = []
    for _ in range(3000):
        deep = [deep]
    values = {"b": "b" * 90_000, "tags": "<" * 99_999 + ">", "deep": deep, "l": list(range(5_000))}
    started = time.thread_time()
    with pytest.raises((TemplateError, RenderError)):
        compile(ATTACKS[name], html=False).render(values)
    assert time.thread_time() - started < ATTACK_S_MAX


def test_loops_in_a_row_share_one_count():
    with pytest.raises(RenderError, match="more than 10000 loop turns"):
        compile("{% for i in (1..6000) %}{% endfor %}" * 2, html=False).render({})


def test_a_long_value_many_times_is_refused_before_it_is_built():
    template = compile(ATTACKS["a long value many times"], html=False)
    assert template.is_plain
    tracemalloc.start()
    try:
        with pytest.raises(RenderError):
            template.render({"b": "b" * 90_000})
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


class Secretive:
    password = "hidden"

    def delete(self):
        raise AssertionError("called")


@pytest.mark.parametrize(
    "path", ["u.password", "u.delete", "u.__class__", "l.append", "d.items", "s.upper", "u['password']"]
)
def test_no_attribute_is_ever_read(path):
    values = {"u": Secretive(), "l": [1], "d": {"a": 1}, "s": "text"}
    template = compile(f"[{{{{ {path} }}}}]", html=False)
    assert template.render(values) == template.interpret(values) == "[]"


@pytest.mark.parametrize(
    "source", ["{{ nobody }}", "{{ a.b.c.d }}", "{{ a['x'].y | upcase }}", "{% for x in nobody %}x{% endfor %}"]
)
def test_a_missing_variable_is_nothing(source):
    assert compile(source, html=False).render({"a": {}}) == ""


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("Hi {{ name | upcas }}", "unknown filter 'upcas' (line 1, column 14): did you mean 'upcase'?"),
        ("a\n{% iff x %}{% endif %}", "unexpected tag 'iff' (line 2, column 4): did you mean 'if'?"),
        ("{{ name", "expected '}}', found end of file (line 1, column 1)"),
        ("{{ name | append }}", "append: missing a required argument: 'arg' (line 1, column 11)"),
        ("{{ name | upcase: 1, 2 }}", "upcase: too many positional arguments (line 1, column 11)"),
        ("{{ name | safe }}", "unknown filter 'safe' (line 1, column 11)"),
        ("x" * (SOURCE_BYTES_MAX + 1), "A template is at most 100 kB long."),
    ],
)
def test_a_bad_template_is_refused_when_made_with_its_place(source, sentence):
    with pytest.raises(TemplateError) as refused:
        compile(source, html=False)
    assert refused.value.flaws[0].message == sentence


@given(st.text(max_size=50))
def test_no_value_brings_markup_into_html(value):
    rendered = compile("{{ v }}|{{ v | upcase }}|{% capture c %}{{ v }}{% endcapture %}{{ c }}", html=True).render(
        {"v": value}
    )
    assert not set(rendered) & set("<>\"'")


def test_text_is_left_as_it_is():
    assert compile("{{ v }}", html=False).render({"v": "<O'Neil & Co>"}) == "<O'Neil & Co>"


def test_now_is_the_product_time_that_is_given():
    template = compile("{{ 'now' | date: '%Y-%m-%d' }} {{ now | date: '%H' }} {{ 0 | date: '%Y' }}", html=False)
    assert template.render({"now": "2031-02-03T04:05:06Z"}) == "2031-02-03 04 1970"
    assert template.render({}) == "  1970"


def test_half_a_surrogate_pair_is_an_error_of_the_value():
    for source in ("{{ v }}", "{{ v | upcase }}"):
        with pytest.raises(RenderError):
            compile(source, html=False).render({"v": "\ud800"})
