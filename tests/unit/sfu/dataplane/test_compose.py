"""The bytes of an outgoing packet."""

from typing import Any

import pytest

from relay.sfu.dataplane.compose import recompose
from relay.sfu.ports import CodecFamily, Extension
from tests.support.packets import Rtp, read_rtp, read_vp8, rtp, vp8

FROM_KIOSK = {
    1: Extension.AUDIO_LEVEL,
    2: Extension.VIDEO_ORIENTATION,
    3: Extension.ABS_CAPTURE_TIME,
    4: Extension.MID,
    5: Extension.TRANSPORT_CC,
    6: Extension.PLAYOUT_DELAY,
}


def sent(packet: bytes, **arguments: Any) -> Rtp:
    composed = recompose(packet, **({"kinds": FROM_KIOSK, "ids": {}} | arguments))
    assert composed is not None
    return read_rtp(composed)


def test_the_header_gets_the_slots_numbers() -> None:
    packet = rtp(1, 2, ssrc=3, payload_type=4, marker=True, payload=b"frame", contributors=[8, 9])
    out = sent(packet, ssrc=30, timestamp=20, sequence=10, payload_type=40)
    assert out == Rtp(40, 10, 20, 30, True, b"frame", {}, (8, 9))


def test_elements_that_describe_the_media_go_on_under_the_receivers_ids() -> None:
    packet = rtp(1, extensions={1: b"\x7f", 2: b"\x01", 3: b"captured", 4: b"mid", 5: b"\x00\x01", 6: b"abc", 9: b"?"})
    out = sent(
        packet,
        ids={Extension.AUDIO_LEVEL: 11, Extension.ABS_CAPTURE_TIME: 12, Extension.MID: 13},
    )
    assert out.extensions == {11: b"\x7f", 12: b"captured"}
    assert out.payload == b"payload"


@pytest.mark.parametrize("level_id", [3, 20])
@pytest.mark.parametrize("extensions", [{}, {1: b"\x7f", 5: b"\x00\x01"}])
def test_what_belongs_to_this_hop_is_written_anew(extensions: dict[int, bytes], level_id: int) -> None:
    ids = {Extension.TRANSPORT_CC: 4, Extension.ABS_SEND_TIME: 2, Extension.AUDIO_LEVEL: level_id}
    out = sent(rtp(1, extensions=extensions), ids=ids, stamps=(0xBEEF, 0x123456))
    stamps = {4: b"\xbe\xef", 2: b"\x12\x34\x56"}
    assert out.extensions == stamps | ({level_id: b"\x7f"} if extensions else {})
    assert out.payload == b"payload"


@pytest.mark.parametrize("two_byte", [False, True])
@pytest.mark.parametrize("wire_id", [14, 15, 200])
def test_both_forms_of_the_extension_are_read_and_the_shorter_written(two_byte: bool, wire_id: int) -> None:
    packet = rtp(1, extensions={1: b"\x7f", 3: b"captured"}, two_byte=two_byte)
    composed = recompose(packet, kinds=FROM_KIOSK, ids={Extension.AUDIO_LEVEL: 1, Extension.ABS_CAPTURE_TIME: wire_id})
    assert composed is not None
    assert read_rtp(composed).extensions == {1: b"\x7f", wire_id: b"captured"}
    assert (composed[12:14] == b"\xbe\xde") is (wire_id <= 14)


def test_an_empty_element_takes_the_two_byte_form() -> None:
    packet = rtp(1, extensions={1: b"", 2: b"\x01"}, two_byte=True)
    assert sent(packet, ids={Extension.AUDIO_LEVEL: 1, Extension.VIDEO_ORIENTATION: 2}).extensions == {
        1: b"",
        2: b"\x01",
    }


