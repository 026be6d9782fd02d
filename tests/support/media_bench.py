"""A forwarder on a real loopback socket, and clients that speak SRTP to it through pylibsrtp."""

import os
import select
import socket
import time

from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from relay.sfu.dataplane import Forwarder
from relay.sfu.ports import Arrival, CodecFamily, Kind, Notice, NoticeKind, Payload
from tests.support.packets import Rtp, read_rtp

GCM = 0x0007
CM80 = 0x0001
KEY_BYTES = {0x0001: 30, 0x0002: 30, 0x0007: 28, 0x0008: 44}
PATIENCE_S = 5.0

VP8 = [Payload(1, CodecFamily.VP8, 96, 97, 90_000)]
OPUS = [Payload(2, CodecFamily.OPUS, 111, -1, 48_000)]
H264 = [Payload(3, CodecFamily.H264, 102, 103, 90_000)]


def protect(session: Session, packet: bytes) -> bytes:
    """SRTP for packets of any length; `Session.protect` takes no more than 1,356 bytes."""
    buffer, length = ffi.new("char[]", packet + bytes(20)), ffi.new("int *", len(packet))
    assert lib.srtp_protect(session._srtp[0], buffer, length) == lib.srtp_err_status_ok
    return bytes(ffi.buffer(buffer)[: length[0]])


class Client:
    """One peer: its own socket, its own keys."""

    def __init__(self, bench: "Bench", profile: int = GCM, family: int = socket.AF_INET) -> None:
        self.bench = bench
        self.family = family
        self.socket = self.open_socket()
        self.peer = bench.forwarder.add_peer()
        self.profile = profile
        self.sending, self.receiving = os.urandom(KEY_BYTES[profile]), os.urandom(KEY_BYTES[profile])
        self.outbound = self._session(self.sending, Policy.SSRC_ANY_OUTBOUND)
        self.inbound = self._session(self.receiving, Policy.SSRC_ANY_INBOUND)

    def open_socket(self) -> socket.socket:
        """A socket for this client, on an address of its own."""
        opened = socket.socket(self.family, socket.SOCK_DGRAM)
        opened.bind(("::1" if self.family == socket.AF_INET6 else "127.0.0.1", 0))
        opened.setblocking(False)
        self.bench.sockets.append(opened)
        return opened

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()[:2]
        return host, port

    def seen_address(self) -> tuple[str, int] | tuple[str, int, int]:
        """As the forwarder calls it: with the door that it came in by, if there are several."""
        if self.bench.socket.getsockname()[0] != "::":
            return self.address
        self.send_raw(bytes(20))
        return self.bench.pump(1)[0].address

    def _session(self, key: bytes, direction: int) -> Session:
        policy = Policy(key=key, ssrc_type=direction, srtp_profile=self.profile)
        policy.window_size = 1024
        policy.allow_repeat_tx = direction == Policy.SSRC_ANY_OUTBOUND
        return Session(policy)

    def join(self) -> "Client":
        """What ICE and DTLS would do."""
        self.bench.forwarder.set_path(self.peer, self.seen_address())
        self.bench.forwarder.set_keys(self.peer, self.profile, self.sending, self.receiving)
        return self

    def track(
        self,
        ssrc: int = 0x1111,
        rtx_ssrc: int = 0,
        *,
        mid: bytes = b"",
        kind: Kind = Kind.VIDEO,
        payloads: list[Payload] = VP8,
    ) -> int:
        return self.bench.forwarder.add_track(self.peer, kind, mid, ssrc, rtx_ssrc, payloads)

    def slot(
        self, ssrc: int = 0x2222, rtx_ssrc: int = 0, *, kind: Kind = Kind.VIDEO, payloads: list[Payload] = VP8
    ) -> int:
        return self.bench.forwarder.add_slot(self.peer, kind, ssrc, rtx_ssrc, payloads)

    def send_raw(self, *datagrams: bytes, via: socket.socket | None = None) -> None:
        for data in datagrams:
            (via or self.socket).sendto(data, self.bench.address(self.family))

    def send(self, *packets: bytes, via: socket.socket | None = None) -> None:
        self.send_raw(*(protect(self.outbound, packet) for packet in packets), via=via)

    def send_rtcp(self, *packets: bytes) -> None:
        """One compound packet."""
        self.send_raw(self.outbound.protect_rtcp(b"".join(packets)))

    def datagrams(self) -> list[bytes]:
        """What arrived by now: on loopback, all that was sent."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(2048))
            except BlockingIOError:
                return found

    def take(self) -> list[Rtp]:
        """The RTP packets that arrived by now, in order."""
        return [read_rtp(self.inbound.unprotect(data)) for data in self.datagrams() if not 192 <= data[1] <= 223]

    def take_rtcp(self) -> list[bytes]:
        """The compound packets that arrived by now, in order."""
        return [self.inbound.unprotect_rtcp(data) for data in self.datagrams() if 192 <= data[1] <= 223]


class TcpClient(Client):
    """A peer behind a TCP connection: datagrams in frames (RFC 4571)."""

    def open_socket(self) -> socket.socket:
        """A connection to the bench; its other end is the forwarder's."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            near = socket.create_connection(listener.getsockname())
            far, _ = listener.accept()
        far.setblocking(False)
        self.bench.sockets += [near, far]
        self.far = far
        self.seen = self.bench.forwarder.open_connection(far.fileno())
        self._rest = b""
        return near

    def seen_address(self) -> tuple[str, int] | tuple[str, int, int]:
        """With the door that it is."""
        return self.seen

    def send_raw(self, *datagrams: bytes, via: socket.socket | None = None) -> None:
        self.socket.sendall(b"".join(len(data).to_bytes(2, "big") + data for data in datagrams))

    def pump(self, datagrams: int) -> list[Arrival]:
        """Until the forwarder has received this many more from here."""
        wanted = self.bench.count("packets_in") + datagrams
        arrivals: list[Arrival] = []
        while self.bench.count("packets_in") < wanted:
            assert select.select([self.far], [], [], PATIENCE_S)[0], "the stream has stopped"
            arrivals += self.bench.forwarder.pump_connection(self.seen[2])
        return arrivals

    def datagrams(self) -> list[bytes]:
        """What arrived by now, unframed."""
        while select.select([self.socket], [], [], 0)[0]:
            self._rest += self.socket.recv(1 << 20)
        found = []
        while len(self._rest) > 1 and len(self._rest) >= 2 + int.from_bytes(self._rest[:2], "big"):
            size = int.from_bytes(self._rest[:2], "big")
            found.append(self._rest[2 : 2 + size])
            self._rest = self._rest[2 + size :]
        return found


