"""What comes back by mail: what machines write about our mails.

`read_report` reads bounces, delays, complaints, read receipts and answers of the absent; `is_automatic` tells whoever
answers mail to keep silent. Pure: no I/O, no state, bounded in time and memory whatever bytes come.
"""

from antiphon.channels.mail.automatic import is_automatic
from antiphon.channels.mail.records import Kind, Reason, Report, Reported
from antiphon.channels.mail.reports import read_report

__all__ = ["Kind", "Reason", "Report", "Reported", "is_automatic", "read_report"]
