"""The words and phrases that mean stop, start and help, by language: data for optout.py.

Sources: 47 CFR 64.1200(a)(10), the defaults that Twilio, AWS, Braze, Telnyx and OneSignal document, CTIA; other
languages from general knowledge. The operator adds words in the setting `keywords`.
"""

from __future__ import annotations

from msgspec import Struct


class Keywords(Struct, frozen=True):
    opt_out: tuple[str, ...]
    opt_in: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


LANGUAGES: dict[str, Keywords] = {
    "en": Keywords(
        opt_out=(
            "STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "UNSUB", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT",
            "CANCEL", "REMOVE",
        ),
        opt_in=("START", "YES", "UNSTOP", "SUBSCRIBE", "START ALL"),
        help=("HELP", "INFO"),
    ),
    "fr": Keywords(
        opt_out=("STOP", "ARRET", "ARRÊTER", "ARRÊTEZ", "DÉSABONNER", "DÉSABONNEMENT", "DÉSINSCRIPTION"),
        opt_in=("DÉBUT", "DÉBUTER", "REPRENDRE", "ABONNER"),
        help=("AIDE", "INFO"),
    ),
    "de": Keywords(opt_out=("STOPP", "ABMELDEN", "ABBESTELLEN", "STOP"), opt_in=("ANMELDEN",), help=("HILFE",)),
    "es": Keywords(opt_out=("BAJA", "PARAR", "CANCELAR", "ALTO"), opt_in=("ALTA", "INICIAR"), help=("AYUDA",)),
    "pt": Keywords(opt_out=("SAIR", "PARAR", "CANCELAR"), opt_in=("VOLTAR",), help=("AJUDA",)),
    "it": Keywords(opt_out=("STOP", "CANCELLA", "CANCELLAMI", "BASTA"), opt_in=("RIPRENDI",), help=("AIUTO",)),
    "nl": Keywords(opt_out=("STOP", "AFMELDEN")),
    "pl": Keywords(opt_out=("STOP", "REZYGNUJE", "REZYGNUJĘ", "WYPISZ"), help=("POMOC",)),
    "sv": Keywords(opt_out=("STOPP", "AVSLUTA")),
    "da": Keywords(opt_out=("STOP", "AFMELD")),
    "no": Keywords(opt_out=("STOPP", "AVSLUTT")),
    "ru": Keywords(opt_out=("СТОП", "ОТПИСАТЬСЯ"), help=("ПОМОЩЬ",)),
    "uk": Keywords(opt_out=("СТОП",)),
    "tr": Keywords(opt_out=("DUR", "İPTAL", "IPTAL", "RET")),
    "ar": Keywords(opt_out=("إيقاف", "توقف")),
    "he": Keywords(opt_out=("הסר",)),
    "hi": Keywords(opt_out=("बंद",)),
    "ja": Keywords(opt_out=("停止", "配信停止")),
    "zh": Keywords(opt_out=("退订", "TD")),
    "id": Keywords(opt_out=("BERHENTI",)),
    "vi": Keywords(opt_out=("HỦY", "HUY")),
}  # fmt: skip

STOP_WORDS = {"stop": "", "arret": "fr", "arreter": "fr", "stopp": "de", "baja": "es", "parar": "", "sair": "pt",
              "unsubscribe": "en", "cancel": "en", "abmelden": "de", "cancella": "it"}  # fmt: skip
"""A topic may follow these: "STOP offers". Folded as `optout` folds; the language where the word has only one."""

START_WORDS = {"start": "", "unstop": "en", "subscribe": "en", "alta": "es", "anmelden": "de", "reprendre": "fr"}

COURTESIES = (
    "please", "pls", "plz", "plse", "kindly", "now", "immediately", "thanks", "thank you", "thx", "s il vous plait",
    "sil vous plait", "sil te plait", "svp", "stp", "merci", "bitte", "danke", "por favor", "gracias", "obrigado",
    "obrigada", "per favore", "per piacere", "grazie", "hi", "hello", "hola", "bonjour", "hallo", "ciao", "ola",
)  # fmt: skip

