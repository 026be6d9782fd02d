"""A forwarder on a real loopback socket, and clients that speak SRTP to it through pylibsrtp."""

import os
import select
import socket

from pylibsrtp import Policy, Session

from relay.sfu.dataplane import Forwarder
from relay.sfu.ports import Arrival, CodecFamily, Payload
from tests.support.packets import Rtp, read_rtp

GCM = 0x0007
KEY_BYTES = {0x0001: 30, 0x0002: 30, 0x0007: 28, 0x0008: 44}
PATIENCE_S = 5.0

VP8 = [Payload(1, CodecFamily.VP8, 96, 97, 90_000)]
OPUS = [Payload(2, CodecFamily.OPUS, 111, -1, 48_000)]


class Client:
    """One peer: its own socket, its own keys."""

    def __init__(self, bench: "Bench", profile: int = GCM, family: int = socket.AF_INET) -> None:
        self.bench = bench
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.socket.setblocking(False)
        self.peer = bench.forwarder.add_peer()
        self.profile = profile
        self.sending, self.receiving = os.urandom(KEY_BYTES[profile]), os.urandom(KEY_BYTES[profile])
        self.outbound = self._session(self.sending, Policy.SSRC_ANY_OUTBOUND)
        self.inbound = self._session(self.receiving, Policy.SSRC_ANY_INBOUND)

    def _session(self, key: bytes, direction: int) -> Session:
        policy = Policy(key=key, ssrc_type=direction, srtp_profile=self.profile)
        policy.window_size = 1024
        policy.allow_repeat_tx = direction == Policy.SSRC_ANY_OUTBOUND
        return Session(policy)

    def join(self) -> "Client":
        """What ICE and DTLS would do."""
        self.bench.forwarder.set_path(self.peer, self.socket.getsockname()[:2])
        self.bench.forwarder.set_keys(self.peer, self.profile, self.sending, self.receiving)
        return self

    def send_raw(self, *datagrams: bytes) -> None:
        for data in datagrams:
            self.socket.sendto(data, self.bench.address(self.socket.family))

    def send(self, *packets: bytes) -> None:
        self.send_raw(*(self.outbound.protect(packet) for packet in packets))

    def send_rtcp(self, *packets: bytes) -> None:
        self.send_raw(self.outbound.protect_rtcp(b"".join(packets)))

    def datagrams(self) -> list[bytes]:
        """What arrived by now."""
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
        return [self.inbound.unprotect_rtcp(data) for data in self.datagrams() if 192 <= data[1] <= 223]


class Bench:
    """The forwarder with its socket and its clients."""

    def __init__(self, family: int = socket.AF_INET, **limits: int) -> None:
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.bind(("::" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.socket.setblocking(False)
        self.forwarder = Forwarder(**limits)
        self.forwarder.attach(self.socket.fileno())
        self.clients: list[Client] = []

    def address(self, family: int) -> tuple[str, int]:
        return ("::1" if family == socket.AF_INET6 else "127.0.0.1", self.socket.getsockname()[1])

    def client(self, profile: int = GCM, family: int = socket.AF_INET) -> Client:
        self.clients.append(Client(self, profile, family))
        return self.clients[-1]

    def pump(self, datagrams: int) -> list[Arrival]:
        """Until the forwarder has received this many more."""
        wanted = self.count("packets_in") + datagrams
        arrivals: list[Arrival] = []
        while self.count("packets_in") < wanted:
            assert select.select([self.socket], [], [], PATIENCE_S)[0], "datagrams got lost on loopback"
            arrivals += self.forwarder.pump()
        return arrivals

    def count(self, name: str) -> int:
        return self.forwarder.counters()[name]

    def drops(self) -> dict[str, int]:
        """Reasons that occurred."""
        return {
            name[5:]: count for name, count in self.forwarder.counters().items() if name.startswith("drop_") and count
        }

    def close(self) -> None:
        for sock in [self.socket, *(client.socket for client in self.clients)]:
            sock.close()
