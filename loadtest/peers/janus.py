"""Debian's Janus with a clean configuration of our own: VideoRoom over its WebSocket API, ICE-lite like relay.

Janus skips loopback addresses, so it runs in a namespace with an address of its own.
"""

import asyncio
import itertools
import json
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from loadtest.bots import sdp
from loadtest.bots.shell.bot import Bot
from loadtest.peers.media_server import Namespace, stopped
from relay.errors import Misuse, Unavailable
from relay.server.messages import Source

_PORT: Final = 8188
_ROOM: Final = 1000
_LIBRARIES: Final = Path("/usr/lib/x86_64-linux-gnu/janus")
_KEEPALIVE_S: Final = 20.0
_REPLY_S: Final = 15.0

_GENERAL: Final = """
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{libraries}/plugins"
  transports_folder = "{libraries}/transports"
  events_folder = "{folder}"
  loggers_folder = "{folder}"
  log_to_stdout = true
  debug_level = 2
}}
certificates: {{}}
media: {{ }}
nat: {{ ice_lite = true, ice_enforce_list = "{address}" }}
plugins: {{ disable = "{unused_plugins}" }}
transports: {{ disable = "{unused_transports}" }}
"""
_WEBSOCKETS: Final = 'general: {{ json = "compact", ws = true, ws_port = {port}, ws_ip = "{address}" }}\n'


class Janus:
    """A `MediaServer`."""

    def __init__(self, process: asyncio.subprocess.Process, folder: "tempfile.TemporaryDirectory[str]") -> None:
        self._process = process
        self._folder = folder
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._session = 0
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._feeds: dict[str, int] = {}
        self._control = 0

    @classmethod
    async def start(cls, namespace: Namespace) -> "Janus":
        """Raises `Misuse` when it is not installed, `Unavailable` when it does not come up."""
        if shutil.which("janus") is None:
            raise Misuse("Janus is not installed: apt-get install --no-install-recommends janus")
        folder = tempfile.TemporaryDirectory(prefix="loadtest-janus-")
        await asyncio.to_thread(_configure, Path(folder.name), namespace.inside)
        with await asyncio.to_thread(open, Path(folder.name, "janus.log"), "wb") as log:
            process = await asyncio.create_subprocess_exec(
                *namespace.command("janus", "-F", folder.name, "-C", f"{folder.name}/janus.jcfg"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        janus = cls(process, folder)
        try:
            await janus._open(f"ws://{namespace.inside}:{_PORT}")
        except BaseException:
            await janus.close()
            raise
        return janus

    @property
    def pid(self) -> int:
        """As `MediaServer`."""
        return self._process.pid

    async def publish(self, name: str, bot: Bot, sources: Sequence[Source]) -> None:
        """As `MediaServer`."""
        offer = bot.offer(sources, ())
        handle = await self._attach()
        body = {"request": "joinandconfigure", "room": _ROOM, "ptype": "publisher", "display": name}
        event = await self._message(handle, body, {"type": "offer", "sdp": offer.sdp})
        self._feeds[name] = event["plugindata"]["data"]["id"]
        await bot.accept(event["jsep"]["sdp"])
        await bot.connected()

    async def receive(self, name: str, bot: Bot, feed: str, sources: Sequence[Source]) -> None:
        """As `MediaServer`; Janus offers here."""
        handle = await self._attach()
        join = {"request": "join", "room": _ROOM, "ptype": "subscriber", "streams": [{"feed": self._feeds[feed]}]}
        event = await self._message(handle, join, None)
        offer = event["jsep"]["sdp"]
        mids = [section.mid for section in sdp.read(offer).sections]
        answer = await bot.answer(offer, dict(zip(mids, sources, strict=True)))
        await self._message(handle, {"request": "start"}, {"type": "answer", "sdp": answer})
        await bot.connected()

    async def close(self) -> None:
        """As `MediaServer`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        if self._process.returncode is None:
            self._process.terminate()
        await stopped(self._process)
        await asyncio.to_thread(self._folder.cleanup)

    async def _open(self, url: str) -> None:
        for _ in range(100):
            try:
                self._socket = await connect(url, subprotocols=[Subprotocol("janus-protocol")], proxy=None)
                break
            except (OSError, InvalidHandshake):
                if self._process.returncode is not None:
                    break
                await asyncio.sleep(0.1)
        if self._socket is None:
            log = await asyncio.to_thread(Path(self._folder.name, "janus.log").read_text, "utf-8", "replace")
            raise Unavailable("Janus did not start: " + " / ".join(log.strip().splitlines()[-4:]))
        self._tasks = [asyncio.create_task(self._read(self._socket)), asyncio.create_task(self._keep_alive())]
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]
        self._control = await self._attach()
        room = {"request": "create", "room": _ROOM, "publishers": 1000, "audiocodec": "opus", "videocodec": "vp8"}
        await self._message(self._control, {**room, "bitrate": 100_000_000, "fir_freq": 0}, None)

    async def _attach(self) -> int:
        reply = await self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"})
        handle: int = reply["data"]["id"]
        return handle

    async def _message(self, handle: int, body: Mapping[str, Any], jsep: Mapping[str, Any] | None) -> Mapping[str, Any]:
        message: dict[str, Any] = {"janus": "message", "handle_id": handle, "body": body}
        if jsep is not None:
            message["jsep"] = jsep
        event = await self._ask(message)
        data = event.get("plugindata", {}).get("data", {})
        if "error" in data:
            raise Unavailable(f"Janus answers: {data['error']}")
        return event

    async def _ask(self, message: dict[str, Any]) -> Mapping[str, Any]:
        if self._socket is None:
            raise Unavailable("Janus is not connected")
        transaction = f"{next(self._numbers)}-{secrets.token_hex(4)}"
        reply: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = reply
        session = {"session_id": self._session} if self._session else {}
        try:
            await self._socket.send(json.dumps({**message, **session, "transaction": transaction}))
            async with asyncio.timeout(_REPLY_S):
                return await reply
        except (TimeoutError, WebSocketException) as error:
            raise Unavailable(f"Janus does not answer {message['janus']}: {error}") from error
        finally:
            del self._waiting[transaction]

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            message = json.loads(frame)
            # An `ack` says that the answer comes later, as an event of the same transaction.
            reply = self._waiting.get(message.get("transaction", ""))
            if message["janus"] == "ack" or reply is None or reply.done():
                continue
            if message["janus"] == "error":
                reply.set_exception(Unavailable(f"Janus answers: {message['error']['reason']}"))
            else:
                reply.set_result(message)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_KEEPALIVE_S)
            if self._socket is not None:
                message = {"janus": "keepalive", "session_id": self._session, "transaction": "keepalive"}
                await self._socket.send(json.dumps(message))


def _configure(folder: Path, address: str) -> None:
    """Only VideoRoom and WebSockets."""
    unused = {
        kind: ",".join(path.name for path in (_LIBRARIES / kind).glob("*.so") if path.name != kept)
        for kind, kept in (("plugins", "libjanus_videoroom.so"), ("transports", "libjanus_websockets.so"))
    }
    text = _GENERAL.format(
        folder=folder,
        libraries=_LIBRARIES,
        address=address,
        unused_plugins=unused["plugins"],
        unused_transports=unused["transports"],
    )
    (folder / "janus.jcfg").write_text(text, "utf-8")
    websockets = _WEBSOCKETS.format(port=_PORT, address=address)
    (folder / "janus.transport.websockets.jcfg").write_text(websockets, "utf-8")
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: {}\n", "utf-8")
