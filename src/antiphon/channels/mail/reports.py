"""`read_report`: what a mail says about one of ours, if it does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from antiphon.channels.mail import addresses, feedback, notices, parts, statuses
from antiphon.channels.mail.automatic import is_answer, is_away, is_mailer, is_passed_on, speaks_of_absence
from antiphon.channels.mail.reasons import Evidence, judge
from antiphon.channels.mail.records import Report, Reported
from antiphon.channels.mail.wordings import speaks

RAW_BYTES_MAX: Final = 12 * 1024 * 1024

# Amazon's servers that receive for others answer what their customer wrote into a rule ("Mailbox does not exist").
_BY_RULE = re.compile(r"inbound-smtp\.[\w-]+\.amazonaws\.com")
_SMTP = re.compile(r"\b[45]\d\d[ -](?:[45]\.\d|#|<|[A-Za-z])|\b[45]\.\d\.\d{1,3}\b|\bSMTP\b|RCPT TO")


def read_report(raw: bytes) -> Report | None:
    """None: no report. Raises on nothing; reads the first 12 MB, and of each part what `parts` allows."""
    mail = parts.take_apart(raw[:RAW_BYTES_MAX])
    returned = _returned_part(mail)
    report = _by_standard(mail, returned) or _by_wording(mail, returned)
    return _named(report, mail, returned) if report else None


def _by_standard(mail: parts.Mail, returned: parts.Headers) -> Report | None:
    for part in mail.leaves:
        if feedback.is_feedback(part):
            return feedback.read_feedback(part, returned)
    written = [part.text() for part in mail.leaves if statuses.is_status(part)]
    if not written:
        text = _letter(mail)
        written = [statuses.in_text(text)] if _is_failure(mail, text) else []
    for text in written:
        status = statuses.read_status(text)
        if status.deliveries:
            return Report(tuple(_deliveries(mail, status)), envelope_id=status.envelope_id)
    for part in mail.leaves:
        if part.kind in ("message/disposition-notification", "message/global-disposition-notification"):
            return _disposition(mail, part)
    return None


def _deliveries(mail: parts.Mail, status: statuses.Status) -> list[Reported]:
    """Each recipient once; the letter beside the report helps where the report says little."""
    known = [delivery.address for delivery in status.deliveries if delivery.address]
    letter = notices.read_notice(_letter(mail), known)
    found: dict[str, Reported] = {}
    for delivery in status.deliveries:
        if delivery.kind == "delivered":
            one = feedback.delivered(delivery.address, status=delivery.status, diagnostic=delivery.diagnostic)
        else:
            beside = letter.said.get(delivery.address) or ((letter.text,) if len(status.deliveries) == 1 else ())
            texts = (delivery.diagnostic, *beside)
            evidence = Evidence(texts, delivery.status, told=True, by_rule=bool(_BY_RULE.match(status.reporter)))
            address = delivery.address or (_by_letter(mail, letter.text) if len(status.deliveries) == 1 else "")
            one = judge(address, evidence, delayed=delivery.kind == "delayed")
        found.setdefault(one.recipient, one)
    return list(found.values())


def _by_letter(mail: parts.Mail, text: str) -> str:
    """The one address that a letter names, where its report names none that is one."""
    if "..." in text and not addresses.all_in(text):
        return ""
    return next(iter(notices.read_notice(text, ours=_ours(mail)).said), "")


def _disposition(mail: parts.Mail, part: parts.Part) -> Report | None:
    """RFC 8098. `deleted` by a machine with words of refusal is how a person's own filter rejects (RFC 5429 2.1)."""
    names = parts.fields(part.text().replace("\n\n", "\n"))
    what = names.first("disposition").lower().partition(";")[2]
    who = addresses.of_orcpt(names.first("original-recipient")) or addresses.in_field(names.first("final-recipient"))
    text = _letter(mail)
    if "displayed" not in what and _is_failure(mail, text) and "automatically rejected" in text:
        return Report(_wording(mail, text, parts.Headers(), known=[who] if who else []))
    who = who or _sender(mail)
    if "displayed" in what:
        return Report((Reported(who, "opened", "opened", hard=False, failure=None),))
    if "deleted" in what:
        return Report((Reported(who, "auto_reply", "deleted_unread", hard=False, failure=None),))
    return Report((Reported(who, "delivered", "delivered", hard=False, failure=None),))


def _by_wording(mail: parts.Mail, returned: parts.Headers) -> Report | None:
    hotmail = feedback.of_hotmail(mail, returned) if _is_from_provider(mail) else None
    text = _letter(mail)
    if hotmail or (text.lstrip()[:1] == "{" and (hotmail := feedback.of_amazon(text))):
        return hotmail
    subject = parts.words(mail.headers.first("subject"))
    if is_passed_on(subject):
        return _answer(mail, text) if is_answer(_flat(mail)) else None
    if is_away(subject) and not is_mailer(mail.headers.first("from")):
        return _answer(mail, text)
    if _is_failure(mail, text):
        known = [one for value in mail.headers.get("x-failed-recipients", ()) for one in addresses.all_in(value)]
        return Report(_wording(mail, text, returned, known=known))
    if is_answer(_flat(mail)) or (_is_silent(mail) and speaks_of_absence(text)):
        return _answer(mail, text)
    return None


