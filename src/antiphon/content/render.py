"""From a message and a person's variables to the body that an adapter sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from antiphon.content import urls
from antiphon.content.email_html import Frame
from antiphon.content.email_made import SUBJECT_CHARS_MAX, Made, cut, fragments_head, one_line
from antiphon.content.links import Addressing, fill, fill_url
from antiphon.content.liquid import RenderError
from antiphon.content.message import Email, Message, Push, Sms, form_of
from antiphon.kernel.records import Channel, EmailBody, PushBody, SmsBody
from antiphon.kernel.said import worded

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
    ours = addressing.variables()
    variables = {**ours, **variables}
    if isinstance(form, Email):
        return _render_email(form, written_in, variables, addressing, ours)
    if isinstance(form, Sms):
        return _render_sms(form, variables, addressing)
    return _render_push(form, variables, addressing)


def _render_email(
    form: Email, locale: str, variables: Variables, addressing: Addressing, ours: Mapping[str, str]
) -> EmailBody:
    subject = one_line(fill(form.subject, variables, "email.subject"), SUBJECT_CHARS_MAX)
    preheader = one_line(fill(form.preheader, variables, "email.preheader"), SUBJECT_CHARS_MAX)
    frame = Frame(
        brand=addressing.brand,
        locale=locale,
        unsubscribe_url=ours["unsubscribe_url"],
        preferences_url=ours["preferences_url"],
        pixel_url=addressing.open_url(),
        head=fragments_head(form),
    )
    made = Made(form, variables, addressing, frame)
    html, text = made.page(subject, preheader) if form.mjml else made.blocks(subject, preheader)
    if form.text:
        text = made.written(fill(form.text, variables, "email.text"))
    return EmailBody(
        sender=addressing.sender,
        sender_name=addressing.sender_name,
        subject=subject,
        html=html,
        text=text,
        reply_to=addressing.reply_to,
        unsubscribe_url=frame.unsubscribe_url,
        feedback_id=addressing.feedback_id,
        automatic=addressing.automatic,
    )


def _render_sms(form: Sms, variables: Variables, addressing: Addressing) -> SmsBody:
    text = fill(form.text, variables, "sms.text").strip()
    if addressing.track:
        text = _track_text(text, addressing)
    if len(text) > SMS_CHARS_MAX:
        raise RenderError(
            worded("The SMS is {n} characters long; at most {most}.", n=len(text), most=SMS_CHARS_MAX), field="sms.text"
        )
    return SmsBody(text=text, sender=addressing.sender)


def _track_text(text: str, addressing: Addressing) -> str:
    parts, end = [], 0
    for number, (start, stop, url) in enumerate(urls.in_text(text)):
        parts += [text[end:start], addressing.tracked(url, number)]
        end = stop
    return "".join([*parts, text[end:]])


def _render_push(form: Push, variables: Variables, addressing: Addressing) -> PushBody:
    url = fill_url(form.url, variables, "push.url", needed=False) if form.url else ""
    return PushBody(
        title=one_line(fill(form.title, variables, "push.title"), PUSH_TITLE_CHARS_MAX),
        body=cut(fill(form.body, variables, "push.body").strip(), PUSH_BODY_CHARS_MAX),
        url=addressing.tracked(url, 0),
        shown_url=addressing.shown_url(),
    )
