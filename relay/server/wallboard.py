"""The wallboard: composed once a second while anybody watches, serialised once per encoding, sent to all of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from relay.server.codec import Codec, Frame
from relay.server.connection import Connection
from relay.server.messages import Wallboard

_log = logging.getLogger(__name__)
INTERVAL_S = 1.0


class Wallboards:
    """Who watches, and what they are sent."""

    def __init__(self, compose: Callable[[], Awaitable[Wallboard]]) -> None:
        self._compose = compose
        self._watchers: dict[int, Connection] = {}
        self._joined = asyncio.Event()

    def add(self, watcher: Connection) -> None:
        """Send to this connection from now on, beginning now."""
        self._watchers[id(watcher)] = watcher
        self._joined.set()

    def drop(self, watcher: Connection) -> None:
        """Send it nothing more."""
        self._watchers.pop(id(watcher), None)

    async def run(self) -> None:
        """Once a second, and at once for who joins, for ever; cancel to stop."""
        while True:
            try:
                async with asyncio.timeout(INTERVAL_S if self._watchers else None):
                    await self._joined.wait()
            except TimeoutError:
                pass
            self._joined.clear()
            try:
                await self._send()
            except Exception:
                _log.exception("no wallboard this second")

    async def _send(self) -> None:
        if not self._watchers:
            return
        board = await self._compose()
        frames: dict[Codec, Frame] = {}
        for watcher in list(self._watchers.values()):
            if watcher.codec not in frames:
                frames[watcher.codec] = watcher.codec.serialise(board)
            watcher.send_frame(frames[watcher.codec])
