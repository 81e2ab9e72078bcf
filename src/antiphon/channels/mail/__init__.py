"""What comes in by mail: what machines write about our mails, and what people write to us.

`read_mail` says what a mail means: receipts of deliveries, or somebody's words, `cut` from quotes and signature.
`read_report` reads bounces, delays, complaints, read receipts and answers of the absent; `is_automatic` tells whoever
answers mail to keep silent. Pure: no I/O, no state, bounded in time and memory whatever bytes come.
"""

from antiphon.channels.mail.automatic import is_automatic
from antiphon.channels.mail.quotes import Cut, cut
from antiphon.channels.mail.reading import authentication, read_mail, recipients_in
from antiphon.channels.mail.records import Kind, Reason, Report, Reported
from antiphon.channels.mail.reports import read_report

__all__ = [
    "Cut",
    "Kind",
    "Reason",
    "Report",
    "Reported",
    "authentication",
    "cut",
    "is_automatic",
    "read_mail",
    "read_report",
    "recipients_in",
]
