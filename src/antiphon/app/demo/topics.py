"""What the sample company writes about, and what its customers said about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from antiphon import profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Identifier
from antiphon.profiles import Proof, Statement, Topic

WEEK_S = 7 * 86_400.0
SIGN_UP = "https://shop.larkspur.example/sign-up"
WORDING = {
    "en": "Yes, send me the newsletter with roasts and recipes by e-mail, about twice a month. I can stop at any time.",
    "es": "Sí, quiero recibir por correo la carta con cafés y recetas, unas dos veces al mes. Puedo darme de baja.",
    "fr": "Oui, envoyez-moi la lettre des cafés et recettes, deux fois par mois environ. Je peux me désinscrire.",
}
TOPICS = (
    Topic(
        "coupons",
        {"en": "Offers", "es": "Ofertas", "fr": "Offres"},
        {
            "en": "Coupons and what is on sale.",
            "es": "Cupones y lo que está rebajado.",
            "fr": "Bons de réduction et soldes.",
        },
    ),
    Topic(
        "newsletter",
        {"en": "Newsletter", "es": "Carta de novedades", "fr": "Lettre d’information"},
        {
            "en": "Roasts, recipes and people, about twice a month.",
            "es": "Cafés, recetas y personas, unas dos veces al mes.",
            "fr": "Cafés, recettes et rencontres, deux fois par mois environ.",
        },
        channels=("email",),
        basis="consent",
        needs="consent",
    ),
    Topic(
        "statements",
        {"en": "Statements", "es": "Extractos", "fr": "Relevés"},
        {
            "en": "What you spent and the points you have, once a month.",
            "es": "Lo que ha gastado y sus puntos, una vez al mes.",
            "fr": "Vos achats et vos points, une fois par mois.",
        },
        channels=("email",),
        basis="contract",
    ),
    Topic(
        "security",
        {"en": "Fraud alerts", "es": "Avisos de fraude", "fr": "Alertes de fraude"},
        {
            "en": "Something odd with your account: at once, also at night.",
            "es": "Algo extraño en su cuenta: enseguida, también de noche.",
            "fr": "Quelque chose d’inhabituel sur votre compte : aussitôt, même la nuit.",
        },
        channels=("sms",),
        basis="contract",
        critical=True,
    ),
    Topic(
        "updates",
        {"en": "Product updates", "es": "Novedades de la app", "fr": "Nouveautés de l’app"},
        {
            "en": "What is new in the app and the shop.",
            "es": "Lo nuevo en la app y en la tienda.",
            "fr": "Les nouveautés de l’app et de la boutique.",
        },
        channels=("push",),
    ),
    Topic(
        "orders",
        {"en": "Orders", "es": "Pedidos", "fr": "Commandes"},
        {
            "en": "Where your order is.",
            "es": "Dónde está su pedido.",
            "fr": "Où en est votre commande.",
        },
        basis="contract",
    ),
)


class Word(NamedTuple):
    """Somebody's statements, made together."""

    who: Identifier
    statements: list[Statement]
    proof: Proof


async def write_topics(tx: Transaction) -> None:
    for topic in TOPICS:
        await profiles.write_topic(tx, topic)


def words(rows: list[dict[str, object]], *, now: datetime) -> Iterator[Word]:
    """About every eleventh customer spoke; what they said repeats after some fifty customers."""
    for n, row in enumerate(rows, 1):
        if n % 11 == 0:
            yield _word(n, row, now)


def _word(n: int, row: dict[str, object], now: datetime) -> Word:
    language = str(row["language"])
    at = now - timedelta(days=3 + n % 50, minutes=n % 97)
    page = Proof("page", source="preferences", language=language, ip=f"192.0.2.{n % 250}")
    form = Proof(
        "form",
        source=SIGN_UP,
        wording=WORDING[language],
        wording_version="3",
        language=language,
        ip=f"198.51.100.{n % 250}",
        user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    )
    sign_up = [Statement("newsletter", "email", basis="consent", at=at)]
    each = [Statement("newsletter", "email", basis="consent", at=at), Statement("coupons", "sms", at=at)]
    said: list[tuple[list[Statement], Proof]] = [
        (sign_up, form),
        ([*each, Statement("updates", "push", at=at)], page),
        ([Statement("coupons", "email", at=at)], page),
        (sign_up, form),
        ([Statement("coupons", "*", "unwanted", at=at)], page),
        ([Statement(state="paused", until=now + timedelta(days=7 + n % 30))], page),
        ([Statement("coupons", "push", at=at), Statement(state="limited", limit_count=1, limit_s=WEEK_S, at=at)], page),
        (sign_up, form),
        ([Statement("coupons", "sms", "unwanted", at=at)], Proof("agent", source="shop Bristol", language=language)),
    ]
    statements, proof = said[n // 11 % len(said)]
    return Word(Identifier("external_id", str(row["id"])), statements, proof)


async def say(tx: Transaction, word: Word) -> None:
    found = await profiles.find(tx, [word.who])
    await profiles.state(tx, found[word.who], word.statements, word.proof)
