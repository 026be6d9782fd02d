"""The meaning of a participant's offer: SDP → `Agreement`.

Rules: everything is bundled on one transport with RTP and RTCP together (RFC 8843, RFC 5761), keyed by DTLS (RFC 5763).
A section is a named source, a named slot, or both; what is named nothing, or has no codec of ours, is rejected alone.
One section may be data channels (RFC 8841), as the slot `data`.
What the offer lacks as a whole is an error of the offer. The offerer's order of codecs is kept (RFC 3264 §6.1).
"""

from collections.abc import Mapping
from dataclasses import replace

from relay.errors import Malformed
from relay.sfu.negotiation import extensions, simulcast
from relay.sfu.negotiation.agreement import DATA, Agreement, Format, Section
from relay.sfu.negotiation.codecs import Codec, identify
from relay.sfu.ports import CodecFamily, Extension, Kind, Payload
from relay.sfu.wire import sdp
from relay.sfu.wire.sdp import (
    ExtMap,
    Fingerprint,
    Fmtp,
    MediaDescription,
    RtcpFeedback,
    RtpMap,
    SessionDescription,
    Setup,
    Ssrc,
    SsrcGroup,
)

_MIXED = "extmap-allow-mixed"
_KINDS = {"audio": Kind.AUDIO, "video": Kind.VIDEO}
_PROTOCOLS = {"UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", "RTP/SAVPF"}
_DATA_PROTOCOLS = {"UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP"}
_DATA_FORMAT = "webrtc-datachannel"
_FEEDBACK = {("nack", ""), ("nack", "pli"), ("ccm", "fir"), ("transport-cc", ""), ("goog-remb", "")}


def understand(
    text: str,
    sources: Mapping[str, str],
    slots: Mapping[str, str],
    codecs: frozenset[str],
    *,
    max_bytes: int,
    max_sections: int,
) -> Agreement:
    """Read an offer. `sources` and `slots` name its sections by MID; `codecs` are the names that may be used.

    Raises `Malformed` when the text is no SDP, or lacks what the rules above demand.
    """
    offer = sdp.parse(text, max_bytes=max_bytes, max_media=max_sections)
    formats = _FormatReader(codecs)
    mixed = offer.attributes.has(_MIXED) or any(media.attributes.has(_MIXED) for media in offer.media)
    read = (_section(media, sources, slots, formats) for media in offer.media)
    sections = tuple(section if mixed and _may_describe(section) else _with_short_elements(section) for section in read)
    _check_names(sections, sources, slots)
    bundled = set(offer.bundle)
    for section in sections:
        if section.accepted and section.mid not in bundled:
            raise Malformed(f"section {section.mid!r} is not in the BUNDLE group")
        if section.accepted and section.kind is not None and not section.offered.attributes.has("rtcp-mux"):
            raise Malformed(f"section {section.mid!r} does not offer rtcp-mux")
    first = next((section.offered for section in sections if section.accepted), None)
    if first is None:
        raise Malformed("no section of the offer can be used: none is named, or none has a codec of the relay")
    return Agreement(
        sections=sections,
        ufrag=_inherited(offer, first, "ice-ufrag"),
        password=_inherited(offer, first, "ice-pwd"),
        fingerprints=_fingerprints(offer, first),
        dtls_client=_dtls_client(offer, first),
        reduced_size=first.attributes.has("rtcp-rsize"),
        mixed=mixed,
        extension_ids=_extension_ids(sections),
    )


def _check_names(sections: tuple[Section, ...], sources: Mapping[str, str], slots: Mapping[str, str]) -> None:
    mids = [section.mid for section in sections]
    if len(set(mids)) != len(mids):
        raise Malformed("two sections have the same MID")
    if sum(section.sctp_port != 0 for section in sections) > 1:
        raise Malformed("two sections are data channels")
    unknown = (sources.keys() | slots.keys()) - set(mids)
    if unknown:
        raise Malformed(f"no section has the MID {sorted(unknown)[0]!r}")
    for names in (sources, slots):
        if len(set(names.values())) != len(names):
            raise Malformed("two sections have the same name")


def _section(
    media: MediaDescription, sources: Mapping[str, str], slots: Mapping[str, str], reader: "_FormatReader"
) -> Section:
    mid = media.mid
    if not mid or len(mid) > 16:
        raise Malformed("every section needs a MID of at most 16 characters")
    if media.kind == "application":
        return _data_section(mid, media, slots.get(mid))
    kind = _KINDS.get(media.kind)
    direction = media.attributes.direction() or sdp.Direction.SENDRECV
    source = sources.get(mid) if direction.sends else None
    slot = slots.get(mid) if direction.receives else None
    usable = kind is not None and media.protocol in _PROTOCOLS and _is_open(media)
    if not usable or kind is None or not (source or slot):
        return Section(mid, media)
    formats = reader.read(media, kind)
    if not formats:
        return Section(mid, media)
    rids = simulcast.encodings(media) if source and kind is Kind.VIDEO else ()
    agreed = _extensions(media, encodings=len(rids))
    if not any(extensions.URIS[each.uri] is Extension.RID for each in agreed):
        rids = ()
    ssrc, rtx_ssrc = _ssrcs(media) if source and not rids else (0, 0)
    return Section(mid, media, kind, source, slot, formats, agreed, ssrc, rtx_ssrc, rids)


def _data_section(mid: str, media: MediaDescription, name: str | None) -> Section:
    usable = media.protocol in _DATA_PROTOCOLS and media.formats == (_DATA_FORMAT,) and _is_open(media)
    if not usable or name != DATA:
        return Section(mid, media)
    port = media.attributes.integer("sctp-port")
    if port is None or not 0 < port < 65_536:
        raise Malformed("data channels need an sctp-port")
    return Section(mid, media, sctp_port=port)