@pytest.mark.parametrize(
    "block",
    [
        b"\xbe\xde\x00\x01\x1f\x00\x00\x00",  # one byte form: sixteen bytes said, three there
        b"\x10\x00\x00\x01\x01\x09\x00\x00",  # two byte form: nine said, two there
        b"\x10\x00\x00\x01\x00\x00\x00\x01",  # an id without length
        b"\xbe\xde\x00\x01\xf0\x10\x7f\x00",  # id 15 ends the list
        b"\x12\x34\x00\x01\x10\x7f\x00\x00",  # no profile of RFC 8285
    ],
)
def test_elements_behind_a_wrong_one_are_ignored_and_the_packet_goes_on(block: bytes) -> None:
    plain = rtp(1, payload=b"frame")
    packet = bytes([plain[0] | 0x10]) + plain[1:12] + block + b"frame"
    out = sent(packet, ids={Extension.AUDIO_LEVEL: 1})
    assert (out.extensions, out.payload) == ({}, b"frame")


def test_no_more_elements_are_carried_than_there_is_room_for() -> None:
    packet = rtp(1, extensions=dict.fromkeys(range(1, 15), b"\x01"))
    out = sent(packet, kinds=dict.fromkeys(range(1, 15), Extension.AUDIO_LEVEL), ids={Extension.AUDIO_LEVEL: 1})
    assert out.extensions == {1: b"\x01"}


def test_padding_is_taken_off() -> None:
    composed = recompose(rtp(1, payload=b"frame", padding=9), kinds={}, ids={})
    assert composed is not None
    assert (composed[0], read_rtp(composed).payload) == (0x80, b"frame")


@pytest.mark.parametrize(("wide", "picture"), [(True, 5), (True, 0x7FFF), (False, 5), (False, 127)])
def test_picture_ids_leave_with_fifteen_bits(wide: bool, picture: int) -> None:
    payload = vp8(keyframe=True, picture=picture, wide=wide, level=200, key=30, body=b"frame")
    out = read_vp8(sent(rtp(1, payload=payload), family=CodecFamily.VP8, picture=0x1234, level=9, key=8).payload)
    assert (out.picture, out.wide, out.level, out.key, out.body) == (0x1234, True, 9, 8, b"\x00frame")


def test_the_temporal_layer_beside_the_key_index_stays() -> None:
    payload = bytes([0x90, 0x30, 0b1010_0011, 0])
    assert sent(rtp(1, payload=payload), family=CodecFamily.VP8, key=0b11111).payload == bytes(
        [0x90, 0x30, 0b1011_1111, 0]
    )


def test_vp9_picture_ids_are_renumbered_alike() -> None:
    payload = bytes.fromhex("a8 05 00 07 aa")
    out = sent(rtp(1, payload=payload), family=CodecFamily.VP9, picture=0x0102, level=3).payload
    assert out == bytes.fromhex("a8 8102 00 03 aa")


def test_a_retransmission_carries_the_original_number_before_the_payload() -> None:
    packet = rtp(1, payload=vp8(picture=3, wide=False), extensions={1: b"\x01"}, marker=True)
    arguments = {"ids": {Extension.AUDIO_LEVEL: 5}, "family": CodecFamily.VP8, "picture": 77}
    original = sent(packet, sequence=9, **arguments)
    repair = sent(packet, sequence=500, original=9, ssrc=6, payload_type=97, **arguments)
    assert repair.payload == b"\x00\x09" + original.payload
    assert (repair.extensions, repair.marker, repair.sequence) == (original.extensions, True, 500)


def test_nothing_larger_than_a_datagram_is_made() -> None:
    fits = rtp(1, payload=vp8(picture=1, wide=False, body=bytes(1456 - 12 - 5)))
    arguments: dict[str, Any] = {"kinds": {}, "ids": {}, "family": CodecFamily.VP8}
    composed = recompose(fits, **arguments)
    assert composed is not None
    assert len(composed) == 1456, "the picture id grew by one byte"
    assert recompose(fits + b"+", **arguments) is None
    assert recompose(fits, original=1, **arguments) is None
