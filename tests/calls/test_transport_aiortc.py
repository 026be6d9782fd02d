"""The transport's machines against aiortc's ICE, DTLS and SCTP over real sockets of this machine."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from relay.clock import SystemClock
from relay.sfu.transport import (
    ApplicationData,
    Certificate,
    Closed,
    CloseReason,
    Connected,
    DtlsRole,
    IceCredentials,
    Output,
    PathSelected,
    PeerTransport,
    SrtpProfile,
    Transmit,
)
from relay.sfu.wire import sdp
from relay.sfu.wire.address import Address

pytestmark = pytest.mark.calls

OutputT = TypeVar("OutputT")
SCTP_PORTS_5000 = bytes.fromhex("13881388")
TIMEOUT_S = 20.0
OURS = IceCredentials.from_entropy(os.urandom(24))
CERTIFICATE = Certificate.generate(SystemClock().wall_ms() / 1000)


class Shell(asyncio.DatagramProtocol):
    """The least shell a PeerTransport needs: one socket, one timer."""

    def __init__(self, peer: PeerTransport) -> None:
        self.peer = peer
        self.outputs: asyncio.Queue[Output] = asyncio.Queue()
        self._clock = SystemClock()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._socket = transport
        self.peer.start(self._clock.now_s())
        self._schedule()

    def datagram_received(self, data: bytes, address: Address) -> None:
        self.carry_out(self.peer.handle_datagram(data, address, self._clock.now_s()))

    def carry_out(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Transmit):
                self._socket.sendto(output.data, output.address)
            else:
                self.outputs.put_nowait(output)
        self._schedule()

    async def first(self, kind: type[OutputT]) -> OutputT:
        """Wait for an output of this type; what comes before it is left out."""
        async with asyncio.timeout(TIMEOUT_S):
            while not isinstance(output := await self.outputs.get(), kind):
                pass
        return output

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._endpoint, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.cancel()
        self._endpoint.close()

    @property
    def port(self) -> int:
        return int(self._endpoint.get_extra_info("sockname")[1])

    def _schedule(self) -> None:
        if self._timer:
            self._timer.cancel()
        deadline = self.peer.deadline()
        if deadline is not None:
            delay_s = max(0.0, deadline - self._clock.now_s())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._on_timer)

    def _on_timer(self) -> None:
        self.carry_out(self.peer.handle_timeout(self._clock.now_s()))


class Client:
    """A peer connection of aiortc that offers a data channel."""

    async def offer(self) -> None:
        self.connection = RTCPeerConnection()
        self.connection.createDataChannel("chat")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        self._offered = sdp.parse(self.connection.localDescription.sdp).media[0]

    @property
    def credentials(self) -> IceCredentials:
        attributes = self._offered.attributes
        return IceCredentials(attributes.value("ice-ufrag") or "", attributes.value("ice-pwd") or "")

    @property
    def fingerprints(self) -> tuple[sdp.Fingerprint, ...]:
        return self._offered.attributes.all(sdp.Fingerprint)

    async def take_answer(self, port: int, role: DtlsRole) -> None:
        """An ICE-lite answer: one candidate, and the offered data channel."""
        attributes = [
            sdp.Attribute("mid", self._offered.mid),
            sdp.Attribute("ice-ufrag", OURS.ufrag),
            sdp.Attribute("ice-pwd", OURS.password),
            CERTIFICATE.fingerprint,
            sdp.Setup(role.value),
            sdp.Attribute("sctp-port", "5000"),
            sdp.Candidate("1", 1, "udp", 2130706431, "127.0.0.1", port, "host"),
            "end-of-candidates",
        ]
        offered = self._offered
        media = replace(offered, port=port, attributes=sdp.Attributes.of(attributes))
        session = sdp.Attributes.of([sdp.Group("BUNDLE", (offered.mid or "",)), "ice-lite"])
        answer = sdp.SessionDescription(sdp.Origin(), (media,), session).serialise()
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client()
    await client.offer()
    yield client
    await client.connection.close()


@pytest.mark.parametrize("role", list(DtlsRole))
async def test_connect_talk_and_part(client: Client, role: DtlsRole) -> None:
    peer = PeerTransport(OURS, client.credentials, CERTIFICATE, client.fingerprints, role)
    async with Shell(peer) as shell:
        await client.take_answer(shell.port, role)
        await shell.first(PathSelected)
        connected = await shell.first(Connected)
        assert connected.keys.profile is SrtpProfile.AEAD_AES_128_GCM
        first = await shell.first(ApplicationData)
        assert first.data.startswith(SCTP_PORTS_5000)
        await client.connection.close()
        assert (await shell.first(Closed)).reason is CloseReason.REMOTE


async def test_a_broken_promise_is_noticed(client: Client) -> None:
    promised = [sdp.Fingerprint("sha-256", bytes(32))]
    peer = PeerTransport(OURS, client.credentials, CERTIFICATE, promised, DtlsRole.SERVER)
    async with Shell(peer) as shell:
        await client.take_answer(shell.port, DtlsRole.SERVER)
        assert (await shell.first(Closed)).reason is CloseReason.FINGERPRINT_MISMATCH