# What people write instead of the keyword. Closed lists on purpose: "stop poking me" is no opt-out. Everything is
# folded first (lower case, no accents, no punctuation, no apostrophes) and must be the whole message.
_ME = r"(?: (?:me|us|this number|my number|my phone))?"
_THINGS = (
    r"(?:text|texts|txts|sms|smses|message|messages|msg|msgs|notification|notifications|alerts|ads|advert|adverts|"
    r"advertising|marketing|promo|promos|promotions|offers|coupons|newsletter|newsletters|spam|spamming|emails|calls)"
)
_DOING = r"(?:sending|texting|txting|messaging|msging|contacting|emailing|calling|spamming|bothering|harassing)"
_MORE = rf"(?: (?:any more|anymore|again|all|all your|the|these|those|your|such|this|that|any|{_THINGS}))*"
_ASK = r"(?:can you |could you |would you )?"
_LIST = r"(?: (?:from|of|off) (?:your|the|this|all) (?:\w+ )?(?:list|lists|database|system))?"

PHRASES: dict[str, tuple[str, ...]] = {
    "en": (
        rf"(?:stop|quit|cease) {_DOING}{_ME}{_MORE}",
        rf"(?:stop|cancel|end)(?: (?:all|this|the|these|those|your|my|of)){{0,3}}(?: {_THINGS}){{1,2}}",
        r"stop (?:it|this)", r"(?:stop|cancel|end) (?:my |the )?subscription",
        rf"(?:do not|dont|never) (?:ever )?(?:text|txt|message|msg|contact|email|call|spam|send){_ME}{_MORE}",
        rf"(?:do not|dont|never|stop) bother(?:ing)? (?:me|us){_MORE}",
        rf"no more(?: {_THINGS}){{1,2}}",
        rf"{_ASK}(?:unsubscribe|unsub|remove|delete)(?: me| my number| this number){_LIST}",
        rf"{_ASK}take (?:me|my number|this number) off(?: (?:of )?(?:your|the|this|all) (?:\w+ )?lists?)?",
        r"(?:i want to |i would like to |id like to |i wish to )(?:stop|unsubscribe|cancel|opt out|be removed)",
        r"i (?:do not|dont|no longer) want (?:to (?:get|receive|hear) )?(?:any |any more |more |these |your |this )*"
        rf"{_THINGS}(?: (?:any more|anymore|from you))*",
        r"lose my number", r"opt(?: me)? out", r"opting out", r"leave me alone", r"go away",
    ),
    "es": (
        r"no (?:me|nos) (?:escriban?|escribas|manden?|mandes|envien?|envies|molesten?|molestes|contacten?|contactes|"
        r"llamen?|llames)(?: (?:mas|nada|nunca mas|otra vez|mensajes|sms|publicidad|ofertas|mas mensajes|mas sms|"
        r"mas publicidad))*",
        r"(?:dejen?|deja|dejad|paren?) de (?:escribirme|mandarme|enviarme|molestarme|llamarme|contactarme)"
        r"(?: (?:mensajes|sms|publicidad|ofertas|mas|cosas))*",
        r"no (?:quiero|deseo)(?: (?:recibir|mas|sus|tus|estos))*(?: (?:mensajes|sms|publicidad|ofertas|promociones))",
        r"(?:quiero |deseo |quisiera )?dar(?:me|se)? de baja", r"denme de baja", r"dame de baja",
        r"(?:quiten|quitenme|quitame|borren|borrenme|borrame|saquenme|eliminenme|eliminen)(?: mi numero)?"
        r"(?: de (?:la|su|esta|tu) lista)?",
        r"dejen?me en paz", r"dejame en paz", r"no mas (?:mensajes|sms|publicidad|ofertas)", r"basta de mensajes",
    ),
    "fr": (
        r"ne (?:m|nous )(?:ecrivez|envoyez|contactez|appelez|derangez|ecris|contacte) (?:plus|pas)"
        r"(?: (?:rien|de|messages?|sms|pub|publicite|jamais))*",
        r"ne me (?:contactez|contacte|derangez|derange|rappelez|sollicitez) (?:plus|pas)(?: jamais)?",
        r"(?:arretez|arrete|cessez)(?: de (?:m|me ?)(?:ecrire|envoyer|contacter|appeler|deranger|harceler|spammer))"
        r"(?: (?:des|de|vos|ces|messages?|sms|textos?|pubs?|publicites?))*",
        r"(?:arretez|stop|plus de|fini) (?:les |vos |ces |aux )?(?:messages?|sms|textos?|pubs?|publicites?|spams?)",
        r"je (?:ne )?(?:veux|souhaite) plus(?: (?:de|recevoir|vos|ces|des))* (?:messages?|sms|textos?|pubs?|offres?)",
        r"(?:je (?:veux|souhaite) )?(?:me )?desabonner", r"(?:desabonnez|desinscrivez|retirez|supprimez|enlevez)"
        r"(?: moi| mon numero)(?: de (?:la|votre|cette) liste)?",
        r"(?:laissez|laisse|foutez|fichez) moi (?:tranquille|la paix|en paix)",
    ),
    "de": (
        r"lass(?:t|en sie)? mich in (?:ruhe|frieden)",
        r"(?:schreib|schreibt|schreiben sie|schickt|schick|schicken sie|sendet|senden sie|kontaktieren sie|ruft|"
        r"rufen sie|belastigen sie) (?:mir|mich)(?: (?:bitte|nicht|nichts|nie|keine|mehr|nachrichten|sms|werbung|an))+",
        r"keine (?:sms|nachrichten|werbung|mails|newsletter|angebote)(?: mehr)?(?: bitte)?",
        r"(?:ich )?(?:will|mochte|mocht|wunsche) (?:keine|nichts)"
        r"(?: (?:sms|nachrichten|werbung|angebote|mehr|weiteren))+(?: (?:bekommen|erhalten))?",
        r"(?:bitte )?(?:mich )?(?:abmelden|austragen|loschen)(?: bitte)?", r"(?:tragen|nehmen) sie mich"
        r"(?: (?:bitte|aus|von|der|ihrer|dieser|liste|verteiler|raus|heraus))+",
        r"(?:streichen|loschen) sie (?:mich|meine nummer)(?: (?:bitte|aus|von|der|ihrer|dieser|liste))*",
        r"(?:horen sie|hort|hor) (?:bitte )?auf(?: (?:mir|zu|mich|schreiben|nachrichten|schicken|sms))*",
    ),
    "pt": (
        r"nao me (?:escrevam?|mandem?|mande|enviem?|envie|contatem?|contactem?|liguem?|incomodem?|perturbem?)"
        r"(?: (?:mais|nada|nunca mais|mensagens|sms|publicidade|mais mensagens))*",
        r"(?:parem?|pare|deixem?|chega) de (?:me )?(?:escrever|mandar|enviar|ligar|incomodar|perturbar|mensagens)"
        r"(?: (?:mensagens|sms|publicidade|me))*",
        r"nao quero(?: (?:receber|mais|suas|essas|estas))* (?:mensagens|sms|publicidade|ofertas|promocoes)(?: mais)?",
        r"(?:me )?(?:tirem?|tire|removam?|remova|retirem?|apaguem?)(?: me)?(?: o meu numero| meu numero)?"
        r"(?: (?:da|desta|dessa|de) (?:sua |vossa )?lista)",
        r"(?:quero )?cancelar (?:a )?(?:minha )?(?:inscricao|assinatura|subscricao)",
        r"(?:me deixem?|deixem? me|me deixa|deixa me) em paz",
    ),
    "it": (
        r"non (?:mi )?(?:scrivete|scrivetemi|scrivermi|mandate|mandatemi|inviate|inviatemi|contattate|contattatemi|"
        r"disturbate|disturbatemi|chiamate|chiamatemi)"
        r"(?: (?:piu|niente|mai piu|messaggi|sms|pubblicita|piu messaggi))*",
        r"(?:smettete|smettetela|smetti|smettila) di "
        r"(?:scrivermi|mandarmi|inviarmi|contattarmi|disturbarmi|chiamarmi)(?: (?:messaggi|sms|pubblicita))*",
        r"non voglio(?: (?:piu|ricevere|i|vostri|altri|altre))*(?: (?:messaggi|sms|pubblicita|offerte))(?: da voi)?",
        r"(?:toglietemi|cancellatemi|rimuovetemi|eliminatemi|toglimi|cancellami)"
        r"(?: (?:dalla|da) (?:vostra |questa )?lista)?",
        r"basta (?:messaggi|sms|pubblicita|spam)", r"lasciatemi (?:in pace|stare)", r"lasciami (?:in pace|stare)",
        r"(?:voglio )?(?:disiscrivermi|cancellarmi|disdire)",
    ),
}  # fmt: skip