def _is_open(media: MediaDescription) -> bool:
    return media.port != 0 or media.attributes.has("bundle-only")


class _FormatReader:
    """Formats of sections. Those of one offer repeat each other line by line, so each list is read once and shared."""

    def __init__(self, codecs: frozenset[str]) -> None:
        self._codecs = codecs
        self._read: dict[object, tuple[Format, ...]] = {}

    def read(self, media: MediaDescription, kind: Kind) -> tuple[Format, ...]:
        """Raises `Malformed`."""
        lines = (tuple(media.attributes.values(each.NAME)) for each in (RtpMap, Fmtp, RtcpFeedback))
        key = (kind, media.formats, *lines)
        if key not in self._read:
            self._read[key] = _formats(media, kind, self._codecs)
        return self._read[key]


def _formats(media: MediaDescription, kind: Kind, codecs: frozenset[str]) -> tuple[Format, ...]:
    offered = {each.payload_type: each for each in media.attributes.all(RtpMap)}
    parameters = {each.payload_type: each for each in media.attributes.all(Fmtp)}
    feedback = [each for each in media.attributes.all(RtcpFeedback) if (each.kind, each.parameter) in _FEEDBACK]
    repair = _repair(offered, parameters)
    formats = []
    for number in media.payload_types:
        rtpmap = offered.get(number)
        fmtp = parameters.get(number)
        codec = None if rtpmap is None else identify(rtpmap.encoding, {} if fmtp is None else fmtp.parameters())
        if rtpmap is None or codec is None or codec.kind is not kind or codec.name not in codecs:
            continue
        payload = _payload(codec, rtpmap, repair.get(number, -1))
        wanted = tuple(each for each in feedback if each.payload_type in (number, None))
        encoding = rtpmap.serialise().split(" ", 1)[1]
        formats.append(Format(payload, encoding, "" if fmtp is None else fmtp.text, wanted))
    return tuple(formats)


def _payload(codec: Codec, rtpmap: RtpMap, rtx_payload_type: int) -> Payload:
    return Payload(codec.id, codec.family, rtpmap.payload_type, rtx_payload_type, rtpmap.clock_rate)


def _repair(offered: Mapping[int, RtpMap], parameters: Mapping[int, Fmtp]) -> dict[int, int]:
    """Payload type → its RTX payload type (RFC 4588 §8.1)."""
    repair = {}
    for number, rtpmap in offered.items():
        fmtp = parameters.get(number)
        apt = fmtp.parameters().get("apt", "") if fmtp is not None and rtpmap.encoding.lower() == "rtx" else ""
        if apt.isascii() and apt.isdecimal():
            repair[int(apt)] = number
    return repair


def _extensions(media: MediaDescription, *, encodings: int) -> tuple[ExtMap, ...]:
    refused = set() if encodings else extensions.NAMES_ENCODINGS
    usable = [
        each
        for each in media.attributes.all(ExtMap)
        if each.uri in extensions.URIS
        and each.id <= extensions.MAX_ID
        and each.direction is None
        and extensions.URIS[each.uri] not in refused
    ]
    kinds = {extensions.URIS[each.uri] for each in usable}
    return tuple(each for each in usable if extensions.SUPERSEDED.get(extensions.URIS[each.uri]) not in kinds)


def _may_describe(section: Section) -> bool:
    """A sender that describes frames in the extension leaves layers out of VP8's own descriptor; receivers may have it."""
    return section.source is None or (bool(section.formats) and section.formats[0].payload.family is CodecFamily.AV1)


def _with_short_elements(section: Section) -> Section:
    kept = (each for each in section.extensions if extensions.URIS[each.uri] not in extensions.LONG)
    return replace(section, extensions=tuple(kept))


def _ssrcs(media: MediaDescription) -> tuple[int, int]:
    """The stream's SSRC and that of its RTX stream; 0: not announced."""
    if media.attributes.has("simulcast"):
        return 0, 0
    for group in media.attributes.all(SsrcGroup):
        if group.semantics == "FID" and len(group.ssrcs) == 2:
            return group.ssrcs[0], group.ssrcs[1]
    announced = media.attributes.all(Ssrc)
    return (announced[0].ssrc if announced else 0), 0


def _inherited(offer: SessionDescription, media: MediaDescription, name: str) -> str:
    value = media.attributes.value(name) or offer.attributes.value(name)
    if not value:
        raise Malformed(f"the offer has no {name}")
    return value


def _fingerprints(offer: SessionDescription, media: MediaDescription) -> tuple[Fingerprint, ...]:
    found = media.attributes.all(Fingerprint) or offer.attributes.all(Fingerprint)
    if not found:
        raise Malformed("the offer has no fingerprint")
    return found


def _dtls_client(offer: SessionDescription, media: MediaDescription) -> bool:
    setup = media.attributes.first(Setup) or offer.attributes.first(Setup) or Setup.ACTPASS
    if setup is Setup.HOLDCONN:
        raise Malformed("setup:holdconn cannot be answered")
    return setup is Setup.PASSIVE


def _extension_ids(sections: tuple[Section, ...]) -> dict[int, int]:
    ids: dict[int, int] = {}
    for section in sections:
        for each in section.extensions if section.accepted else ():
            # RFC 8843 §9: within a bundle one id has one meaning.
            if ids.setdefault(extensions.URIS[each.uri], each.id) != each.id:
                raise Malformed(f"{each.uri} has two ids in one bundle")
    return ids
