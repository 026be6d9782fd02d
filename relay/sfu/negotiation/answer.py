"""The relay's side of the agreement, as SDP: `Agreement` → answer (RFC 3264, RFC 8843, RFC 9429 §5.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from relay.sfu.negotiation import simulcast
from relay.sfu.negotiation.agreement import Agreement, Format, Section
from relay.sfu.ports import HostCandidate
from relay.sfu.wire import sdp
from relay.sfu.wire.sdp import (
    Attribute,
    Attributes,
    Candidate,
    Direction,
    Fingerprint,
    Fmtp,
    Group,
    MediaDescription,
    Msid,
    Origin,
    RtpMap,
    Setup,
    Ssrc,
    SsrcGroup,
)

_HOST_PRIORITY = 2_130_706_431
_TCP_PASSIVE_PRIORITY = (90 << 24) + (((4 << 13) + 8191) << 8) + 255
"""Below all UDP (RFC 6544 §4.2): type preference 90, direction preference 4 of passive host candidates."""
_CNAME = "relay"
SCTP_PORT = 5000
MAX_MESSAGE_BYTES = 16_384
"""Of one message in a data channel."""
_STREAMS = {"microphone": "talk", "camera": "talk"}


@dataclass(frozen=True, slots=True)
class Local:
    """What the relay itself brings into an answer."""

    ufrag: str
    password: str = field(repr=False)
    fingerprint: Fingerprint
    candidates: tuple[HostCandidate, ...]
    """Most preferred first."""
    session_id: int
    version: int


@dataclass(frozen=True, slots=True)
class SlotSsrcs:
    """The relay's own SSRCs of one slot; `rtx` 0: no RTX."""

    primary: int
    rtx: int


def compose(agreement: Agreement, local: Local, slots: Mapping[str, SlotSsrcs]) -> str:
    """The answer's text. `slots` gives the SSRCs by the name of the slot."""
    accepted = [section.mid for section in agreement.sections if section.accepted]
    mixed = ["extmap-allow-mixed"] if agreement.mixed else []
    attributes = Attributes.of(
        [Group("BUNDLE", tuple(accepted)), "ice-lite", Attribute("msid-semantic", " WMS *"), *mixed]
    )
    shared = _Shared(_path(agreement, local), agreement.reduced_size)
    media = tuple(_media(section, shared, slots) for section in agreement.sections)
    return sdp.SessionDescription(Origin("-", local.session_id, local.version), media, attributes).serialise()


def _media(section: Section, shared: "_Shared", slots: Mapping[str, SlotSsrcs]) -> MediaDescription:
    offered = section.offered
    if not section.accepted:
        attributes = Attributes.of([Attribute("mid", section.mid), Direction.INACTIVE])
        return MediaDescription(offered.kind, 0, offered.protocol, offered.formats, attributes)
    if section.sctp_port:
        channels = [Attribute("sctp-port", str(SCTP_PORT)), Attribute("max-message-size", str(MAX_MESSAGE_BYTES))]
        attributes = Attributes.of([Attribute("mid", section.mid), *shared.path, *channels])
        return MediaDescription(offered.kind, 9, offered.protocol, offered.formats, attributes)
    attributes = Attributes.of(
        [
            Attribute("mid", section.mid),
            _direction(section),
            *shared.transport,
            *section.extensions,
            *shared.formats(section.formats),
            *simulcast.accepted(section.rids),
            *_stream(section, slots),
        ]
    )
    return MediaDescription(offered.kind, 9, offered.protocol, tuple(_numbers(section.formats)), attributes)


class _Shared:
    """Lines that sections have in common, composed once. Sections with equal formats have the same tuple of them."""

    def __init__(self, path: list[Attribute | str], reduced_size: bool) -> None:
        self.path = Attributes.of(path)
        self.transport = Attributes.of([*path, "rtcp-mux", *(["rtcp-rsize"] if reduced_size else [])])
        self._formats: dict[int, list[Attribute]] = {}

    def formats(self, formats: tuple[Format, ...]) -> list[Attribute]:
        """The lines of a section's formats."""
        if id(formats) not in self._formats:
            self._formats[id(formats)] = [line for each in formats for line in _format(each)]
        return self._formats[id(formats)]


def _direction(section: Section) -> Direction:
    if section.source is None:
        return Direction.SENDONLY
    return Direction.RECVONLY if section.slot is None else Direction.SENDRECV


def _path(agreement: Agreement, local: Local) -> list[Attribute | str]:
    lines: list[Attribute | str] = [
        Attribute("ice-ufrag", local.ufrag),
        Attribute("ice-pwd", local.password),
        Attribute.of(local.fingerprint),
        Attribute.of(Setup.ACTIVE if agreement.dtls_client else Setup.PASSIVE),
    ]
    lines += [Attribute.of(_candidate(index, each)) for index, each in enumerate(local.candidates)]
    lines.append("end-of-candidates")
    return lines


def _candidate(index: int, given: HostCandidate) -> Candidate:
    """RFC 8445 §5.1.2.1: local preference falls by one for each further address; below every datagram's for TCP
    (RFC 6544 §4.2: the other preference, for the passive direction)."""
    if given.transport == "tcp":
        priority, extensions = _TCP_PASSIVE_PRIORITY - (index << 8), (("tcptype", "passive"),)
        return Candidate(str(index + 1), 1, "tcp", priority, given.host, given.port, "host", extensions)
    return Candidate(str(index + 1), 1, "udp", _HOST_PRIORITY - (index << 8), given.host, given.port, "host")


def _numbers(formats: Iterable[Format]) -> Iterable[str]:
    for each in formats:
        yield str(each.payload.payload_type)
        if each.payload.rtx_payload_type >= 0:
            yield str(each.payload.rtx_payload_type)


def _format(each: Format) -> list[Attribute]:
    number, rtx = each.payload.payload_type, each.payload.rtx_payload_type
    lines = [Attribute("rtpmap", f"{number} {each.encoding}")]
    lines += [Attribute.of(sdp.RtcpFeedback(number, line.kind, line.parameter)) for line in each.feedback]
    if each.parameters:
        lines.append(Attribute.of(Fmtp(number, each.parameters)))
    if rtx >= 0:
        lines.append(Attribute.of(RtpMap(rtx, "rtx", each.payload.clock_rate_hz)))
        lines.append(Attribute.of(Fmtp(rtx, f"apt={number}")))
    return lines


def _stream(section: Section, slots: Mapping[str, SlotSsrcs]) -> list[Attribute]:
    if section.slot is None:
        return []
    ssrcs = slots[section.slot]
    # Microphone and camera share a stream, so that browsers keep lips in sync; a shared screen must not wait for sound.
    lines = [Attribute.of(Msid(_STREAMS.get(section.slot, section.slot), section.slot))]
    if ssrcs.rtx:
        lines.append(Attribute.of(SsrcGroup("FID", (ssrcs.primary, ssrcs.rtx))))
    lines += [Attribute.of(Ssrc(each, "cname", _CNAME)) for each in (ssrcs.primary, ssrcs.rtx) if each]
    return lines
