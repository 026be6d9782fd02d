"""RTP payloads → frames (RFC 7741, RFC 9628, RFC 6184, RFC 7587). Pure; each depacketiser is fed a stream's packets in order."""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from relay.errors import Malformed
from relay.recorder.matroska import avc_configuration, opus_head
from relay.recorder.sps import picture_size
from relay.sfu.wire.payload import h264, vp8, vp9
from relay.sfu.wire.rtp import Packet

MAX_FRAME_BYTES: Final = 8 * 1024 * 1024
_VP8_KEYFRAME: Final = b"\x9d\x01\x2a"
_START_OF_PICTURE: Final = frozenset(range(1, 6))


@dataclass(frozen=True, slots=True)
class Format:
    """What a decoder must know of a stream; a change of it needs a new track."""

    codec: str
    private: bytes = b""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame, as Matroska stores it."""

    timestamp: int
    """RTP, 32 bits."""
    data: bytes
    keyframe: bool
    format: Format | None = None
    """With every keyframe."""


class Depacketiser(Protocol):
    """Turns the packets of one codec into frames."""

    def push(self, packet: Packet) -> Frame | None:
        """Take the next packet; the frame that it completes, if it does.

        Raises `Malformed` for a packet that cannot be understood, and for a frame whose end never came: the packets are in
        order and none is missing, or `reset` was called. After `reset` the packet may be pushed once more.
        """

    def reset(self) -> None:
        """Packets were lost: drop what was begun."""


class Opus:
    """One packet is one frame."""

    def push(self, packet: Packet) -> Frame | None:
        """As `Depacketiser`."""
        if not packet.payload:
            return None
        return Frame(packet.timestamp, packet.payload, True, Format("A_OPUS", opus_head()))

    def reset(self) -> None:
        """As `Depacketiser`."""


class _Assembly:
    """The parts of a frame that is being received. Rule: nothing is taken before a first part, nor beyond a bound."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.timestamp: int | None = None
        self._bytes = 0
        self._settled = False
        """The frame before was whole, so that the next packet must begin one."""

    def begin(self, timestamp: int) -> None:
        if self.timestamp is not None:
            raise Malformed("a frame without its end")
        self.timestamp = timestamp

    def add(self, part: bytes) -> None:
        self._bytes += len(part)
        if self._bytes > MAX_FRAME_BYTES:
            self.clear()
            raise Malformed("a frame larger than any")
        self.parts.append(part)

    def continues(self, timestamp: int) -> bool:
        """Whether this is of the frame; one that is of none is to be passed over only after a loss."""
        if self.timestamp != timestamp and (self._settled or self.timestamp is not None):
            raise Malformed("a frame without its beginning")
        return self.timestamp == timestamp

    def finish(self) -> list[bytes]:
        parts = self.parts
        self.clear()
        self._settled = True
        return parts

    def clear(self) -> None:
        self.parts, self.timestamp, self._bytes, self._settled = [], None, 0, False


class Vp8:
    """RFC 7741: a frame begins with the first partition and ends with the marker."""

    def __init__(self) -> None:
        self._frame = _Assembly()

    def push(self, packet: Packet) -> Frame | None:
        """As `Depacketiser`."""
        if not packet.payload:
            return None
        descriptor = vp8.parse(packet.payload)
        if descriptor.starts_frame and self._frame.timestamp != packet.timestamp:
            self._frame.begin(packet.timestamp)
        if not self._frame.continues(packet.timestamp):
            return None
        self._frame.add(packet.payload[descriptor.size_bytes :])
        if not packet.marker:
            return None
        data = b"".join(self._frame.finish())
        return _vp8_frame(packet.timestamp, data)

    def reset(self) -> None:
        """As `Depacketiser`."""
        self._frame.clear()


def _vp8_frame(timestamp: int, data: bytes) -> Frame | None:
    if not data or data[0] & 0x01:
        return Frame(timestamp, data, False) if data else None
    if data[3:6] != _VP8_KEYFRAME or len(data) < 10:
        raise Malformed("a VP8 key frame without its start code")
    width, height = struct.unpack_from("<HH", data, 6)
    return Frame(timestamp, data, True, Format("V_VP8", b"", width & 0x3FFF, height & 0x3FFF))


