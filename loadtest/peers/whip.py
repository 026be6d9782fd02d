"""Any server that speaks WHIP (RFC 9725) to publish and WHEP to receive."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Final
from urllib.parse import urljoin

from loadtest.bots.shell.bot import Bot
from relay.errors import Misuse, Unavailable
from relay.server.messages import Source

_TIMEOUT_S: Final = 15.0


class Whip:
    """A `MediaServer` by two URLs in which `{name}` stands for the publisher's name."""

    def __init__(self, publish_url: str, receive_url: str, token: str = "") -> None:
        if not all(url.startswith(("http://", "https://")) for url in (publish_url, receive_url)):
            raise Misuse("write whip:PUBLISH_URL,RECEIVE_URL, both http(s), with {name} where the stream's name goes")
        self._publish_url = publish_url
        self._receive_url = receive_url
        self._token = token
        self._resources: list[str] = []

    @property
    def pid(self) -> int:
        """As `MediaServer`: elsewhere."""
        return 0

    async def publish(self, name: str, bot: Bot, sources: Sequence[Source]) -> None:
        """As `MediaServer`."""
        await self._negotiate(self._publish_url.replace("{name}", name), bot, bot.offer(sources, ()).sdp)

    async def receive(self, name: str, bot: Bot, feed: str, sources: Sequence[Source]) -> None:
        """As `MediaServer`."""
        await self._negotiate(self._receive_url.replace("{name}", feed), bot, bot.offer((), sources).sdp)

    async def close(self) -> None:
        """End all sessions."""
        for url in self._resources:
            await asyncio.to_thread(self._ask, "DELETE", url, None)

    async def _negotiate(self, url: str, bot: Bot, offer: str) -> None:
        answer, resource = await asyncio.to_thread(self._ask, "POST", url, offer)
        if resource:
            self._resources.append(urljoin(url, resource))
        await bot.accept(answer)
        await bot.connected()

    def _ask(self, method: str, url: str, body: str | None) -> tuple[str, str]:
        headers = {"content-type": "application/sdp"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        data = None if body is None else body.encode()
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  checked at construction
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
                return response.read().decode(), response.headers.get("location", "")
        except urllib.error.HTTPError as error:
            raise Unavailable(f"{method} {url}: {error.code} {error.reason}") from error
        except OSError as error:
            raise Unavailable(f"{method} {url}: {error}") from error
