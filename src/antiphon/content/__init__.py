"""What is said: messages in all their channel forms, locales and variants, and their rendering.

A message is written once (`parse` refuses a bad one with every flaw and its place) and rendered for each person:
`render` gives the body an adapter sends, `targets` the links in it. Templates are Liquid, need not be trusted: loops,
sizes and time are bounded, no attribute of an object is read, and what a variable holds is escaped in HTML.
MJML is compiled once for all. `lint` says what mail clients would lose, `preview` shows it as somebody gets it.
Links, the open pixel, the footer and the unsubscribe link are put in by the renderer, never by the author.
"""

from antiphon.content.brands import brand_of
from antiphon.content.editing import create
from antiphon.content.email_html import Brand
from antiphon.content.links import CLICK, CONFIRM, OPEN, PREFERENCES, SHOWN, UNSUBSCRIBE, Addressing, target, targets
from antiphon.content.lint import Finding, lint
from antiphon.content.liquid import RenderError, TemplateError
from antiphon.content.message import (
    BetterThan,
    Eligible,
    Forms,
    Message,
    NoForm,
    channels_of,
    decode,
    encode,
    form_of,
    forms,
)
from antiphon.content.parsing import parse
from antiphon.content.preview import Preview, preview, variables_for
from antiphon.content.render import render
from antiphon.content.showing import EmailShown, PushShown, Sample, Shown, SmsShown, Wanted, show, variables_as
from antiphon.content.store import Archived, Stored, Unpublished, find, list_all, look_up, versions
from antiphon.content.store_trying import forget_trials, note_trial
from antiphon.content.trying import keep_trial, only_read

__all__ = [
    "CLICK",
    "CONFIRM",
    "OPEN",
    "PREFERENCES",
    "SHOWN",
    "UNSUBSCRIBE",
    "Addressing",
    "Archived",
    "BetterThan",
    "Brand",
    "Eligible",
    "EmailShown",
    "Finding",
    "Forms",
    "Message",
    "NoForm",
    "Preview",
    "PushShown",
    "RenderError",
    "Sample",
    "Shown",
    "SmsShown",
    "Stored",
    "TemplateError",
    "Unpublished",
    "Wanted",
    "brand_of",
    "channels_of",
    "create",
    "decode",
    "encode",
    "find",
    "forget_trials",
    "form_of",
    "forms",
    "keep_trial",
    "lint",
    "list_all",
    "look_up",
    "note_trial",
    "only_read",
    "parse",
    "preview",
    "render",
    "show",
    "target",
    "targets",
    "variables_as",
    "variables_for",
    "versions",
]
