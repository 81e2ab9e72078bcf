"""The text alternative says what the HTML says, in an order that can be read."""

import re

import pytest

from antiphon.kernel.records import Channel
from content.mjml_samples import OFFERS, SOMEBODY, mail, text
from content.samples import email_of, render


def told(inside, **changes):
    """The text of a mail with this inside, without its footer."""
    given = {"track": False, "unsubscribe": False, **changes}
    return render(mail(text(inside)), Channel.EMAIL, variables=SOMEBODY, **given).text.split("\n\n-- \n")[0]


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<h1>Title</h1><p>One\n  two</p><p>Three</p>", "Title\n\nOne two\n\nThree"),
        ('see <a href="https://a.example/x?a=1&amp;b=2">us</a>, now', "see us: https://a.example/x?a=1&b=2, now"),
        ('<a href="https://a.example/">https://a.example/</a>', "https://a.example/"),
        (
            '<a href="https://a.example/"><img src="https://a.example/i.png" alt="Pears"></a>',
            "[Pears]: https://a.example/",
        ),
        ('<a href="mailto:ann@a.example?subject=x">Ann</a>', "Ann: ann@a.example"),
        ('<a href="#top">up</a>', "up"),
        ("<ul><li>one</li><li>two<ul><li>in</li></ul></li></ul>after", "- one\n- two\n  - in\n\nafter"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", "A | B\n1 | 2"),
        ('<table role="presentation"><tr><td>A</td><td>B</td></tr></table>', "A\nB"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("a<hr>b", "a\n\n----\n\nb"),
        ('<img src="https://a.example/i.png" alt="">x', "x"),
        ('<span style="display:none">no</span>yes', "yes"),
        ("&lt;b&gt; &amp; &euro;&nbsp;5", "<b> & € 5"),
        ("<!-- no -->yes<!--[if mso]>no<![endif]-->", "yes"),
        ("<b>a</b> <i>b</i>c", "a bc"),
        ("{% if n < 3 %}<p>few</p>{% endif %}{% if n > 3 %}<p>many</p>{% endif %}<p>end</p>", "few\n\nend"),
        ("{{ product }} &#123;&#123; x }}", "pears { { x }}"),
    ],
)
def test_each_kind_of_markup_has_its_text(html, said):
    assert told(html) == said


def test_a_mail_with_a_loop_and_a_table_reads_well():
    message = mail(OFFERS)
    body = render(message, Channel.EMAIL, variables=SOMEBODY, track=False, unsubscribe=False)
    assert body.text.split("\n\n-- \n")[0] == (
        "[pears]: https://shop.example/a?x=1&copy=2\n\n"
        "Hello Zoë, few & more search: https://shop.example/s?q=APPLE-4711\n\n"
        "Pears: https://shop.example/pears\n\n"
        "Plums: https://shop.example/plums\n\n"
        "What | Price\nPears | 3.20\nPlums | 4.10\n\n"
        "Write to us: help@shop.example or go up."
    )


def test_the_hidden_preheader_is_not_told_twice():
    body = render(mail(text("Hello"), preheader="Hidden words"), Channel.EMAIL)
    assert "Hidden words" in body.html
    assert "Hidden words" not in body.text


def test_an_author_may_write_the_text_and_its_links_are_those_of_the_html():
    message = email_of(
        {"kind": "button", "label": "Go", "url": "https://a.example/s?c={{ code }}"},
        text="Dear {{ profile.first_name }}, https://a.example/s?c={{ code }} or https://b.example/.",
    )
    body = render(message, Channel.EMAIL)
    (link,) = re.findall(r'href="(https://m\.shop\.example/c/[^"]+)"', body.html)
    assert body.text.startswith(f"Dear Zoë, {link} or https://b.example/.\n\n-- \nGreen Grocer")
    assert body.unsubscribe_url in body.text


def test_what_a_value_holds_is_text_and_no_liquid():
    odd = {**SOMEBODY, "product": "{{ code }}<b>&amp;"}
    message = mail(text("{{ product }}"))
    assert render(message, Channel.EMAIL, variables=odd).text.startswith("{{ code }}<b>&amp;\n")
