"""The synthetic participants, in a process of their own: their codecs would hold up the loop of the relay.

`python -m relay.demo.cast` reads a `Script` (one line of JSON) from standard input, tells a `Moment` a line on standard
output, and hangs up and ends when its input is closed, so it never outlives the demonstration.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any

import msgspec
import uvloop

from relay.client.webrtc import VideoCodec
from relay.demo.kiosk import SyntheticKiosk, Wish
from relay.demo.material import KIOSK_SLOTS, SEAT_SLOTS, kiosk_material, seat_material
from relay.demo.seat import SyntheticSeat
from relay.demo.station import SlotReport, Station
from relay.errors import RelayError
from relay.server.messages import CallState

_TELL_S = 0.5


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What to perform."""

    signalling: str
    """Address of the WebSocket."""
    item: str
    codec: VideoCodec
    kiosk_token: str
    seat_token: str = ""
    """Empty: nobody answers here."""

    def __repr__(self) -> str:
        return f"Script({self.item}, {self.codec})"  # tokens are secrets


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Where the performance is."""

    call: CallState | None = None
    calls_connected: int = 0
    peers: dict[str, str] = {}
    """Name in the SFU of each participant that has joined."""
    reports: dict[str, list[SlotReport]] = {}
    failure: str = ""
    """Why it ended; empty while it goes on."""


class Cast:
    """One kiosk, and a seat if it has a token; `tell` hears of every moment."""

    def __init__(self, script: Script, tell: Callable[[Moment], None]) -> None:
        self._script = script
        self._tell = tell
        self._stations: dict[str, Station] = {}
        self._kiosk: SyntheticKiosk | None = None
        self._parties: list[asyncio.Task[None]] = []

    async def perform(self, curtain: asyncio.Event) -> None:
        """Call, and call again, until the curtain falls or a participant has to give up."""
        async with AsyncExitStack() as stack:
            await self._enter(stack)
            falls = asyncio.create_task(curtain.wait(), name="curtain")
            try:
                while not (falls.done() or any(party.done() for party in self._parties)):
                    await asyncio.wait([falls, *self._parties], timeout=_TELL_S, return_when=asyncio.FIRST_COMPLETED)
                    self._tell(self._moment())
                if self._kiosk is not None:
                    with suppress(RelayError):
                        await self._kiosk.hang_up()
            finally:
                for task in (falls, *self._parties):
                    task.cancel()
                await asyncio.gather(falls, *self._parties, return_exceptions=True)

    async def _enter(self, stack: AsyncExitStack) -> None:
        script, codec = self._script, self._script.codec
        # All encoding comes first: it holds up the loop.
        material = {"kiosk": kiosk_material(codec)} | ({"seat": seat_material(codec)} if script.seat_token else {})
        for name, slots in (("kiosk", KIOSK_SLOTS), ("seat", SEAT_SLOTS)):
            if name in material:
                self._stations[name] = await stack.enter_async_context(Station(material[name], slots, codec))
        kiosk = self._kiosk = SyntheticKiosk(
            self._stations["kiosk"], Wish(script.item), tell=lambda _: self._tell(self._moment())
        )
        self._play("kiosk", kiosk.run(script.signalling, script.kiosk_token))
        if script.seat_token:
            self._play("seat", SyntheticSeat(self._stations["seat"]).run(script.signalling, script.seat_token))

    def _play(self, name: str, part: Coroutine[Any, Any, None]) -> None:
        self._parties.append(asyncio.create_task(part, name=name))

    def _moment(self) -> Moment:
        ended = [each for each in self._parties if each.done() and not each.cancelled()]
        failures = [f"the {each.get_name()} gave up: {each.exception()}" for each in ended]
        return Moment(
            call=self._kiosk.state if self._kiosk else None,
            calls_connected=self._kiosk.calls_connected if self._kiosk else 0,
            peers={name: each.peer for name, each in self._stations.items() if each.peer is not None},
            reports={name: list(each.reports()) for name, each in self._stations.items()},
            failure="; ".join(failures),
        )


async def _main() -> None:
    script = msgspec.json.decode(sys.stdin.buffer.readline(), type=Script)
    curtain = asyncio.Event()

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            curtain.set()

    def tell(moment: Moment) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(moment) + b"\n")
        sys.stdout.buffer.flush()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), read)
    await Cast(script, tell).perform(curtain)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, suppress(BrokenPipeError):
        runner.run(_main())
