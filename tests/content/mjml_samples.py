"""MJML of our own, and how it is made a message."""

import re
from html.parser import HTMLParser

from antiphon import content
from antiphon.kernel.records import Channel

EMAIL = Channel.EMAIL
TEXT = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"

OFFERS = """<mjml>
  <mj-head>
    <mj-preview>Your code {{ code }}</mj-preview>
    <mj-style inline="inline">.loud div { color: {{ account.colour }} !important }</mj-style>
    <mj-style>.quiet { color: #333333 }</mj-style>
    <mj-html-attributes>
      <mj-selector path=".loud div"><mj-html-attribute name="data-id">7</mj-html-attribute></mj-selector>
    </mj-html-attributes>
  </mj-head>
  <mj-body background-color="#ffffff">
    <mj-section background-url="{{ picture }}">
      <mj-column>
        <mj-image src="https://shop.example/a.png" alt="{{ product }}" href="https://shop.example/a?x=1&amp;copy=2" />
        <mj-text css-class="loud">Hello {{ profile.first_name }}, {% if n < 3 %}few{% else %}many{% endif %} &amp; more
          <a href='https://shop.example/s?q={{ code }}' title="{{ product }}">search</a></mj-text>
      </mj-column>
    </mj-section>
    {% for offer in offers %}
    <mj-section><mj-column>
      <mj-button href="{{ offer.url }}">{{ offer.name }}</mj-button>
    </mj-column></mj-section>
    {% endfor %}
    <mj-section><mj-column>
      <mj-table>
        <tr><th>What</th><th>Price</th></tr>
        {% for offer in offers %}<tr><td>{{ offer.name }}</td><td>{{ offer.price }}</td></tr>{% endfor %}
      </mj-table>
      <mj-text>Write to <a href="mailto:help@shop.example">us</a> or <a href="#top">go up</a>.</mj-text>
    </mj-column></mj-section>
  </mj-body>
</mjml>"""

SOMEBODY = {
    "profile": {"first_name": "Zoë"},
    "account": {"colour": "#112233"},
    "code": "APPLE-4711",
    "product": "pears",
    "picture": "https://shop.example/back.png",
    "n": 2,
    "offers": [
        {"name": "Pears", "url": "https://shop.example/pears", "price": "3.20"},
        {"name": "Plums", "url": "https://shop.example/plums", "price": "4.10"},
    ],
}

PLAIN = """<mjml><mj-body><mj-section><mj-column>
  <mj-text>Hello {{ profile.first_name | default: "you" }}, <b>{{ product }}</b> for {{ code }}</mj-text>
  <mj-button href="https://shop.example/s?c={{ code }}">Go for {{ code }}</mj-button>
  <mj-image src="{{ picture }}" alt="{{ product }}" href="https://shop.example/fixed" />
</mj-column></mj-section></mj-body></mjml>"""


def text(inside):
    """A whole document that says only this."""
    return f"<mjml><mj-body>{TEXT.format(inside)}</mj-body></mjml>"


def mail(mjml, **more):
    email = {"subject": "For {{ profile.first_name }}", "mjml": mjml, **more}
    return content.parse({"name": "m", "topic": "t", "locales": {"en": {"email": email}}})


class Seen(HTMLParser):
    """Tags with their attributes, those that only Outlook sees as well, and the words."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(page)
        for hidden in re.findall(r"<!--\[if [^\]]*\]>(.*?)<!\[endif\]-->", page, re.DOTALL):
            self.feed(hidden)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]
