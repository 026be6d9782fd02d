"""One recorder's process as the relay sees it: lines out, lines in, an end in every case."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

import msgspec

from relay.recorder.messages import Command, Start, Telling

_TELLINGS: Final = msgspec.json.Decoder(Telling)
_LINE_BYTES: Final = 1 << 20
_GOODBYE_S: Final = 10.0
_KEPT: Final = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_PRELOAD", "ASAN_OPTIONS")
"""Of the environment: the relay's may hold secrets that a recorder has no use for."""


class RecorderProcess:
    """A running recorder."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def spawn(cls, start: Start) -> "RecorderProcess":
        """Begin one. Raises `OSError` when the machine has no room for a process."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "relay.recorder.shell",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )
        recorder = cls(process)
        recorder.tell(start)
        return recorder

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def tell(self, command: Command) -> None:
        """Say something; never waits. To one that has died it goes nowhere."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(msgspec.json.encode(command) + b"\n")

    async def tellings(self) -> AsyncIterator[Any]:
        """What it says, until it has nothing more to say."""
        assert self._process.stdout is not None  # noqa: S101  it was asked for
        while line := await self._process.stdout.readline():
            with suppress(msgspec.DecodeError):
                yield _TELLINGS.decode(line)

    async def end(self) -> int:
        """Its status, once it is gone; it has `_GOODBYE_S` to go by itself."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_GOODBYE_S):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()