class Bench:
    """The forwarder with its socket and its clients."""

    def __init__(self, family: int = socket.AF_INET, **limits: int) -> None:
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.sockets = [self.socket]
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.bind(("::" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.setblocking(False)
        self.forwarder = Forwarder(**limits)
        self.forwarder.attach(self.socket.fileno())

    def address(self, family: int = socket.AF_INET) -> tuple[str, int]:
        """Where a client of this family finds the relay."""
        return ("::1" if family == socket.AF_INET6 else "127.0.0.1", self.socket.getsockname()[1])

    def client(self, profile: int = GCM, family: int = socket.AF_INET) -> Client:
        return Client(self, profile, family)

    def tcp_client(self, profile: int = GCM) -> TcpClient:
        return TcpClient(self, profile)

    def pump(self, datagrams: int) -> list[Arrival]:
        """Until the forwarder has received this many more."""
        wanted = self.count("packets_in") + datagrams
        arrivals: list[Arrival] = []
        while self.count("packets_in") < wanted:
            assert select.select([self.socket], [], [], PATIENCE_S)[0], "datagrams got lost on loopback"
            arrivals += self.forwarder.pump()
        return arrivals

    def tick(self, later_ms: float = 0.0) -> None:
        """As if so much time had passed."""
        self.forwarder.tick(self.now_ns(later_ms))

    def now_ns(self, later_ms: float = 0.0) -> int:
        return time.time_ns() + int(later_ms * 1e6)

    def count(self, name: str) -> int:
        return self.forwarder.counters()[name]

    def drops(self) -> dict[str, int]:
        """Reasons that occurred."""
        counters = self.forwarder.counters().items()
        return {name.removeprefix("drop_"): count for name, count in counters if name.startswith("drop_") and count}

    def notices(self) -> list[tuple[NoticeKind, int]]:
        notices: list[Notice] = self.forwarder.notices()
        return [(NoticeKind(notice.kind), notice.handle) for notice in notices]

    def close(self) -> None:
        for each in self.sockets:
            each.close()
