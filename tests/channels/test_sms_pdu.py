"""The SMPP codec against PDUs captured and written by others, and against itself."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from antiphon.channels.adapters.sms import deliver, pdu

VECTORS = Path(__file__).parents[2] / "../shared/data/conformance/smpp_pdus.json"
COMMANDS = {
    "bind_receiver": pdu.BIND_RECEIVER,
    "bind_transmitter": pdu.BIND_TRANSMITTER,
    "bind_transceiver": pdu.BIND_TRANSCEIVER,
    "submit_sm": pdu.SUBMIT_SM,
    "deliver_sm": pdu.DELIVER_SM,
    "enquire_link": pdu.ENQUIRE_LINK,
}
COMMANDS |= {f"{name}_resp": command | pdu.RESPONSE for name, command in COMMANDS.items()}
FAULTS = {"ESME_RINVCMDLEN": pdu.RINVCMDLEN, "ESME_RINVMSGLEN": pdu.RINVMSGLEN}


def vectors(kind):
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no shared data: {VECTORS.name}"))]
    found = json.loads(VECTORS.read_text())[kind]
    assert found
    return [pytest.param(vector, id=f"{number}-{vector['hex'][8:16]}") for number, vector in enumerate(found)]


@pytest.mark.parametrize("vector", vectors("pdus"))
def test_decodes_as_others_do_and_writes_the_same_octets(vector):
    octets, expected = bytes.fromhex(vector["hex"]), vector["decoded"]
    found = pdu.decode(octets)
    assert found.command == COMMANDS[expected["command"]]
    assert (found.status, found.sequence) == (expected["command_status"], expected["sequence_number"])
    fields = {name: value for name, value in expected.get("body", {}).items() if name not in ("tlvs", "sm_length")}
    if "short_message_hex" in fields:
        fields["short_message"] = bytes.fromhex(fields.pop("short_message_hex"))
    assert {name: getattr(found.body, name) for name in fields} == fields
    tlvs = [(int(tlv["tag"], 16), bytes.fromhex(tlv["value_hex"])) for tlv in expected.get("body", {}).get("tlvs", [])]
    assert list(getattr(found.body, "tlvs", ())) == tlvs
    assert pdu.encode(found) == octets


@pytest.mark.parametrize("vector", vectors("pdus"))
def test_reads_the_receipts_in_them(vector):
    message = pdu.decode(bytes.fromhex(vector["hex"])).body
    expected = vector["decoded"].get("receipt")
    if not isinstance(message, pdu.Message):
        assert expected is None
        return
    found = deliver.report(message)
    assert (found is None) == (expected is None)
    if found is not None:
        assert found.message_id == expected["id"]
        assert (found.kind, found.code) == ("delivered", expected["stat"])


@pytest.mark.parametrize("vector", vectors("malformed"))
def test_malformed_octets_are_refused_with_the_fault_that_smpp_names(vector):
    with pytest.raises(pdu.Malformed) as caught:
        pdu.decode(bytes.fromhex(vector["hex"]))
    assert caught.value.status == FAULTS[vector["expected_error"]]


addresses = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
messages = st.builds(
    pdu.Message,
    source_addr=addresses,
    destination_addr=addresses,
    short_message=st.binary(max_size=254),
    esm_class=st.integers(0, 255),
    data_coding=st.integers(0, 255),
    tlvs=st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=300)), max_size=4).map(tuple),
)


@given(messages, st.integers(1, 0x7FFFFFFF))
def test_what_is_written_is_read_again(body, sequence):
    written = pdu.Pdu(command=pdu.SUBMIT_SM, sequence=sequence, body=body)
    assert pdu.decode(pdu.encode(written)) == written


@given(messages)
def test_another_codec_reads_the_same(body):
    theirs = smpp34.decode(pdu.encode(pdu.Pdu(command=pdu.DELIVER_SM, sequence=1, body=body)))
    assert isinstance(theirs, smpp34.DeliverSm)
    assert theirs.short_message == body.short_message
    assert (theirs.esm_class, theirs.data_coding) == (body.esm_class, body.data_coding)
    assert [(tlv.tag, tlv.value) for tlv in theirs.tlvs] == list(body.tlvs)


@given(st.binary(max_size=254), st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=99)), max_size=3))
def test_we_read_what_another_codec_wrote(text, tlvs):
    theirs = smpp34.SubmitSm(
        "Shop", "447911123456", text, data_coding=8, esm_class=64, registered_delivery=1, sequence_number=9,
        tlvs=[smpp34.Tlv(tag, value) for tag, value in tlvs],
    )  # fmt: skip
    ours = pdu.decode(theirs.encode())
    assert (ours.command, ours.sequence) == (pdu.SUBMIT_SM, 9)
    assert (ours.body.source_addr, ours.body.destination_addr) == ("Shop", "447911123456")
    assert (ours.body.short_message, ours.body.data_coding, ours.body.esm_class) == (text, 8, 64)
    assert list(ours.body.tlvs) == tlvs


@given(messages, st.integers(0, 400), st.binary(max_size=6))
def test_damaged_octets_are_refused_or_read_but_never_crash(body, at, noise):
    octets = bytearray(pdu.encode(pdu.Pdu(command=pdu.DELIVER_SM, sequence=1, body=body)))
    octets[min(at, len(octets)) :] = noise
    with suppress(pdu.Malformed):  # any other error fails the test
        pdu.decode(bytes(octets))


@given(st.lists(messages, max_size=4), st.integers(1, 60))
def test_a_stream_in_any_pieces_gives_the_same_pdus(bodies, step):
    written = [pdu.Pdu(command=pdu.DELIVER_SM, sequence=n, body=body) for n, body in enumerate(bodies, 1)]
    stream = b"".join(map(pdu.encode, written))
    buffer, found = bytearray(), []
    for start in range(0, len(stream), step):
        buffer += stream[start : start + step]
        found += [pdu.decode(frame) for frame in pdu.frames(buffer)]
    assert found == written
    assert not buffer


@pytest.mark.parametrize("length", [0, 15, 70_001, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_stream(length):
    buffer = bytearray(length.to_bytes(4, "big") + bytes(12))
    with pytest.raises(pdu.Malformed):
        list(pdu.frames(buffer))


@pytest.mark.parametrize(
    "body",
    [
        pdu.Message(short_message=b"x" * 255),
        pdu.Message(source_addr="1" * 21),
        pdu.Message(destination_addr="1\x002"),
        pdu.Bind(system_id="x", password="123456789"),
    ],
)
def test_what_does_not_fit_is_not_written(body):
    with pytest.raises(ValueError, match="at most"):
        pdu.encode(pdu.Pdu(command=pdu.SUBMIT_SM, sequence=1, body=body))