def _is_failure(mail: parts.Mail, text: str) -> bool:
    """A mail system wrote it and its subject or its words say so; or all but the sender speak for it, and SMTP is
    spoken. Never what a person passes on, nor a shop whose parcel could not be delivered."""
    sender = parts.words(mail.headers.first("from"))
    subject = parts.words(mail.headers.first("subject"))
    if is_passed_on(subject) and not is_mailer(sender):
        return False
    if "x-failed-recipients" in mail.headers:
        return True
    by_subject, by_words = speaks("failure_subject", subject[:300]), speaks("failure_text", text)
    if is_mailer(sender) or _has_null_path(mail) or "x-mlserver" in mail.headers:
        return by_subject or by_words
    if "report-type=delivery-status" in mail.headers.first("content-type").lower().replace('"', ""):
        return True
    if "in-reply-to" in mail.headers and not _is_to_envelope(mail):
        return False
    return by_subject and by_words and bool(_is_to_envelope(mail) or _SMTP.search(text))


def _wording(
    mail: parts.Mail, text: str, returned: parts.Headers, *, known: Sequence[str] = ()
) -> tuple[Reported, ...]:
    subject = parts.words(mail.headers.first("subject"))
    notice = notices.read_notice(text, known, _ours(mail))
    said = notice.said
    to = [] if notices.is_of_list(returned) else addresses.all_in(parts.words(returned.first("to"))[:2_000])
    if not said and to:
        said = {to[0]: (notice.text,)}
    delayed = speaks("delay", notice.text)
    if not said:
        return (judge("", Evidence((notice.text, subject)), delayed=delayed),)
    return tuple(judge(address, Evidence((*words, subject)), delayed=delayed) for address, words in said.items())


def _answer(mail: parts.Mail, text: str) -> Report:
    diagnostic = parts.words(mail.headers.first("subject"))[:200]
    return Report((Reported(_sender(mail), "auto_reply", "vacation", hard=False, failure=None, diagnostic=diagnostic),))


def _named(report: Report, mail: parts.Mail, returned: parts.Headers) -> Report:
    """With what names our mail: from the headers that came back, or from the address the report was sent to."""
    if not returned:
        returned = notices.read_notice(_letter(mail)).returned
    to = [mail.headers.first(name) for name in ("x-original-to", "delivered-to", "envelope-to", "to")]
    fields = [part.text()[:4_000] for part in mail.leaves if feedback.is_feedback(part) or statuses.is_status(part)]
    token = returned.first("x-antiphon-delivery") or addresses.token_in(returned.first("return-path"), *fields, *to)
    token = token if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", token) else ""
    message_id = report.message_id or returned.first("message-id")
    return replace(report, message_id=message_id[:500], token=token, envelope_id=report.envelope_id[:200])


def _returned_part(mail: parts.Mail) -> parts.Headers:
    for part in mail.leaves:
        if part.kind in parts.RETURNED:
            return part.enclosed()[0]
        if part.kind in parts.RETURNED_HEADERS:
            return parts.fields(part.text().lstrip("\n").partition("\n\n")[0])
    return parts.Headers()


def _letter(mail: parts.Mail) -> str:
    """What is written for people: the texts before our own mail, those in HTML where there is nothing else."""
    plain: list[str] = []
    marked_up: list[str] = []
    for part in mail.leaves:
        if part.kind in parts.RETURNED or part.kind in parts.RETURNED_HEADERS:
            break
        if part.kind == "text/html":
            marked_up.append(part.text())
        elif part.kind.startswith("text/") or "/" not in part.kind:
            plain.append(part.text())
    written = "\n".join(plain)
    return written if written.strip() else "\n".join(marked_up)


def _ours(mail: parts.Mail) -> list[str]:
    values = [mail.headers.first(name) for name in ("to", "delivered-to", "return-path", "from")]
    return [address for value in values for address in addresses.all_in(value[:500])]


def _sender(mail: parts.Mail) -> str:
    return next(iter(addresses.all_in(mail.headers.first("from")[:1_000])), "")


def _flat(mail: parts.Mail) -> dict[str, str]:
    return {name: values[0] for name, values in mail.headers.items()}


def _has_null_path(mail: parts.Mail) -> bool:
    return mail.headers.first("return-path").replace(" ", "") == "<>"


def _is_to_envelope(mail: parts.Mail) -> bool:
    """It came to the address that only envelopes of ours bear: `bounce+<token>@`."""
    return bool(addresses.token_in(*(mail.headers.first(name) for name in ("to", "delivered-to", "x-original-to"))))


def _is_silent(mail: parts.Mail) -> bool:
    """No person answers to where it was sent, or asks for silence (RFC 3834 4)."""
    return _has_null_path(mail) or _is_to_envelope(mail) or "x-auto-response-suppress" in mail.headers


def _is_from_provider(mail: parts.Mail) -> bool:
    sender, subject = mail.headers.first("from").lower(), mail.headers.first("subject").lower()
    return "staff@hotmail.com" in sender or "complaint" in subject
