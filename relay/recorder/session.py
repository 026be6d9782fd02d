"""The recorder as a WebRTC peer of the relay on the same machine: its offer, its checks, its DTLS, its SRTP. Without a socket.

The other end is ICE-lite, so this one sends the checks (RFC 8445 §7.2) and keeps consent (RFC 7675). It receives only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy
from pylibsrtp import Session as SrtpSession

from relay.errors import Malformed
from relay.recorder.frames import DEPACKETISERS
from relay.sfu.transport import Certificate, Connected, Dtls, DtlsRole, Kind, classify
from relay.sfu.transport.keys import SrtpKeys, SrtpProfile
from relay.sfu.transport.outputs import Closed, DtlsOutput
from relay.sfu.wire import rtp, sdp, stun
from relay.sfu.wire.rtcp import compound
from relay.sfu.wire.rtcp.nack import Nack
from relay.sfu.wire.rtcp.pli import Pli
from relay.sfu.wire.rtcp.rr import ReceiverReport
from relay.sfu.wire.rtcp.sr import SenderReport
from relay.sfu.wire.rtp import Packet

CHECK_S: Final = 1.0
MAX_UNANSWERED: Final = 5
"""Checks in a row; then the relay's worker is gone (RFC 7675). Counted, not timed: a recorder that was stopped finds its answers."""
FIRST_CHECK_S: Final = 0.1
_OWN_SSRC: Final = 0x5EC0
_PRIORITY: Final = 1_853_824_767
_NTP_UNIX_S: Final = 2_208_988_800
_VIDEO: Final = (
    (96, "VP8/90000", ""),
    (98, "VP9/90000", "profile-id=0"),
    (100, "H264/90000", "packetization-mode=1;profile-level-id=42e01f"),
    (102, "H264/90000", "packetization-mode=0;profile-level-id=42e01f"),
    (104, "H264/90000", "packetization-mode=1;profile-level-id=4d001f"),
    (106, "H264/90000", "packetization-mode=1;profile-level-id=64001f"),
)
_AUDIO: Final = ((111, "opus/48000/2", "minptime=10;useinbandfec=1"),)
_PROFILES: Final = {
    SrtpProfile.AEAD_AES_128_GCM: Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    SrtpProfile.AES128_CM_SHA1_80: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}


@dataclass(frozen=True, slots=True)
class Media:
    """A packet of a slot."""

    slot: str
    packet: Packet


