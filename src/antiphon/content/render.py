"""From a message and a person's variables to the body that an adapter sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from antiphon.content import email_html, urls
from antiphon.content.email_html import Frame
from antiphon.content.links import Addressing, fill, fill_url
from antiphon.content.liquid import RenderError
from antiphon.content.message import (
    Block,
    Button,
    Divider,
    Email,
    Heading,
    Image,
    Message,
    Push,
    Sms,
    Text,
    form_of,
)
from antiphon.kernel.records import Channel, EmailBody, PushBody, SmsBody

SUBJECT_CHARS_MAX = 500
SMS_CHARS_MAX = 1_600
PUSH_TITLE_CHARS_MAX = 200
PUSH_BODY_CHARS_MAX = 500  # with its URLs a push stays below the 4,096 bytes of RFC 8030

Variables = Mapping[str, Any]


def render(
    message: Message,
    *,
    channel: Channel,
    locale: str = "",
    variant: str = "",
    variables: Variables,
    addressing: Addressing,
) -> EmailBody | SmsBody | PushBody:
    """Raises `RenderError` naming the field, `NoForm` when the message has none for the channel.

    `variables` is plain JSON; `now` in it is the product time that Liquid's `date` knows as "now".
    """
    written_in, form = form_of(message, channel, variant=variant, locale=locale)
    variables = {**addressing.variables(), **variables}
    if isinstance(form, Email):
        return _render_email(form, written_in, variables, addressing)
    if isinstance(form, Sms):
        return _render_sms(form, variables, addressing)
    return _render_push(form, variables, addressing)


def _render_email(form: Email, locale: str, variables: Variables, addressing: Addressing) -> EmailBody:
    blocks = _Blocks(variables, addressing)
    email = Email(
        subject=_one_line(fill(form.subject, variables, "email.subject"), SUBJECT_CHARS_MAX),
        preheader=_one_line(fill(form.preheader, variables, "email.preheader"), SUBJECT_CHARS_MAX),
        blocks=tuple(blocks.render(block, f"email.blocks[{n}]") for n, block in enumerate(form.blocks)),
    )
    frame = Frame(
        brand=addressing.brand,
        locale=locale,
        unsubscribe_url=addressing.unsubscribe_url(),
        preferences_url=addressing.preferences_url(),
        pixel_url=addressing.open_url(),
    )
    return EmailBody(
        sender=addressing.sender,
        sender_name=addressing.sender_name,
        subject=email.subject,
        html=email_html.to_html(email, frame),
        text=email_html.to_text(email, frame),
        reply_to=addressing.reply_to,
        unsubscribe_url=frame.unsubscribe_url,
        feedback_id=addressing.feedback_id,
    )


class _Blocks:
    """Renders blocks in order and numbers their links as `links.numbered` does."""

    def __init__(self, variables: Variables, addressing: Addressing) -> None:
        self._variables = variables
        self._addressing = addressing
        self._links = 0

    def render(self, block: Block, at: str) -> Block:
        variables = self._variables
        match block:
            case Heading():
                return Heading(_one_line(fill(block.text, variables, f"{at}.text")))
            case Text():
                return Text(fill(block.text, variables, f"{at}.text"))
            case Button():
                url = self._link(block.url, f"{at}.url", needed=True)
                return Button(_one_line(fill(block.label, variables, f"{at}.label")), url)
            case Image():
                return self._image(block, at)
            case Divider():
                return block

    def _image(self, block: Image, at: str) -> Image:
        return Image(
            src=fill_url(block.src, self._variables, f"{at}.src", needed=True),
            alt=_one_line(fill(block.alt, self._variables, f"{at}.alt")),
            url=self._link(block.url, f"{at}.url", needed=False) if block.url else "",
        )

    def _link(self, source: str, field: str, *, needed: bool) -> str:
        number = self._links
        self._links += 1
        return _tracked(fill_url(source, self._variables, field, needed=needed), number, self._addressing)


def _render_sms(form: Sms, variables: Variables, addressing: Addressing) -> SmsBody:
    text = fill(form.text, variables, "sms.text").strip()
    if addressing.track:
        text = _track_text(text, addressing)
    if len(text) > SMS_CHARS_MAX:
        raise RenderError(f"The SMS is {len(text)} characters long; at most {SMS_CHARS_MAX}.", field="sms.text")
    return SmsBody(text=text, sender=addressing.sender)


def _track_text(text: str, addressing: Addressing) -> str:
    parts, end = [], 0
    for number, (start, stop, url) in enumerate(urls.in_text(text)):
        parts += [text[end:start], _tracked(url, number, addressing)]
        end = stop
    return "".join([*parts, text[end:]])


def _render_push(form: Push, variables: Variables, addressing: Addressing) -> PushBody:
    url = fill_url(form.url, variables, "push.url", needed=False) if form.url else ""
    return PushBody(
        title=_one_line(fill(form.title, variables, "push.title"), PUSH_TITLE_CHARS_MAX),
        body=_cut(fill(form.body, variables, "push.body").strip(), PUSH_BODY_CHARS_MAX),
        url=_tracked(url, 0, addressing),
        shown_url=addressing.shown_url(),
    )


def _tracked(url: str, number: int, addressing: Addressing) -> str:
    return addressing.click_url(number) if url and addressing.track and not addressing.is_ours(url) else url


def _one_line(text: str, chars_max: int = SUBJECT_CHARS_MAX) -> str:
    """Header fields and headings have no line breaks: one in a name could begin another header."""
    return _cut(" ".join(text.split()), chars_max)


def _cut(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else f"{text[: chars_max - 1]}…"
