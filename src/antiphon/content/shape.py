"""What a message is made of, described for whoever draws forms for it: kinds of blocks, forms of channels, limits."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.content import liquid, parsing, urls
from antiphon.content.email_made import SUBJECT_CHARS_MAX
from antiphon.content.lint import emails, texts
from antiphon.content.render import PUSH_BODY_CHARS_MAX, PUSH_TITLE_CHARS_MAX, SMS_CHARS_MAX
from antiphon.kernel import gsm7
from antiphon.kernel.records import Channel

FieldType = Literal["line", "text", "url", "image", "mjml", "blocks"]


class Field(Struct, frozen=True):
    """`type`: `line` is one line, `text` several, `image` the address of a picture. `chars_shown`: about what is seen;
    `chars_max`: what is beyond is cut, or of a URL and an SMS refused. `may_be_empty`: it must be there, but may say
    nothing. All but `blocks` is Liquid. `instead_of`: only one of the two may be there."""

    name: str
    type: FieldType
    help: str
    needed: bool = False
    may_be_empty: bool = False
    chars_shown: int | None = None
    chars_max: int | None = None
    instead_of: str | None = None


class BlockKind(Struct, frozen=True):
    kind: str
    channels: list[str]
    help: str
    fields: list[Field]


class ChannelForm(Struct, frozen=True):
    channel: str
    help: str
    fields: list[Field]


class SmsLimits(Struct, frozen=True):
    """`single`: what one part holds alone; `joined`: each of several. In septets of GSM-7, in UTF-16 units of UCS-2.
    A character of `gsm7_extension` takes two septets; one that is in neither alphabet makes it UCS-2."""

    chars_max: int
    gsm7_single: int
    gsm7_joined: int
    ucs2_single: int
    ucs2_joined: int
    gsm7_alphabet: str
    gsm7_extension: str


class PushLimits(Struct, frozen=True):
    """`payload_bytes_max`: of the whole, encrypted (RFC 8030)."""

    title_chars_shown: int
    title_chars_max: int
    body_chars_shown: int
    body_chars_max: int
    payload_bytes_max: int


class EmailLimits(Struct, frozen=True):
    """`html_bytes_max`: what Gmail shows; what comes after is cut, the way out among it."""

    html_bytes_max: int
    subject_chars_shown: int
    subject_chars_max: int
    blocks_max: int


class MessageLimits(Struct, frozen=True):
    name_chars_max: int
    locales_max: int
    variants_max: int
    template_bytes_max: int


class Limits(Struct, frozen=True):
    message: MessageLimits
    email: EmailLimits
    sms: SmsLimits
    push: PushLimits


_URL = urls.URL_CHARS_MAX

BLOCKS = [
    BlockKind(
        "heading",
        ["email"],
        "A line that says what follows. The first one is the largest.",
        [Field("text", "line", "One line.", needed=True)],
    ),
    BlockKind(
        "text",
        ["email"],
        "Paragraphs; an empty line starts the next.",
        [Field("text", "text", "What you have to say.", needed=True)],
    ),
    BlockKind(
        "button",
        ["email"],
        "The one thing to do.",
        [
            Field("label", "line", "What happens: a verb.", needed=True),
            Field("url", "url", "Where it leads.", needed=True, chars_max=_URL),
        ],
    ),
    BlockKind(
        "image",
        ["email"],
        "A picture as wide as the text.",
        [
            Field("src", "image", "Where the picture lies, such as https://shop.example/a.png.", True, chars_max=_URL),
            Field("alt", "line", "What is in it, for who does not see it.", needed=True, may_be_empty=True),
            Field("url", "url", "Where a tap on it leads.", chars_max=_URL),
        ],
    ),
    BlockKind("divider", ["email"], "A thin line between two matters.", []),
    BlockKind(
        "mjml",
        ["email"],
        "A piece of MJML: sections, wrappers, heroes.",
        [Field("source", "mjml", "Its source.", needed=True)],
    ),
]

FORMS = [
    ChannelForm(
        Channel.EMAIL,
        "Footer, unsubscribe link and postal address are put in for you.",
        [
            Field(
                "subject", "line", "What the inbox shows first.", True, False, texts.SUBJECT_CHARS, SUBJECT_CHARS_MAX
            ),
            Field("preheader", "line", "What the inbox shows behind it.", chars_max=SUBJECT_CHARS_MAX),
            Field("blocks", "blocks", "What it says, from top to bottom.", needed=True),
            Field("mjml", "mjml", "The whole e-mail in MJML.", needed=True, instead_of="blocks"),
            Field("text", "text", "What is shown where HTML is not; made from the HTML unless you write it."),
        ],
    ),
    ChannelForm(
        Channel.SMS,
        "Say who you are and how to stop: Reply STOP.",
        [Field("text", "text", "What it says.", needed=True, chars_max=SMS_CHARS_MAX)],
    ),
    ChannelForm(
        Channel.PUSH,
        "What a locked phone shows.",
        [
            Field("title", "line", "In bold.", True, False, texts.TITLE_CHARS, PUSH_TITLE_CHARS_MAX),
            Field("body", "text", "Below it.", False, False, texts.BODY_CHARS, PUSH_BODY_CHARS_MAX),
            Field("url", "url", "Where a tap leads.", chars_max=_URL),
        ],
    ),
]

LIMITS = Limits(
    message=MessageLimits(
        name_chars_max=parsing.NAME_CHARS_MAX,
        locales_max=parsing.LOCALES_MAX,
        variants_max=parsing.VARIANTS_MAX,
        template_bytes_max=liquid.SOURCE_BYTES_MAX,
    ),
    email=EmailLimits(emails.GMAIL_BYTES_MAX, texts.SUBJECT_CHARS, SUBJECT_CHARS_MAX, parsing.BLOCKS_MAX),
    sms=SmsLimits(
        chars_max=SMS_CHARS_MAX,
        gsm7_single=gsm7.SINGLE_SEPTETS,
        gsm7_joined=gsm7.JOINED_SEPTETS,
        ucs2_single=gsm7.SINGLE_OCTETS // 2,
        ucs2_joined=gsm7.JOINED_OCTETS // 2,
        gsm7_alphabet=gsm7.BASIC.replace("\x1b", ""),
        gsm7_extension="".join(gsm7.EXTENSION),
    ),
    push=PushLimits(
        title_chars_shown=texts.TITLE_CHARS,
        title_chars_max=PUSH_TITLE_CHARS_MAX,
        body_chars_shown=texts.BODY_CHARS,
        body_chars_max=PUSH_BODY_CHARS_MAX,
        payload_bytes_max=4_096,
    ),
)
