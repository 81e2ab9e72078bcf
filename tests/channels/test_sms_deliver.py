"""What SMSCs hand over: receipts in every form, customers' messages in one part or many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.channels.adapters.sms import deliver, pdu
from antiphon.channels.adapters.sms.deliver import Part, Reassembly, Report


def receipt(text="", *, esm_class=0x04, tlvs=()):
    return pdu.Message(short_message=text.encode("latin-1"), esm_class=esm_class, tlvs=tuple(tlvs))


def text_of(stat, err="000"):
    return f"id:42 sub:001 dlvrd:001 submit date:2611211200 done date:2611211201 stat:{stat} err:{err} text:hello"


@pytest.mark.parametrize(
    ("stat", "err", "kind", "failure", "code"),
    [
        ("DELIVRD", "000", "delivered", None, "DELIVRD"),
        ("UNDELIV", "001", "failed", "address", "UNDELIV:001"),
        ("UNDELIV", "027", "failed", "temporary", "UNDELIV:027"),
        ("UNDELIV", "000", "failed", "temporary", "UNDELIV"),
        ("UNDELIV", "0x1f", "failed", "temporary", "UNDELIV:0x1f"),
        ("EXPIRED", "000", "expired", "temporary", "EXPIRED"),
        ("REJECTD", "045", "failed", "policy", "REJECTD:045"),
        ("DELETED", "000", "failed", "policy", "DELETED"),
        ("ACCEPTD", "000", "accepted", None, "ACCEPTD"),
        ("ENROUTE", "000", "sent", None, "ENROUTE"),
        ("UNKNOWN", "000", "sent", None, "UNKNOWN"),
        ("FANCY", "000", "sent", None, "FANCY"),
    ],
)
def test_receipt_texts(stat, err, kind, failure, code):
    assert deliver.report(receipt(text_of(stat, err))) == Report("42", kind, failure, code)


def test_the_operators_own_error_codes_come_first():
    errors = {**deliver.ERRORS, "006": "address"}
    assert deliver.report(receipt(text_of("UNDELIV", "006")), errors=errors).failure == "address"


def test_optional_parameters_win_over_the_text():
    tlvs = [(pdu.TAG_RECEIPTED_MESSAGE_ID, b"77\0"), (pdu.TAG_MESSAGE_STATE, b"\x05"), (0x0423, b"\x03\x00\x01")]
    assert deliver.report(receipt("id:42 stat:DELIVRD", tlvs=tlvs)) == Report("77", "failed", "address", "UNDELIV:1")


def test_a_receipt_without_any_text_or_flag_is_known_by_its_parameters():
    tlvs = [(pdu.TAG_RECEIPTED_MESSAGE_ID, b"77"), (pdu.TAG_MESSAGE_STATE, b"\x02")]
    assert deliver.report(receipt(esm_class=0, tlvs=tlvs)) == Report("77", "delivered", None, "DELIVRD")


def test_an_intermediate_notice_is_never_final():
    assert deliver.report(receipt(text_of("UNDELIV", "001"), esm_class=0x20)).kind == "sent"


@pytest.mark.parametrize("text", ["", "hello", "id:42", "stat:DELIVRD"])
def test_an_unreadable_receipt_is_no_report_and_no_customers_message(text):
    message = receipt(text)
    assert deliver.report(message) is None
    assert deliver.is_receipt(message)


def test_a_customers_words_that_look_like_a_receipt_are_words():
    assert deliver.report(receipt(text_of("DELIVRD"), esm_class=0)) is None


@given(st.binary(max_size=254), st.integers(0, 255), st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=9))))
def test_any_octets_are_read_without_failing(octets, esm_class, tlvs):
    message = pdu.Message(source_addr="1", short_message=octets, esm_class=esm_class, tlvs=tuple(tlvs))
    deliver.report(message)
    found = deliver.part(message)
    assert 1 <= found.number <= found.total <= 255


@pytest.mark.parametrize(
    ("payload", "coding", "expected"),
    [
        (b"\x00\x1be\x02", 0x00, "@€$"),
        (b"caf\xe9", 0x00, "café"),  # Latin-1 under the name of the default alphabet
        (b"plain {~}", 0x01, "plain {~}"),
        (b"Gr~\x1ee \x1be \x00", 0x01, "Grüße € @"),  # GSM-7 under the name of IA5
        (b"Espa\xf1a", 0x03, "España"),
        ("Добрый 😀".encode("utf-16-be"), 0x08, "Добрый 😀"),
        (b"\x00\x41\x00", 0x08, "A�"),
        (b"HELLO", 0xF2, "HELLO"),
        ("я".encode("utf-16-be"), 0x18, "я"),
        (b"\xd8\xd2", 0x06, "ив"),
        (b"BEGIN:VCARD", 0x04, None),
        (b"\x01\x02", 0xF5, None),
    ],
)
def test_codings(payload, coding, expected):
    assert deliver.text(payload, coding=coding) == expected


@pytest.mark.parametrize(
    ("address", "ton", "expected"),
    [
        ("447911123456", 1, "+447911123456"),
        ("447911123456", 0, "+447911123456"),
        ("07911123456", 0, "07911123456"),
        ("12345", 0, "12345"),
        ("12345", 3, "12345"),
        ("12345", 1, "12345"),
        ("Brand", 5, "Brand"),
        ("", 0, ""),
    ],
)
def test_addresses(address, ton, expected):
    assert deliver.e164(address, ton) == expected


def joined(number, total, payload, *, wide=False):
    header = bytes((6, 8, 4, 1, 2, total, number)) if wide else bytes((5, 0, 3, 7, total, number))
    return pdu.Message(source_addr="447911123456", source_addr_ton=1, esm_class=0x40, short_message=header + payload)


@pytest.mark.parametrize(("wide", "reference"), [(False, 7), (True, 0x0102)])
def test_the_place_of_a_part_is_in_its_header(wide, reference):
    found = deliver.part(joined(2, 3, b"two", wide=wide))
    assert (found.reference, found.total, found.number, found.payload) == (reference, 3, 2, b"two")


def test_or_in_the_sar_parameters():
    tlvs = ((pdu.TAG_SAR_REF, b"\x00\x09"), (pdu.TAG_SAR_TOTAL, b"\x02"), (pdu.TAG_SAR_SEQUENCE, b"\x01"))
    found = deliver.part(pdu.Message(short_message=b"one", tlvs=tlvs))
    assert (found.reference, found.total, found.number, found.payload) == (9, 2, 1, b"one")


def test_a_long_message_may_come_as_payload():
    assert deliver.part(pdu.Message(tlvs=((pdu.TAG_PAYLOAD, b"x" * 500),))).payload == b"x" * 500


def piece(number, total=3, *, reference=1, sender="+1"):
    return Part(sender, "2", 0, str(number).encode(), reference, total, number)


@given(st.permutations([1, 2, 3]))
def test_parts_in_any_order_make_the_message(order):
    waiting = Reassembly[int](wait_s=10)
    *early, whole = [waiting.add(piece(number), number, now_s=0) for number in order]
    assert early == [None, None]
    assert [[token for _, token in copies] for copies in whole] == [[1], [2], [3]]


def test_a_repeated_part_keeps_every_open_answer():
    waiting = Reassembly[str](wait_s=10)
    assert waiting.add(piece(1, 2), "first", now_s=0) is None
    assert waiting.add(piece(1, 2), "again", now_s=1) is None
    whole = waiting.add(piece(2, 2), "second", now_s=2)
    assert [[token for _, token in copies] for copies in whole] == [["first", "again"], ["second"]]


def test_messages_of_two_senders_do_not_mix():
    waiting = Reassembly[None](wait_s=10)
    assert waiting.add(piece(1, 2, sender="+1"), None, now_s=0) is None
    assert waiting.add(piece(2, 2, sender="+3"), None, now_s=0) is None


def test_what_waited_too_long_comes_back_in_pieces_and_is_forgotten():
    waiting = Reassembly[int](wait_s=10)
    waiting.add(piece(3), 3, now_s=0)
    waiting.add(piece(1), 1, now_s=5)
    assert waiting.given_up(now_s=14) == []
    assert [token for _, token in waiting.given_up(now_s=15)] == [1, 3]
    assert waiting.given_up(now_s=99) == []
    assert waiting.add(piece(2), 2, now_s=100) is None


def test_too_many_waiting_parts_push_the_oldest_out():
    waiting = Reassembly[int](wait_s=10, parts_max=5)
    for reference in range(8):
        waiting.add(piece(1, reference=reference), reference, now_s=0)
    assert [token for _, token in waiting.given_up(now_s=0)] == [0, 1, 2]