@dataclass(frozen=True, slots=True)
class Report:
    """What a slot's sender report says: this timestamp was at this time (Unix seconds of the source's clock)."""

    slot: str
    timestamp: int
    ntp_s: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The relay has closed the session, or does not answer."""


Event = Media | Report | Ended
Outcome = tuple[list[bytes], list[Event]]
"""Datagrams to send to the relay, and what came."""


def encodings(kind: str) -> dict[int, str]:
    """The payload types of a kind, with their encodings."""
    rows = _AUDIO if kind == "audio" else _VIDEO
    known = {number: encoding.partition("/")[0] for number, encoding, _ in rows}
    return {number: name for number, name in known.items() if name in DEPACKETISERS}


class Session:
    """given: the slots with their kinds, own credentials. owned: the handshake, the keys, the SSRC of each slot."""

    def __init__(self, slots: Mapping[str, str], ufrag: str, password: str, certificate: Certificate) -> None:
        self._slots = slots
        self._ufrag = ufrag
        self._password = password
        self._certificate = certificate
        self._remote = ("", b"")
        self._by_ssrc: dict[int, str] = {}
        self._dtls: Dtls | None = None
        self._receive: SrtpSession | None = None
        self._send: SrtpSession | None = None
        self._check_at = 0.0
        self._checks = self._unanswered = 0
        self.refused = 0
        """Datagrams that were not what they should be."""

    def offer(self) -> str:
        """One section a slot; the MID is the slot's number."""
        mids = " ".join(str(number) for number in range(len(self._slots)))
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]
        lines += [f"a=ice-ufrag:{self._ufrag}", f"a=ice-pwd:{self._password}", "a=setup:active"]
        lines.append(f"a=fingerprint:sha-256 {self._certificate.fingerprint_sha256}")
        for number, kind in enumerate(self._slots.values()):
            lines += _section(number, kind)
        return "".join(f"{line}\r\n" for line in lines)

    def mids(self) -> dict[str, str]:
        """MID → slot."""
        return {str(number): slot for number, slot in enumerate(self._slots)}

    def accept(self, answer: str) -> int:
        """Take the answer; the relay's port. Raises `Malformed`."""
        description = sdp.parse(answer)
        slots = self.mids()
        carrying = [media for media in description.media if media.port]
        if not carrying:
            raise Malformed("the answer accepts nothing")
        for media in carrying:
            ssrcs = media.attributes.all(sdp.Ssrc)
            if ssrcs and media.mid in slots:
                self._by_ssrc[ssrcs[0].ssrc] = slots[media.mid]
        path = carrying[0].attributes
        candidates = [each for each in path.all(sdp.Candidate) if each.transport.lower() == "udp"]
        if not candidates:
            raise Malformed("the answer has no UDP candidate")
        self._remote = (path.value("ice-ufrag") or "", (path.value("ice-pwd") or "").encode())
        self._dtls = Dtls(self._certificate, path.all(sdp.Fingerprint), DtlsRole.CLIENT)
        return candidates[0].port

    def handle_datagram(self, data: bytes, now: float) -> Outcome:
        """Take what came from the relay."""
        kind = classify(data)
        if kind is Kind.STUN:
            return self._handle_stun(data, now)
        if kind is Kind.DTLS and self._dtls is not None:
            return self._outcome(self._dtls.handle_datagram(data, now))
        if self._receive is not None:
            return [], self._unprotected(data)
        return [], []

    def handle_timeout(self, now: float) -> Outcome:
        """What is due: checks, and the handshake's repetitions."""
        if self._dtls is None:
            return [], []
        sent, events = self._outcome(self._dtls.handle_timeout(now))
        if now >= self._check_at:
            self._check_at = now + (FIRST_CHECK_S if self._receive is None else CHECK_S)
            sent.append(self._check())
            if self._unanswered > MAX_UNANSWERED and self._receive is not None:
                events.append(Ended())
        return sent, events

    def want_keyframe(self, slot: str) -> list[bytes]:
        """A PLI (RFC 4585 §6.3.1) for the slot."""
        return self._feedback(slot, lambda ssrc: Pli(_OWN_SSRC, ssrc))

    def want_packets(self, slot: str, sequences: tuple[int, ...]) -> list[bytes]:
        """A NACK (RFC 4585 §6.2.1) for the slot; what is sent again comes under its own numbers."""
        return self._feedback(slot, lambda ssrc: Nack(_OWN_SSRC, ssrc, sequences))

    def _feedback(self, slot: str, of: Callable[[int], Pli | Nack]) -> list[bytes]:
        ssrc = next((ssrc for ssrc, name in self._by_ssrc.items() if name == slot), None)
        if self._send is None or ssrc is None:
            return []
        return [self._send.protect_rtcp(compound.serialise((ReceiverReport(_OWN_SSRC, ()), of(ssrc))))]

    def close(self) -> list[bytes]:
        """Say goodbye."""
        return [] if self._dtls is None else [each for each in self._dtls.close() if isinstance(each, bytes)]

    def _check(self) -> bytes:
        self._checks += 1
        self._unanswered += 1
        message = stun.Message(
            stun.BINDING,
            stun.MessageClass.REQUEST,
            self._checks.to_bytes(12, "big"),
            username=f"{self._remote[0]}:{self._ufrag}",
            priority=_PRIORITY,
            use_candidate=True,
            ice_controlling=1,
        )
        return message.serialise(self._remote[1])

    def _handle_stun(self, data: bytes, now: float) -> Outcome:
        try:
            message = stun.parse(data)
        except Malformed:
            self.refused += 1
            return [], []
        if message.cls is not stun.MessageClass.SUCCESS or not message.verify_integrity(self._remote[1]):
            return [], []
        self._unanswered = 0
        return self._outcome(self._dtls.start(now)) if self._dtls and self._dtls.state.value == "new" else ([], [])

    def _outcome(self, outputs: list[DtlsOutput]) -> Outcome:
        events: list[Event] = []
        for output in outputs:
            if isinstance(output, Connected):
                self._install(output.keys)
            elif isinstance(output, Closed):
                events.append(Ended())
        return [each for each in outputs if isinstance(each, bytes)], events

    def _install(self, keys: SrtpKeys) -> None:
        profile = _PROFILES[keys.profile]
        inbound = Policy(key=keys.receive, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
        inbound.window_size = 1024
        self._receive = SrtpSession(inbound)
        self._send = SrtpSession(Policy(key=keys.send, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))

    def _unprotected(self, data: bytes) -> list[Event]:
        if self._receive is None or len(data) < 12:
            return []
        try:
            # RFC 5761 §4: RTCP packet types are 192 to 223 where RTP has marker and payload type.
            if 192 <= data[1] <= 223:
                return self._reports(self._receive.unprotect_rtcp(data))
            packet = rtp.parse(self._receive.unprotect(data))
        except (SrtpError, Malformed):
            self.refused += 1
            return []
        slot = self._by_ssrc.get(packet.ssrc)
        return [] if slot is None else [Media(slot, packet)]

    def _reports(self, data: bytes) -> list[Event]:
        return [
            Report(self._by_ssrc[each.ssrc], each.rtp_timestamp, each.ntp / 2**32 - _NTP_UNIX_S)
            for each in compound.parse(data)
            if isinstance(each, SenderReport) and each.ssrc in self._by_ssrc
        ]


def _section(number: int, kind: str) -> list[str]:
    rows = _AUDIO if kind == "audio" else _VIDEO
    lines = [f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(str(row[0]) for row in rows)}", "c=IN IP4 0.0.0.0"]
    lines += [f"a=mid:{number}", "a=recvonly", "a=rtcp-mux"]
    for payload_type, encoding, parameters in rows:
        lines.append(f"a=rtpmap:{payload_type} {encoding}")
        if kind == "video":
            lines.append(f"a=rtcp-fb:{payload_type} nack pli")
        lines.append(f"a=rtcp-fb:{payload_type} nack")
        if parameters:
            lines.append(f"a=fmtp:{payload_type} {parameters}")
    return lines
