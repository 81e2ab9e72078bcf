"""No mail, however made, costs more than a moment or raises."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.channels.mail import Report, read_report

HEAD = b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n"
STATUS = HEAD + (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    b"--b\nContent-Type: message/delivery-status\n\n"
)
MB5 = 5 * 1024 * 1024

HOSTILE = {
    "100,000 nested boundaries": HEAD
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(100_000)),
    "the same boundary within itself": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 100_000,
    "half a million parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 500_000,
    "a line of 5 MB": HEAD + b"\n" + b"a" * MB5,
    "a line of signs of an address": HEAD + b"\n" + b"a@" * (MB5 // 2),
    "a domain of 5 MB": HEAD + b"\nundeliverable to ann@" + b"a." * (MB5 // 2),
    "a header of 5 MB": b"Subject: " + b"x" * MB5,
    "a header of a million folds": HEAD + b"X:" + b"\n x" * 1_000_000 + b"\n\n",
    "a million headers": b"A: b\n" * 1_000_000,
    "tags that never close": HEAD + b"Content-Type: text/html\n\n" + b"<" * MB5,
    "styles that never close": HEAD + b"Content-Type: text/html\n\n" + b"<style" * (MB5 // 6),
    "only line ends": b"\n" * MB5,
    "only returns": b"\r" * MB5,
    "many addresses": HEAD + b"\nFailed\n" + b"".join(b"<a%d@b.example>: 550 unknown\n" % n for n in range(150_000)),
    "many recipients": STATUS
    + b"".join(b"Final-Recipient: rfc822; a%d@b.example\nAction: failed\n\n" % n for n in range(100_000)),
    "many recipients in one block": STATUS
    + b"".join(b"Final-Recipient: rfc822; a%d@b.example\nAction: failed\n" % n for n in range(100_000)),
    "encoded words without end": b"From: postmaster@mx.example\nSubject: "
    + b"=?utf-8?b?YQ==?=" * 4_000
    + b"\n\nfailed\n",
    "brackets of JSON": HEAD + b'\n{"a":' + b"[" * 100_000,
    "a slow charset": HEAD + b"Content-Type: text/plain; charset=punycode\n\n" + b"a-b" * (MB5 // 3),
    "codes and codes": HEAD + b"\n" + b"550 5.1.1 " * (MB5 // 10),
    "noise": random.Random(1).randbytes(MB5),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_is_done_with_in_a_moment(name):
    started = time.process_time()
    report = read_report(HOSTILE[name])
    assert time.process_time() - started < 2
    assert report is None or len(report.recipients) <= 200


def test_what_is_kept_of_a_diagnosis_is_bounded():
    raw = STATUS + b"Final-Recipient: rfc822; a@b.example\nAction: failed\nDiagnostic-Code: smtp; " + b"word " * 5_000
    (one,) = read_report(raw).recipients
    assert 0 < len(one.diagnostic) <= 500


FRAGMENTS = st.sampled_from(
    [
        b"\n",
        b"\n\n",
        b"\r\n",
        b"--b",
        b"--b--",
        b"Content-Type: multipart/report; boundary=b",
        b"Content-Type: message/delivery-status",
        b"Content-Type: message/feedback-report",
        b"Content-Type: message/rfc822",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Final-Recipient: rfc822; a@b.example",
        b"Original-Recipient: utf-8; \\x{D800}@b.example",
        b"Action: failed",
        b"Status: 5.1.1",
        b"Feedback-Type: abuse",
        b"From: MAILER-DAEMON",
        b"Subject: =?utf-8?B?/w==?= undeliverable",
        b"Subject: =?x?Q?=ZZ?=",
        b"<a@b.example>: 550",
        b"{",
        b'{"notificationType":"Bounce","bounce":[1]}',
        b"charset=\xff",
        b"\xff\xfe\x00",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(FRAGMENTS | st.binary(max_size=12), max_size=40).map(b"".join))
def test_no_bytes_raise(raw):
    report = read_report(raw)
    assert report is None or isinstance(report, Report)
