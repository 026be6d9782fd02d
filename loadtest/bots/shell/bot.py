"""One bot: a socket in the engine, a transport, and its sources and slots by name."""

import asyncio
import dataclasses
import os
import socket
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from loadtest.bots import sdp
from loadtest.bots.ice import Address, Send
from loadtest.bots.transport import Broken, Moved, Output, Ready, Transport
from loadtest.engine import TRAILER, Engine, Reception, Transmission
from loadtest.impair import Profile
from loadtest.impair.shell.path import ImpairedPath
from relay.errors import Misuse, Unavailable
from relay.server.messages import Offer, Source

if TYPE_CHECKING:
    from loadtest.bots.shell.crew import Crew

SOURCES: Final[tuple[Source, ...]] = ("microphone", "camera", "document", "screen")
"""Each has a histogram of its latencies."""
_BUFFER_BYTES: Final = 2_097_152
MAX_LAYERS: Final = 8
MAX_PHASE_S: Final = 0.04
"""Bots begin their frames spread over one frame's time, as cameras do."""


class Bot:
    """Made by `Crew.bot`. `offer` and `accept` negotiate as an offerer; `answer` answers a server's offer."""

    def __init__(self, crew: "Crew", engine: Engine, number: int, network: Profile) -> None:
        self.engine = engine
        self.number = -1
        """The engine's; set by `open`."""
        self.setup_ms: float | None = None
        """From `accept` to keys."""
        self.failure = ""
        self.sources: tuple[Source, ...] = ()
        """Negotiated to be sent."""
        self.slots: tuple[Source, ...] = ()
        """Negotiated to be received."""
        self._crew = crew
        self._seed = number
        self._network = network
        self._socket: socket.socket | None = None
        self._path: ImpairedPath | None = None
        self._transport: Transport | None = None
        self._sections: tuple[sdp.LocalSection, ...] = ()
        self._names: dict[str, Source] = {}
        self._senders: dict[Source, list[int]] = {}
        """A sender a layer, the largest last."""
        self._receivers: dict[Source, int] = {}
        self._changed = asyncio.Event()
        self._connected = False
        self._accepted_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Take a socket."""
        self._socket = self._bound()
        self.number = self.engine.add_bot(self._socket.fileno())
        self._transport = Transport(self._crew.certificate, os.urandom)

    def offer(self, sources: Iterable[Source], slots: Iterable[Source]) -> Offer:
        """What it will send and receive."""
        names = [*((name, True) for name in sources), *((name, False) for name in slots)]
        self._sections = tuple(self._section(str(mid), name, sends) for mid, (name, sends) in enumerate(names))
        self._names = {str(mid): name for mid, (name, _) in enumerate(names)}
        sending = {section.mid for section in self._sections if section.ssrc}
        return Offer(
            sdp=sdp.compose(self._local(), self._sections),
            sources={mid: name for mid, name in self._names.items() if mid in sending},
            slots={mid: name for mid, name in self._names.items() if mid not in sending},
        )

    async def accept(self, answer: str) -> None:
        """Take the server's answer and begin to connect; raises `Malformed`."""
        remote = sdp.read(answer, self._crew.media.codec)
        await self._begin(remote)

    async def answer(self, offer: str, names: Mapping[str, Source]) -> str:
        """Receive what a server offers, by MID, and begin to connect; returns the answer; raises `Malformed`."""
        remote = sdp.read(offer, self._crew.media.codec)
        self._names = dict(names)
        self._sections = tuple(
            sdp.LocalSection(section.mid, "audio" if section.kind == "audio" else "video")
            for section in remote.sections
        )
        text = sdp.compose(self._local("active"), self._sections, remote)
        await self._begin(remote)
        return text

    async def connected(self, timeout_s: float = 20.0) -> None:
        """Return when media can flow; raises `Unavailable` saying why it cannot."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._connected and not self.failure:
                    await self._changed.wait()
                    self._changed.clear()
        except TimeoutError:
            self.failure = self.failure or f"no connection after {timeout_s:g} s"
        if self.failure:
            raise Unavailable(f"the media connection failed: {self.failure}")

    def play(self, source: Source, on: bool = True) -> None:
        """Send a source from now on, beginning with a keyframe, or stop."""
        phase_s = self._crew.chance.uniform(0, MAX_PHASE_S) if on else 0.0
        for sender in self._senders.get(source, ()):
            self.engine.play(sender, on, phase_s=phase_s)

    def expect(self, slot: Source, on: bool = True) -> None:
        """Measure a slot from now on (first frame, freezes, gaps), or stop."""
        if slot in self._receivers:
            self.engine.expect(self._receivers[slot], on)

    def reception(self, slot: Source) -> Reception:
        """Totals of a slot."""
        return self.engine.reception(self._receivers[slot])

    def transmission(self, source: Source) -> Transmission:
        """Totals of a source; of its largest layer, if it has several."""
        return self.engine.transmission(self._senders[source][-1])

    def move(self) -> None:
        """Go on from another address, as a phone that changes networks."""
        if self._socket is None or self._transport is None or self._path is not None:
            return
        old, self._socket = self._socket, self._bound()
        self.engine.move_bot(self.number, self._socket.fileno())
        old.close()
        self._carry_out(self._transport.handle_move(self._crew.clock.now_s()))

    async def close(self, *, silently: bool = False) -> None:
        """Leave, with a goodbye or as in a power cut; more calls do nothing."""
        if self._socket is None or self._transport is None:
            return
        goodbye = [] if silently else self._transport.close()
        self._carry_out(goodbye)
        if self._timer is not None:
            self._timer.cancel()
        self.engine.remove_bot(self.number)
        self._crew.forget(self)
        self._socket.close()
        self._socket = None
        if self._path is not None:
            self._path.close()

    def handle_datagram(self, data: bytes, address: Address) -> None:
        """STUN or DTLS arrived."""
        if self._transport is not None and self._socket is not None:
            self._carry_out(self._transport.handle_datagram(data, address, self._crew.clock.now_s()))

    def _bound(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        made.bind((self._crew.host, 0))
        return made

    def _section(self, mid: str, name: Source, sends: bool) -> sdp.LocalSection:
        kind: sdp.Kind = "audio" if name == "microphone" else "video"
        if not sends:
            return sdp.LocalSection(mid, kind)
        ssrc = self._crew.chance.randrange(1, (1 << 31) - MAX_LAYERS)
        rtx_ssrc = ssrc + (1 << 31) if kind == "video" else 0
        return sdp.LocalSection(mid, kind, ssrc, rtx_ssrc, self._crew.media.layers(name))

    def _local(self, setup: str = "actpass") -> sdp.Local:
        if self._socket is None or self._transport is None:
            raise Misuse("the bot was closed")
        host, port = self._socket.getsockname()
        return sdp.Local(
            self._transport.credentials,
            self._transport.fingerprint,
            host,
            port,
            "active" if setup == "active" else "actpass",
            self._crew.media.codec,
        )

    async def _begin(self, remote: sdp.Remote) -> None:
        if self._transport is None:
            raise Misuse("the bot was closed")
        if not remote.candidates:
            raise Unavailable("the server names no UDP candidate over IPv4")
        if not self._network.is_perfect:
            self._path = ImpairedPath(self._network, self._seed, remote.candidates[0], self._crew.emulator_lateness)
            await self._path.open(self._crew.host)
            remote = dataclasses.replace(remote, candidates=(self._path.address,))
        self._wire(remote)
        self._accepted_s = self._crew.clock.now_s()
        self._carry_out(self._transport.accept(remote, self._accepted_s))

    def _wire(self, remote: sdp.Remote) -> None:
        """Senders and receivers of what both sides agreed on."""
        theirs = {section.mid: section for section in remote.sections if section.accepted}
        feedback: list[sdp.RemoteSection] = []
        for section in self._sections:
            agreed = theirs.get(section.mid)
            name = self._names.get(section.mid)
            if agreed is None or name is None:
                continue
            if section.ssrc:
                self._senders[name] = self._layers(section, agreed, name)
            else:
                self._receivers[name] = self._receiver(section, agreed, name)
                feedback.append(agreed)
        ids, remb = [each.transport_id for each in feedback], any(each.remb for each in feedback)
        self.engine.report(self.number, transport_id=max(ids, default=0), remb=remb)
        self.sources, self.slots = tuple(self._senders), tuple(self._receivers)

    def _layers(self, section: sdp.LocalSection, agreed: sdp.RemoteSection, name: Source) -> list[int]:
        """A sender for each layer that the server wants; for a server without simulcast the largest alone."""
        wanted = [rid for rid in section.rids if rid in agreed.rids and agreed.rid_id]
        if not wanted:
            return [self._sender(section, agreed, self._crew.program(name, section.rids[-1] if section.rids else ""))]
        return [self._sender(section, agreed, self._crew.program(name, rid), rid) for rid in wanted]

    def _sender(self, section: sdp.LocalSection, agreed: sdp.RemoteSection, program: int, rid: str = "") -> int:
        layer = section.rids.index(rid) if rid else 0
        return self.engine.add_sender(
            self.number,
            program,
            payload_type=agreed.payload_type,
            ssrc=section.ssrc + layer,
            rtx_payload_type=agreed.rtx_payload_type,
            rtx_ssrc=section.rtx_ssrc + layer if agreed.rtx_payload_type else 0,
            stamp_id=self._stamp_id(agreed),
            transport_id=agreed.transport_id,
            mid_id=agreed.mid_id,
            mid=section.mid.encode(),
            rid_id=agreed.rid_id if rid else 0,
            rid_again_id=agreed.repaired_rid_id,
            rid=rid.encode(),
        )

    def _receiver(self, section: sdp.LocalSection, agreed: sdp.RemoteSection, name: Source) -> int:
        return self.engine.add_receiver(
            self.number,
            ssrc=agreed.ssrc,
            codec=self._crew.media.codec if section.kind == "video" else "opus",
            histogram=SOURCES.index(name),
            payload_type=agreed.payload_type,
            rtx_ssrc=agreed.rtx_ssrc,
            rtx_payload_type=agreed.rtx_payload_type,
            stamp_id=self._stamp_id(agreed),
        )

    def _stamp_id(self, agreed: sdp.RemoteSection) -> int:
        return TRAILER if self._crew.media.stamp_behind_payload else agreed.stamp_id

    def _timeout(self) -> None:
        self._timer = None
        if self._transport is not None:
            self._carry_out(self._transport.handle_timeout(self._crew.clock.now_s()))

    def _carry_out(self, outputs: list[Output]) -> None:
        for each in outputs:
            match each:
                case Send(data, address):
                    self.engine.transmit(self.number, data, *address)
                case Ready():
                    self._ready(each)
                case Moved(path):
                    self.engine.set_path(self.number, *path)
                case Broken(reason):
                    self.failure = reason
                    self._changed.set()
        self._arm()

    def _ready(self, ready: Ready) -> None:
        self.engine.set_path(self.number, *ready.path)
        self.engine.set_keys(self.number, ready.profile, ready.send_key, ready.receive_key)
        self.setup_ms = (self._crew.clock.now_s() - self._accepted_s) * 1000
        self._connected = True
        self._changed.set()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._transport.deadline() if self._transport is not None and self._socket is not None else None
        if deadline is not None:
            delay_s = max(0.0, deadline - self._crew.clock.now_s())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._timeout)
