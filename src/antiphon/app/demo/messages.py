"""The sample company's messages, in three languages and three forms."""

from __future__ import annotations

from typing import Any

SHOP = "https://shop.larkspur.example"

MESSAGES: list[dict[str, Any]] = [
    {
        "name": "Autumn coupon",
        "topic": "coupons",
        "locales": {
            "en": {
                "email": {
                    "subject": "{{ profile.first_name | default: 'Hello' }}, 20 % off every roast until Sunday",
                    "blocks": [
                        {"kind": "heading", "text": "20 % off every roast"},
                        {
                            "kind": "text",
                            "text": "Hello {{ profile.first_name }},\n\nthe autumn roasts are in: until Sunday each of "
                            "them costs a fifth less, in the shop and in our stores.",
                        },
                        {"kind": "button", "label": "Choose your roast", "url": f"{SHOP}/autumn?code=AUTUMN20"},
                    ],
                },
                "sms": {"text": "Larkspur: 20 % off every roast until Sunday. " + SHOP + "/a20 Reply STOP to opt out"},
                "push": {
                    "title": "20 % off every roast",
                    "body": "Until Sunday, in the shop and in our stores.",
                    "url": f"{SHOP}/autumn?code=AUTUMN20",
                },
            },
            "es": {
                "email": {
                    "subject": "{{ profile.first_name | default: 'Hola' }}, 20 % menos en todos los cafés",
                    "blocks": [
                        {"kind": "heading", "text": "20 % menos en todos los cafés"},
                        {
                            "kind": "text",
                            "text": "Hola, {{ profile.first_name }}:\n\nhan llegado los tuestes de otoño. Hasta el "
                            "domingo cuestan una quinta parte menos, en la tienda y en línea.",
                        },
                        {"kind": "button", "label": "Elige tu café", "url": f"{SHOP}/autumn?code=AUTUMN20"},
                    ],
                },
                "sms": {"text": "Larkspur: 20 % menos en todo hasta el domingo. " + SHOP + "/a20 Responda BAJA"},
                "push": {
                    "title": "20 % menos en todo",
                    "body": "Hasta el domingo, en la tienda y en línea.",
                    "url": f"{SHOP}/autumn?code=AUTUMN20",
                },
            },
            "fr": {
                "email": {
                    "subject": "{{ profile.first_name | default: 'Bonjour' }}, 20 % de moins sur tous les cafés",
                    "blocks": [
                        {"kind": "heading", "text": "20 % de moins sur tous les cafés"},
                        {
                            "kind": "text",
                            "text": "Bonjour {{ profile.first_name }},\n\nles torréfactions d’automne sont là : "
                            "jusqu’à dimanche, un cinquième de moins, en ligne et en boutique.",
                        },
                        {"kind": "button", "label": "Choisir mon café", "url": f"{SHOP}/autumn?code=AUTUMN20"},
                    ],
                },
                "sms": {
                    "text": "Larkspur: 20 % de moins jusqu'à dimanche. " + SHOP + "/a20 STOP pour ne plus recevoir"
                },
                "push": {
                    "title": "20 % de moins",
                    "body": "Jusqu’à dimanche, en ligne et en boutique.",
                    "url": f"{SHOP}/autumn?code=AUTUMN20",
                },
            },
        },
    },
    {
        "name": "Newsletter",
        "topic": "newsletter",
        "locales": {
            "en": {
                "email": {
                    "subject": "The October letter: a washed Ethiopian, and how to grind it",
                    "blocks": [
                        {"kind": "heading", "text": "What we roast in October"},
                        {"kind": "text", "text": "Hello {{ profile.first_name }},\n\na washed Ethiopian is in."},
                        {"kind": "button", "label": "Read on", "url": f"{SHOP}/letter/october"},
                    ],
                }
            },
            "es": {
                "email": {
                    "subject": "La carta de octubre: un etíope lavado y cómo molerlo",
                    "blocks": [
                        {"kind": "text", "text": "Hola, {{ profile.first_name }}:\n\nha llegado un etíope lavado."},
                        {"kind": "button", "label": "Seguir leyendo", "url": f"{SHOP}/letter/october"},
                    ],
                }
            },
            "fr": {
                "email": {
                    "subject": "La lettre d’octobre : un éthiopien lavé, et sa mouture",
                    "blocks": [
                        {"kind": "text", "text": "Bonjour {{ profile.first_name }},\n\nun éthiopien lavé est là."},
                        {"kind": "button", "label": "Lire la suite", "url": f"{SHOP}/letter/october"},
                    ],
                }
            },
        },
    },
    {
        "name": "Fraud alert",
        "topic": "security",
        "locales": {
            "en": {"sms": {"text": "Larkspur: somebody signed in from a new device. Not you? Call the shop."}},
            "es": {"sms": {"text": "Larkspur: alguien ha entrado desde otro dispositivo. Si no es usted, llame."}},
            "fr": {"sms": {"text": "Larkspur : connexion depuis un nouvel appareil. Pas vous ? Appelez-nous."}},
        },
    },
    {
        "name": "Order on its way",
        "topic": "orders",
        "locales": {
            "en": {
                "email": {
                    "subject": "Your order is on its way",
                    "blocks": [{"kind": "text", "text": "Hello {{ profile.first_name }}, your order has left us."}],
                },
                "sms": {"text": "Larkspur: your order is on its way."},
                "push": {"title": "On its way", "body": "Your order has left us.", "url": f"{SHOP}/orders"},
            }
        },
    },
]
