"""What an offer and its answer agree on: the values between SDP and the rooms that carry it out."""

from dataclasses import dataclass, field
from typing import Final

from relay.sfu.ports import Kind, Payload
from relay.sfu.wire.sdp import ExtMap, Fingerprint, MediaDescription, RtcpFeedback

DATA: Final = "data"
"""The source and slot that is a peer's data channels, all of them together."""


@dataclass(frozen=True, slots=True)
class Format:
    """One payload type that both sides take, with the lines of the offer that describe it."""

    payload: Payload
    encoding: str
    """As in its rtpmap: `VP8/90000`, `opus/48000/2`."""
    parameters: str
    """As in its fmtp; empty: none."""
    feedback: tuple[RtcpFeedback, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One media section. Neither `source`, `slot` nor `sctp_port`: the section is rejected."""

    mid: str
    offered: MediaDescription
    kind: Kind | None = None
    source: str | None = None
    """The name of what the offerer sends in it."""
    slot: str | None = None
    """The name of what the offerer receives in it."""
    formats: tuple[Format, ...] = ()
    extensions: tuple[ExtMap, ...] = ()
    ssrc: int = 0
    """Of the offerer's stream; 0: to be learned from its packets."""
    rtx_ssrc: int = 0
    rids: tuple[str, ...] = ()
    """Of the encodings of the offerer's stream (simulcast), as offered; empty: it is one stream."""
    sctp_port: int = 0
    """Of the offerer's data channels (RFC 8841); 0: it is a section of media."""

    @property
    def accepted(self) -> bool:
        """Whether the section carries anything."""
        return self.source is not None or self.slot is not None or self.sctp_port != 0

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """The agreed payload types, in order of preference."""
        return tuple(each.payload for each in self.formats)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The meaning of one offer."""

    sections: tuple[Section, ...]
    """In the order of the offer."""
    ufrag: str
    password: str = field(repr=False)
    fingerprints: tuple[Fingerprint, ...]
    dtls_client: bool
    """True: the relay opens the DTLS handshake (the offerer insists on `setup:passive`)."""
    reduced_size: bool
    """RFC 5506: RTCP packets need not be compound."""
    mixed: bool
    """RFC 8285 §6: some packets may have two-byte header extensions."""
    extension_ids: dict[int, int]
    """`ports.Extension` → id on the wire."""

    @property
    def sctp_port(self) -> int:
        """Of the offerer's data channels; 0: it has none."""
        return next((section.sctp_port for section in self.sections if section.sctp_port), 0)
