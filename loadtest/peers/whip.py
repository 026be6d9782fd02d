"""Any server that speaks WHIP (RFC 9725) to publish and WHEP (draft-ietf-wish-whep) to receive. Candidates do not trickle."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from loadtest.bots.shell.bot import Bot
from relay.errors import Forbidden, Misuse, Unauthorised, Unavailable
from relay.server.messages import Source

TIMEOUT_S: Final = 15.0
_PATIENCE: Final = 10
_PAUSE_S: Final = 0.5
"""A server that has not noticed the publisher yet answers 404, 409 or 503: it is asked again."""
_NOT_YET: Final = (404, 409, 503)
_HOLDER: Final = "{name}"


def endpoints_of(text: str) -> tuple[str, str]:
    """`PUBLISH_URL,RECEIVE_URL`, `{name}` standing for the stream's name; or the URL of a relay. Raises `Misuse`."""
    publish, comma, receive = text.partition(",")
    if not comma and urlsplit(publish).path in ("", "/"):
        root = publish.rstrip("/")
        publish, receive = f"{root}/whip/{_HOLDER}", f"{root}/whep/streams/{_HOLDER}"
    if not all(urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname for url in (publish, receive)):
        raise Misuse(
            "write whip:PUBLISH_URL,RECEIVE_URL, both http(s), with {name} where the stream's name goes; or whip:RELAY_URL"
        )
    return publish, receive


class Whip:
    """A `MediaServer` by two URLs. owned: the sessions that are to be deleted."""

    def __init__(self, publish_url: str, receive_url: str, token: str = "", pid: int = 0) -> None:
        self.pid = pid
        self._publish_url = publish_url
        self._receive_url = receive_url
        self._sessions: list[str] = []
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, headers=headers, follow_redirects=True, trust_env=False)

    async def local_address(self) -> str:
        """Of this machine, on the way to the server."""
        parts = urlsplit(self._publish_url)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                parts.hostname, parts.port or 443, family=socket.AF_INET, type=socket.SOCK_DGRAM
            )
        except OSError as error:
            raise Unavailable(f"{parts.hostname} has no IPv4 address: {error}") from error
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(found[0][4])
            return str(probe.getsockname()[0])

    async def publish(self, name: str, bot: Bot, sources: Sequence[Source]) -> None:
        """As `MediaServer`."""
        url = self._publish_url.replace(_HOLDER, name)
        await self._negotiate(url, bot, bot.offer(sources, ()).sdp, patience=1)

    async def receive(self, name: str, bot: Bot, feed: str, sources: Sequence[Source]) -> None:
        """As `MediaServer`."""
        url = self._receive_url.replace(_HOLDER, feed)
        await self._negotiate(url, bot, bot.offer((), sources).sdp, patience=_PATIENCE)

    async def close(self) -> None:
        """End all sessions; one that is gone already, or a server that is, does not matter."""
        for url in self._sessions:
            with suppress(httpx.HTTPError):
                await self._http.delete(url)
        await self._http.aclose()

    async def _negotiate(self, url: str, bot: Bot, offer: str, *, patience: int) -> None:
        response = await self._post(url, offer)
        while response.status_code in _NOT_YET and patience > 1:
            patience -= 1
            await asyncio.sleep(_PAUSE_S)
            response = await self._post(url, offer)
        _check(url, response)
        if location := response.headers.get("location", ""):
            self._sessions.append(urljoin(str(response.url), location))
        await bot.accept(response.text)
        await bot.connected()

    async def _post(self, url: str, offer: str) -> httpx.Response:
        try:
            return await self._http.post(url, content=offer, headers={"content-type": "application/sdp"})
        except httpx.HTTPError as error:
            raise Unavailable(f"POST {url}: {error or type(error).__name__}") from error


def _check(url: str, response: httpx.Response) -> None:
    refusals = {401: Unauthorised, 403: Forbidden}
    if response.status_code != httpx.codes.CREATED:
        kind = refusals.get(response.status_code, Unavailable)
        raise kind(f"POST {url} was answered {response.status_code}: {response.text[:200].strip()}")
    if "sdp" not in response.headers.get("content-type", ""):
        raise Unavailable(f"POST {url} was answered without SDP")
