"""A message with every block and channel, a person, and how it is addressed."""

from antiphon import content
from antiphon.kernel.tokens import Signer

SIGNER = Signer(b"a secret of the tests, 32 bytes.")
DELIVERY = 2**40 + 5

COUPON = {
    "name": "coupon",
    "topic": "coupons",
    "purpose": "campaign",
    "locales": {
        "en": {
            "email": {
                "subject": "{{ profile.first_name | default: 'Hello' }}, 20 % until Sunday",
                "preheader": "Your code {{ code }} works in every shop.",
                "blocks": [
                    {
                        "kind": "image",
                        "src": "https://shop.example/banner.png",
                        "alt": "Autumn fruit",
                        "url": "https://shop.example/fruit",
                    },
                    {"kind": "heading", "text": "{{ profile.first_name }}, 20 % on everything"},
                    {"kind": "text", "text": "You bought {{ product }}.\n\nYour code is {{ code }}.\nIt works once."},
                    {"kind": "button", "label": "Shop for {{ code }}", "url": "https://shop.example/s?code={{ code }}"},
                    {"kind": "divider"},
                    {"kind": "button", "label": "Your offer", "url": "{{ offer.url }}"},
                ],
            },
            "sms": {
                "text": "{{ profile.first_name }}: https://shop.example/s?c={{ code }} or {{ offer.url }}. Reply STOP"
            },
            "push": {
                "title": "For {{ profile.first_name }}",
                "body": "Code {{ code }}",
                "url": "https://shop.example/s",
            },
        },
        "es": {"sms": {"text": "Hasta el domingo: https://shop.example/es"}},
    },
    "variants": {"b": {"en": {"email": {"subject": "Only until Sunday"}}}},
}

PERSON = {
    "profile": {"first_name": "Zoë"},
    "code": "APPLE-4711",
    "product": "pears",
    "offer": {"url": "https://shop.example/offer/7"},
}


def addressing(**changes):
    given = {
        "base_url": "https://m.shop.example",
        "sign": SIGNER.sign,
        "delivery": DELIVERY,
        "brand": content.Brand("Green Grocer", "12 Market Street\nBristol BS1 1AA"),
        "sender": "hello@shop.example",
        "sender_name": "Green Grocer",
    }
    return content.Addressing(**{**given, **changes})


def render(message, channel, *, variables=PERSON, locale="", variant="", **changes):
    return content.render(
        message, channel=channel, locale=locale, variant=variant, variables=variables, addressing=addressing(**changes)
    )


def email_of(*blocks, subject="Hi", **more):
    """A parsed message with one e-mail in English."""
    email = {"subject": subject, "blocks": list(blocks), **more}
    return content.parse({"name": "m", "topic": "t", "locales": {"en": {"email": email}}})
