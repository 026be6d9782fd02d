"""The session descriptions of a bot: the few lines it writes, and the few it reads (RFC 8866, RFC 8843, RFC 8829).

A bot sends and receives Opus and one video codec (VP8 or H.264), with RTX, everything in one bundle.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from loadtest.bots.ice import Address, Credentials
from relay.errors import Malformed
from relay.sfu.wire.sdp import Fingerprint

CAPTURE_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
TRANSPORT_CC: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
RID: Final = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID: Final = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
MID_ID, CAPTURE_TIME_ID, TRANSPORT_CC_ID, RID_ID, REPAIRED_RID_ID = 1, 3, 5, 10, 11
MAX_BYTES: Final = 131_072
MAX_EXTENSION_ID: Final = 14

Kind = Literal["audio", "video"]
VideoCodec = Literal["VP8", "H264"]


@dataclass(frozen=True, slots=True)
class LocalSection:
    """One media section as the bot has it: `ssrc` 0 receives, otherwise it sends."""

    mid: str
    kind: Kind
    ssrc: int = 0
    """With layers, that of the first; each layer more has the next one."""
    rtx_ssrc: int = 0
    rids: tuple[str, ...] = ()
    """Simulcast layers (RFC 8853), from the smallest to the largest; empty: one stream."""


@dataclass(frozen=True, slots=True)
class RemoteSection:
    """What the other side says of one media section."""

    mid: str
    kind: str
    accepted: bool
    payload_type: int = 0
    rtx_payload_type: int = 0
    """0: no RTX."""
    ssrc: int = 0
    rtx_ssrc: int = 0
    stamp_id: int = 0
    """Of abs-capture-time; 0: not negotiated."""
    mid_id: int = 0
    transport_id: int = 0
    """Of transport-wide numbers; 0 also without feedback for them."""
    rid_id: int = 0
    repaired_rid_id: int = 0
    rids: tuple[str, ...] = ()
    """Layers that it wants to receive."""
    remb: bool = False
    """It takes estimates, and numbers nothing."""


@dataclass(frozen=True, slots=True)
class Remote:
    """The other side's description."""

    credentials: Credentials
    fingerprints: tuple[Fingerprint, ...]
    candidates: tuple[Address, ...]
    """UDP over IPv4, most preferred first."""
    sections: tuple[RemoteSection, ...]
    opens_dtls: bool = False
    """It answered `setup:active`."""


@dataclass(frozen=True, slots=True)
class Local:
    """What every description of a bot has."""

    credentials: Credentials
    fingerprint: Fingerprint
    host: str
    port: int
    setup: Literal["actpass", "active"] = "actpass"
    video_codec: VideoCodec = "VP8"


_CONGESTION: Final = ("rtcp-fb:{} transport-cc", "rtcp-fb:{} goog-remb")
_REPAIR: Final = ("rtcp-fb:96 nack", "rtcp-fb:96 nack pli", "rtcp-fb:96 ccm fir")
_RTX: Final = ("rtpmap:97 rtx/90000", "fmtp:97 apt=96")


