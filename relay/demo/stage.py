"""The process of the synthetic participants, seen from the relay's."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from relay.demo.cast import Moment, Script

_GOODBYE_S = 5.0
_MAX_LINE_BYTES = 65_536


class Stage:
    """`moment` is the latest that was told; `changed` is set with each."""

    def __init__(self, process: Process) -> None:
        self.moment = Moment()
        self.changed = asyncio.Event()
        self.over = False
        """No more moments will come."""
        self._process = process

    async def follow(self) -> None:
        """Read moments until the process ends."""
        decoder = msgspec.json.Decoder(Moment)
        if self._process.stdout is not None:
            async for line in self._process.stdout:
                self.moment = decoder.decode(line)
                self.changed.set()
        self.over = True
        self.changed.set()

    async def moments(self) -> AsyncIterator[Moment]:
        """Each latest moment, until there are no more."""
        while not self.over:
            await self.changed.wait()
            self.changed.clear()
            yield self.moment

    async def drop_curtain(self) -> None:
        """Have the kiosk hang up, and the process end; kill it when it does not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def staged(script: Script) -> AsyncIterator[Stage]:
    """Perform a script for as long as the context is open."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "relay.demo.cast",
        stdin=PIPE,
        stdout=PIPE,
        limit=_MAX_LINE_BYTES,
        start_new_session=True,  # an interrupt from the terminal is ours to pass on
    )
    stage = Stage(process)
    follower = asyncio.create_task(stage.follow(), name="stage")
    try:
        if process.stdin is not None:
            process.stdin.write(msgspec.json.encode(script) + b"\n")
            await process.stdin.drain()
        yield stage
    finally:
        await stage.drop_curtain()
        await follower
