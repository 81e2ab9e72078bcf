"""A message leads only where its author sent people."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.content import urls


@pytest.mark.parametrize(
    "source",
    [
        "https://shop.example",
        "HTTP://Shop.example:8080/a b",
        "https://shop.example/{{ id }}",
        "https://shop.example?q={{ q }}",
        "{{ offer.url }}",
        "{{ base }}/cart",
        "{% if a %}https://a.example{% endif %}",
        "https://[2001:db8::1]/",
        "https://münchen.example/",
    ],
)
def test_these_may_be_written(source):
    assert urls.source_flaw(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "javascript:alert(1)",
        "ftp://a.example",
        "//a.example",
        "shop.example",
        "/cart",
        "https://",
        "https:///x",
        "mailto:a@b.example",
        "https://{{ host }}/x",
        "https://shop.example{{ path }}",
        "https://shop.{{ tld }}/",
        "https://shop.example:{{ port }}/",
        "https://a@evil.example/",
        "https://shop.example\\@evil.example",
        "java{{ s }}script:x",
        " https://a b.example",
    ],
)
def test_these_are_refused(source):
    assert urls.source_flaw(source)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "",
        "nothing",
        "https://good.example@evil.example/",
        "https://.",
        "http://a b/",
        "https://evil.example\\.good.example/",
        "https://a\n.example",
        "https:/a.example",
        "https://a.example" + "/x" * 2000,
        "\x01https://",
    ],
)
def test_these_never_come_out(url):
    assert urls.checked(url) is None


@given(st.text(max_size=60) | st.text(max_size=30).map("https://shop.example".__add__))
def test_what_comes_out_is_ascii_after_the_host_and_http(text):
    url = urls.checked(text)
    if url is not None:
        assert re.match(r"https?://", url, re.I)
        assert urlsplit(url).hostname
        assert not re.search(r"[\s<>\"\\`{|}^\x00-\x1f]", url)


@given(st.text(max_size=40))
def test_what_follows_the_slash_cannot_change_the_host(text):
    url = urls.checked(f"https://shop.example/{text}")
    assert url is not None
    assert urlsplit(url).hostname == "shop.example"


def test_what_must_be_encoded_is_and_nothing_twice():
    assert urls.checked("https://a.example/é x?q=%20&r=a b#f") == "https://a.example/%C3%A9%20x?q=%20&r=a%20b#f"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Look: https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x_(y))!", ["https://a.example/x_(y)"]),
        ("http://a.example, https://b.example/?q=1&r=2; done", ["http://a.example", "https://b.example/?q=1&r=2"]),
        ("no link: javascript:x ftp://a.example a.example", []),
        ("«https://a.example»", ["https://a.example"]),
    ],
)
def test_urls_are_found_in_text_without_the_punctuation_around_them(text, found):
    hits = urls.in_text(text)
    assert [url for _, _, url in hits] == found
    assert all(text[start:end] in url for start, end, url in hits)


def test_a_long_text_of_brackets_takes_no_time():
    assert urls.in_text("https://a.example/" + ")" * 150_000) == []