def _formats(kind: Kind, codec: VideoCodec) -> tuple[str, list[str]]:
    if kind == "audio":
        opus = ["rtpmap:111 opus/48000/2", "fmtp:111 minptime=10;useinbandfec=1"]
        return "111", [*opus, _CONGESTION[0].format(111)]
    lines = [f"rtpmap:96 {codec}/90000"]
    if codec == "H264":
        lines.append("fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
    return "96 97", [*lines, *_REPAIR, *(line.format(96) for line in _CONGESTION), *_RTX]


def compose(local: Local, sections: Sequence[LocalSection], like: Remote | None = None) -> str:
    """An offer; or, with `like`, the answer to that offer, in its payload types and extension ids."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += [f"a=group:BUNDLE {' '.join(section.mid for section in sections)}", "a=msid-semantic: WMS *"]
    remote = {section.mid: section for section in like.sections} if like else {}
    for section in sections:
        lines += _section(local, section, remote.get(section.mid))
    return "\r\n".join(lines) + "\r\n"


def _section(local: Local, section: LocalSection, remote: RemoteSection | None) -> Iterator[str]:
    formats, attributes = _formats(section.kind, local.video_codec)
    extensions = {MID: MID_ID, CAPTURE_TIME: CAPTURE_TIME_ID, TRANSPORT_CC: TRANSPORT_CC_ID}
    if section.rids:
        extensions |= {RID: RID_ID, REPAIRED_RID: REPAIRED_RID_ID}
    if remote is not None:
        renumbered = {"111": remote.payload_type, "96": remote.payload_type, "97": remote.rtx_payload_type}
        kept = [number for number in formats.split() if renumbered[number]]
        attributes = [_renumbered(line, renumbered) for line in attributes if _number(line) in kept]
        formats = " ".join(str(renumbered[number]) for number in kept)
        theirs = {MID: remote.mid_id, CAPTURE_TIME: remote.stamp_id, TRANSPORT_CC: remote.transport_id}
        extensions = {uri: number for uri, number in theirs.items() if number}
    yield f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {formats}"
    yield "c=IN IP4 0.0.0.0"
    yield f"a=mid:{section.mid}"
    yield "a=sendonly" if section.ssrc else "a=recvonly"
    yield from (f"a=extmap:{number} {uri}" for uri, number in extensions.items())
    yield from (f"a={line}" for line in attributes)
    yield from _ssrcs(section)
    yield f"a=ice-ufrag:{local.credentials.ufrag}"
    yield f"a=ice-pwd:{local.credentials.password}"
    yield f"a=fingerprint:{local.fingerprint.serialise()}"
    yield f"a=setup:{local.setup}"
    yield "a=rtcp-mux"
    yield f"a=candidate:1 1 udp 2130706431 {local.host} {local.port} typ host"
    yield "a=end-of-candidates"


def _number(line: str) -> str:
    return line.partition(":")[2].partition(" ")[0]


def _renumbered(line: str, numbers: dict[str, int]) -> str:
    name, _, rest = line.partition(":")
    number, _, parameters = rest.partition(" ")
    parameters = parameters.replace("apt=96", f"apt={numbers['96']}")
    return f"{name}:{numbers[number]} {parameters}"


def _ssrcs(section: LocalSection) -> Iterator[str]:
    if not section.ssrc:
        return
    yield f"a=msid:bot {section.mid}"
    if section.rids:
        yield from (f"a=rid:{rid} send" for rid in section.rids)
        yield f"a=simulcast:send {';'.join(section.rids)}"
        return
    if section.rtx_ssrc:
        yield f"a=ssrc-group:FID {section.ssrc} {section.rtx_ssrc}"
    for ssrc in filter(None, (section.ssrc, section.rtx_ssrc)):
        yield f"a=ssrc:{ssrc} cname:bot"


@dataclass(slots=True)
class _Media:
    """The lines of one section, split into name and value."""

    kind: str
    port: int
    formats: list[str]
    lines: list[tuple[str, str]] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.lines if each == name]

    def first(self, name: str) -> str:
        return next(iter(self.values(name)), "")


def read(text: str, video_codec: VideoCodec = "VP8") -> Remote:
    """Read an answer or an offer; raises `Malformed` when it lacks what a connection needs."""
    if len(text) > MAX_BYTES:
        raise Malformed("the description is too long")
    session, media = _split(text)
    everywhere = [*session.lines, *(line for each in media for line in each.lines)]
    values = dict(reversed(everywhere))
    if not media or not values.get("ice-ufrag") or not values.get("ice-pwd") or "fingerprint" not in values:
        raise Malformed("the description lacks media, ice-ufrag, ice-pwd or fingerprint")
    return Remote(
        Credentials(values["ice-ufrag"], values["ice-pwd"]),
        (_fingerprint(values["fingerprint"]),),
        tuple(dict.fromkeys(_candidates(value for name, value in everywhere if name == "candidate"))),
        tuple(_remote_section(each, video_codec) for each in media),
        values.get("setup") == "active",
    )


def _split(text: str) -> tuple[_Media, list[_Media]]:
    session = current = _Media("session", 0, [])
    media = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("m="):
            parts = line[2:].split()
            if len(parts) < 4 or not parts[1].isdecimal():
                raise Malformed("a media line is cut short", number)
            current = _Media(parts[0], int(parts[1]), parts[3:])
            media.append(current)
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            current.lines.append((name, value.strip()))
    return session, media


def _fingerprint(value: str) -> Fingerprint:
    algorithm, _, digest = value.partition(" ")
    try:
        return Fingerprint(algorithm.lower(), bytes.fromhex(digest.replace(":", "")))
    except ValueError as error:
        raise Malformed(f"the fingerprint is wrong: {error}") from None


def _candidates(values: Iterator[str]) -> Iterator[Address]:
    parsed = [value.split() for value in values]
    usable = [
        parts
        for parts in parsed
        if len(parts) >= 8 and parts[1] == "1" and parts[2].lower() == "udp" and _is_ipv4(parts[4])
    ]
    for parts in sorted(usable, key=lambda parts: -int(parts[3])):
        yield parts[4], int(parts[5])


def _is_ipv4(text: str) -> bool:
    """Not a name, which nobody resolves here (mDNS among them), and not IPv6."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _remote_section(media: _Media, video_codec: VideoCodec) -> RemoteSection:
    codec = {"audio": "opus/48000", "video": f"{video_codec.lower()}/90000"}.get(media.kind, "-")
    maps = dict(value.partition(" ")[::2] for value in media.values("rtpmap"))
    chosen = next((number for number in media.formats if maps.get(number, "").lower().startswith(codec)), "")
    accepted = media.port != 0 and bool(chosen) and not media.values("inactive")
    if not accepted:
        return RemoteSection(media.first("mid"), media.kind, accepted=False)
    rtx = next(
        (
            number
            for number, _, parameters in (value.partition(" ") for value in media.values("fmtp"))
            if parameters.replace(" ", "").split(";")[0] == f"apt={chosen}"
            and maps.get(number, "").lower().startswith("rtx/")
        ),
        "0",
    )
    group = next((value.split()[1:] for value in media.values("ssrc-group") if value.startswith("FID ")), [])
    single = media.first("ssrc").partition(" ")[0]
    extensions = _extensions(media)
    feedback = {value.partition(" ")[2] for value in media.values("rtcp-fb") if value.split(" ")[0] in (chosen, "*")}
    numbered = "transport-cc" in feedback and TRANSPORT_CC in extensions
    return RemoteSection(
        media.first("mid"),
        media.kind,
        accepted=True,
        payload_type=int(chosen),
        rtx_payload_type=int(rtx),
        ssrc=int(group[0] if group else single or 0),
        rtx_ssrc=int(group[1]) if len(group) == 2 else 0,
        stamp_id=extensions.get(CAPTURE_TIME, 0),
        mid_id=extensions.get(MID, 0),
        transport_id=extensions[TRANSPORT_CC] if numbered else 0,
        rid_id=extensions.get(RID, 0),
        repaired_rid_id=extensions.get(REPAIRED_RID, 0),
        rids=_wanted_layers(media.first("simulcast")),
        remb="goog-remb" in feedback and not numbered,
    )


def _extensions(media: _Media) -> dict[str, int]:
    """Id by URI; those that one-byte headers cannot carry are left out."""
    found = {}
    for value in media.values("extmap"):
        number, _, uri = value.partition(" ")
        number = number.partition("/")[0]
        if number.isdecimal() and 1 <= int(number) <= MAX_EXTENSION_ID:
            found[uri.split(" ")[0]] = int(number)
    return found


def _wanted_layers(simulcast: str) -> tuple[str, ...]:
    """The RIDs behind `recv` (RFC 8853 §5.1); of alternatives the first, and none that is paused."""
    words = simulcast.split()
    if "recv" not in words[:-1]:
        return ()
    streams = words[words.index("recv") + 1].split(";")
    return tuple(first for stream in streams if not (first := stream.split(",")[0]).startswith("~"))
