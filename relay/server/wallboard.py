"""The wallboard: composed once a second while anybody watches, serialised once per encoding, sent to all of them."""

import asyncio
import logging
from collections.abc import Callable

from relay.server.codec import Codec, Frame
from relay.server.connection import Connection
from relay.server.messages import Wallboard

_log = logging.getLogger(__name__)
INTERVAL_S = 1.0


class Wallboards:
    """Who watches, and what they are sent."""

    def __init__(self, compose: Callable[[], Wallboard]) -> None:
        self._compose = compose
        self._watchers: dict[int, Connection] = {}
        self._wakened = asyncio.Event()

    def add(self, watcher: Connection) -> None:
        """Send to this connection from now on, beginning now."""
        self._watchers[id(watcher)] = watcher
        watcher.send(self._compose())
        self._wakened.set()

    def drop(self, watcher: Connection) -> None:
        """Send it nothing more."""
        self._watchers.pop(id(watcher), None)

    async def run(self) -> None:
        """Once a second, for ever; cancel to stop."""
        while True:
            if not self._watchers:
                self._wakened.clear()
                await self._wakened.wait()
            await asyncio.sleep(INTERVAL_S)
            try:
                self._send()
            except Exception:
                _log.exception("no wallboard this second")

    def _send(self) -> None:
        if not self._watchers:
            return
        board = self._compose()
        frames: dict[Codec, Frame] = {}
        for watcher in list(self._watchers.values()):
            if watcher.codec not in frames:
                frames[watcher.codec] = watcher.codec.serialise(board)
            watcher.send_frame(frames[watcher.codec])
