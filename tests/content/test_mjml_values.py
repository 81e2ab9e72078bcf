"""No value of a person becomes markup, style, an address of its own or Liquid in a mail made of MJML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import content
from antiphon.content import letter
from content.mjml_samples import EMAIL, OFFERS, PLAIN, SOMEBODY, Seen, mail
from content.samples import render

evil = st.text(max_size=30) | st.sampled_from(
    [
        "<script>x()</script>",
        '" onload="x()',
        "' style='x",
        "{{ code }}",
        "{% if 1 %}",
        "-->",
        "]]>",
        "a\x00b\x1bc",
        "red;background:url(https://evil.example)",
        "}body{display:none",
        "expression(x)",
        "&lt;b&gt;",
        "lq0z",
        "<!--lq0z-->",
    ]
)


@given(first=evil, product=evil, code=evil, colour=evil, name=evil)
@pytest.mark.parametrize("source", [OFFERS, PLAIN], ids=["interpreted", "plain"])
def test_no_value_becomes_markup_style_or_liquid(source, first, product, code, colour, name):
    """Tags, attributes and the names of styles are the same whoever gets it; what a value holds is text."""
    offers = [{**offer, "name": name} for offer in SOMEBODY["offers"]]
    somebody = {**SOMEBODY, "profile": {"first_name": first}, "product": product, "code": code, "offers": offers}
    somebody["account"] = {"colour": colour}
    message = mail(source)

    def skeleton(variables):
        page = Seen(render(message, EMAIL, variables=variables).html)
        return [
            (tag, sorted(attrs), re.findall(r"([\w-]+)\s*:", attrs.get("style", "").replace("https:", "")))
            for tag, attrs in page.tags
        ]

    assert skeleton(somebody) == skeleton(SOMEBODY)
    body = render(message, EMAIL, variables=somebody)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", body.html + body.text)
    shown = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", "", product)
    assert any(attrs.get("alt") == shown for attrs in Seen(body.html).all("img"))


@given(code=evil)
def test_a_value_in_a_url_stays_in_the_url(code):
    message = mail(PLAIN)
    variables = {**SOMEBODY, "code": code}
    html = render(message, EMAIL, variables=variables, track=False, unsubscribe=False).html
    hrefs = [link["href"] for link in Seen(html).all("a")]
    assert hrefs == content.targets(message, channel=EMAIL, variables=variables)
    assert all(href.startswith("https://shop.example/") for href in hrefs)


@given(first=evil, product=evil, code=evil)
def test_the_short_way_says_what_the_interpreter_says(first, product, code):
    variables = {**SOMEBODY, "profile": {"first_name": first}, "product": product, "code": code}
    long_way = PLAIN.replace("<mj-text>", "<mj-text>{% if true %}{% endif %}")
    assert letter.document(PLAIN).html.is_plain
    assert not letter.document(long_way).html.is_plain
    short, long = (render(mail(source), EMAIL, variables=variables) for source in (PLAIN, long_way))
    assert (short.html, short.text) == (long.html, long.text)


def test_a_picture_behind_a_section_cannot_leave_its_style():
    odd = {**SOMEBODY, "picture": "https://shop.example/a')b(c.png"}
    html = render(mail(OFFERS), EMAIL, variables=odd).html
    assert "https://shop.example/a%27%29b%28c.png" in html
    with pytest.raises(content.RenderError):
        render(mail(OFFERS), EMAIL, variables={**SOMEBODY, "picture": "javascript:x"})