class Vp9:
    """RFC 9628: a picture is all layer frames up to the marker; its size comes with the scalability structure or is kept."""

    def __init__(self) -> None:
        self._frame = _Assembly()
        self._keyframe = False
        self._size = (0, 0)

    def push(self, packet: Packet) -> Frame | None:
        """As `Depacketiser`."""
        if not packet.payload:
            return None
        descriptor = vp9.parse(packet.payload)
        if descriptor.frame_start and not descriptor.spatial_id and self._frame.timestamp != packet.timestamp:
            self._frame.begin(packet.timestamp)
            self._keyframe = not descriptor.inter_picture
        if not self._frame.continues(packet.timestamp):
            return None
        if descriptor.scalability is not None and descriptor.scalability.sizes:
            self._size = descriptor.scalability.sizes[-1]
        self._frame.add(packet.payload[descriptor.size_bytes :])
        if not packet.marker:
            return None
        data = b"".join(self._frame.finish())
        keyframe = self._keyframe and all(self._size)
        return Frame(packet.timestamp, data, keyframe, Format("V_VP9", b"", *self._size) if keyframe else None)

    def reset(self) -> None:
        """As `Depacketiser`."""
        self._frame.clear()


class H264:
    """RFC 6184, modes 0 and 1: an access unit is the NAL units of one timestamp, up to the marker.

    Nothing in a packet says that it is the first of its unit. So after a loss units are taken again from the next one whose
    beginning is sure: behind a marker, at another timestamp, or at a sequence parameter set.
    """

    def __init__(self) -> None:
        self._is_sure = False
        self._passed_over: int | None = None
        self._frame = _Assembly()
        self._fragment: bytearray | None = None
        self._sets: dict[int, bytes] = {}

    def push(self, packet: Packet) -> Frame | None:
        """As `Depacketiser`."""
        if not packet.payload:
            return None
        if not self._is_sure and not self._begins(packet):
            return None
        if self._frame.timestamp != packet.timestamp:
            self._frame.begin(packet.timestamp)
        for unit in self._units(packet.payload):
            self._frame.add(unit)
        if not packet.marker:
            return None
        units, fragment = self._frame.finish(), self._fragment
        if fragment is not None:
            raise Malformed("a NAL unit without its end")
        return self._access_unit(packet.timestamp, units)

    def reset(self) -> None:
        """As `Depacketiser`."""
        self._frame.clear()
        self._fragment = None
        self._is_sure, self._passed_over = False, None

    def _begins(self, packet: Packet) -> bool:
        another = self._passed_over is not None and packet.timestamp != self._passed_over
        begins = another or h264.is_keyframe_start(packet.payload)
        self._is_sure = begins or packet.marker
        self._passed_over = packet.timestamp
        return begins

    def _units(self, payload: bytes) -> Iterator[bytes]:
        kind = payload[0] & 0x1F
        units = h264.parse(payload)
        if kind == h264.FU_A:
            yield from self._defragmented(payload, units[0])
        elif kind == h264.STAP_A:
            offset = 1
            for _ in units:
                size = int.from_bytes(payload[offset : offset + 2], "big")
                yield payload[offset + 2 : offset + 2 + size]
                offset += 2 + size
        else:
            yield payload

    def _defragmented(self, payload: bytes, unit: h264.NalUnit) -> Iterator[bytes]:
        if unit.starts and self._fragment is None:
            self._fragment = bytearray([payload[0] & 0xE0 | unit.type])
        elif unit.starts or self._fragment is None or len(self._fragment) > MAX_FRAME_BYTES:
            raise Malformed("fragments that are not those of one NAL unit")
        self._fragment += payload[2:]
        if unit.ends:
            yield bytes(self._fragment)
            self._fragment = None

    def _access_unit(self, timestamp: int, units: list[bytes]) -> Frame | None:
        kinds = {unit[0] & 0x1F for unit in units}
        self._sets |= {unit[0] & 0x1F: unit for unit in units if unit[0] & 0x1F in (h264.SPS, h264.PPS)}
        if not kinds & _START_OF_PICTURE:
            return None
        data = b"".join(struct.pack(">I", len(unit)) + unit for unit in units)
        sps, pps = self._sets.get(h264.SPS), self._sets.get(h264.PPS)
        if h264.IDR not in kinds or sps is None or pps is None:
            return Frame(timestamp, data, False)
        configuration = Format("V_MPEG4/ISO/AVC", avc_configuration(sps, pps), *picture_size(sps))
        return Frame(timestamp, data, True, configuration)


DEPACKETISERS: Final[Mapping[str, Callable[[], Depacketiser]]] = {"opus": Opus, "VP8": Vp8, "VP9": Vp9, "H264": H264}
"""By the encoding name of SDP."""
