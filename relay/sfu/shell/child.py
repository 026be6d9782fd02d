"""The node's hand on one worker process: starts it, asks it, hears it, and knows when it has gone."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeVar

from relay.config import SfuSettings
from relay.errors import InvariantError, LimitReached, Unavailable
from relay.sfu.pool import messages
from relay.sfu.session.data_channels import Deliver
from relay.sfu.shell.channel import Channel

_MAX_PENDING = 8192
"""Requests without a reply; a worker that is alive answers thousands a second."""
_MAX_UNREAD_BYTES = 1024 * 1024
"""What may be lost is not sent to a worker that has so much still to read."""
_START_S = 20.0
_GOODBYE_S = 2.0
_LOOK_S = 0.02
"""A process that has said goodbye is gone at once; waiting for it in a thread would outlive a loop that is closed."""
_LOOKS_BEFORE_KILL = 50
_LAST_LOOKS = 500
_SECRETS = "RELAY_"
"""Our own variables may hold secrets, and a worker needs none of them."""
_LOG = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=messages.Reply)
Heard = messages.Happened | messages.Report | messages.PeerReports


class Child:
    """One process. `heard` gets what it says by itself, `gone` is called once, when it has ended or is given up.

    given: index, settings, the two callbacks. owned: the process, the channel, the requests without a reply.
    """

    def __init__(
        self,
        index: int,
        settings: SfuSettings,
        heard: Callable[["Child", Heard], None],
        gone: Callable[["Child", str], None],
    ) -> None:
        self.index = index
        self._settings = settings
        self._heard = heard
        self._gone = gone
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel[messages.ToNode] | None = None
        self._ids = count(1)
        self._pending: dict[int, asyncio.Future[messages.Reply]] = {}
        self._ready: asyncio.Future[messages.Ready] = asyncio.get_running_loop().create_future()
        self._ended = False

    @property
    def address(self) -> tuple[str, int]:
        """Where its media port is bound. Raises `Misuse` before `start` has returned."""
        return self._ready.result().address

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid if self._process is not None else 0

    async def start(self) -> None:
        """Start the process; returns when it serves. Raises `Unavailable` when it does not."""
        self._channel = await Channel.over(self._launch(), messages.ToNode, self._receive, self._end)
        level = logging.getLogger().getEffectiveLevel()
        self._channel.send(messages.Configure(messages.VERSION, self.index, self._settings, level))
        try:
            async with asyncio.timeout(_START_S):
                ready = await asyncio.shield(self._ready)
        except TimeoutError as error:
            raise Unavailable(f"media worker {self.index} did not start in {_START_S:g} s") from error
        if ready.version != messages.VERSION:
            raise Unavailable(f"the program on the disk is not the one that runs: restart it (worker {self.index})")
        if self._ended:
            raise Unavailable(f"media worker {self.index} ended at once")

    def _launch(self) -> socket.socket:
        """A new process; our end of what joins us."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise Unavailable(f"media worker {self.index} cannot be started: {error.strerror}") from error
        try:
            ours.setblocking(False)
            # A fresh interpreter: a fork would inherit our sockets, threads and the state of a running loop.
            self._process = subprocess.Popen(  # noqa: S603  returns at once; our own program
                [sys.executable, "-m", "relay.sfu.shell.process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(os.environ),
            )
        except OSError as error:
            ours.close()
            raise Unavailable(f"media worker {self.index} cannot be started: {error.strerror}") from error
        finally:
            theirs.close()
        return ours

    async def ask(self, request: messages.Request, expect: type[Answer], timeout_s: float) -> Answer:
        """The reply to a request made with `next_id`. Raises the worker's refusal, and `Unavailable`."""
        try:
            async with asyncio.timeout(timeout_s):
                reply = await self.post(request)
        except TimeoutError as error:
            raise Unavailable(f"media worker {self.index} does not answer") from error
        if isinstance(reply, messages.Refused):
            raise messages.error_of(reply)
        if not isinstance(reply, expect):
            raise InvariantError(f"{type(reply).__name__} is no reply to {type(request).__name__}")
        return reply

    def next_id(self) -> int:
        """For the next request."""
        return next(self._ids)

    def post(self, request: messages.Request) -> "asyncio.Future[messages.Reply]":
        """Send a request; its reply comes later. Raises `Unavailable` and `LimitReached`."""
        if self._channel is None or self._ended:
            raise Unavailable(f"media worker {self.index} is gone")
        if len(self._pending) >= _MAX_PENDING:
            raise LimitReached(f"media worker {self.index} has {_MAX_PENDING} requests to answer")
        reply: asyncio.Future[messages.Reply] = asyncio.get_running_loop().create_future()
        self._pending[request.id] = reply
        reply.add_done_callback(lambda _: self._pending.pop(request.id, None))
        self._channel.send(request)
        return reply

    def tell(self, message: Deliver) -> bool:
        """Say something without reply; False when it has gone, or has too much to read already."""
        if self._channel is None or self._ended or self._channel.unsent_bytes > _MAX_UNREAD_BYTES:
            return False
        try:
            self._channel.send(message)
        except Unavailable:
            return False
        return True

    async def stop(self) -> None:
        """Let it say goodbye to its peers, then make sure that it has gone."""
        if not self._ended:
            try:
                await self.ask(messages.Stop(self.next_id()), messages.Done, _GOODBYE_S)
            except (Unavailable, LimitReached):
                _LOG.warning("a worker had to be killed", extra={"worker": self.index})
        await self.reap()

    def kill(self, why: str) -> None:
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
        self._end(why)

    async def reap(self) -> None:
        """Wait for the process to be gone, by force if need be."""
        if self._process is None:
            return
        for look in range(_LAST_LOOKS):
            if self._process.poll() is not None:
                break
            if look == _LOOKS_BEFORE_KILL:
                self._process.kill()
            await asyncio.sleep(_LOOK_S)
        self._end("it was stopped")

    def _receive(self, message: messages.ToNode) -> None:
        match message:
            case messages.Ready():
                if not self._ready.done():
                    self._ready.set_result(message)
            case messages.LogLine():
                _write_log(self.index, message)
            case messages.Happened() | messages.Report() | messages.PeerReports():
                self._heard(self, message)
            case _:
                reply = self._pending.get(message.id)
                if reply is not None and not reply.done():
                    reply.set_result(message)

    def _end(self, why: str) -> None:
        if self._ended:
            return
        self._ended = True
        if self._channel is not None:
            self._channel.close()
        error = Unavailable(f"media worker {self.index} has gone: {why or 'it ended'}")
        waits: list[asyncio.Future[Any]] = [self._ready, *self._pending.values()]
        for waiting in waits:
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # it may be that nobody waits
        self._gone(self, why or "it ended")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(_SECRETS)}


def _write_log(worker: int, line: messages.LogLine) -> None:
    fields = {**line.fields, "worker": worker}
    text = f"{line.message}\n{line.error}" if line.error else line.message
    logging.getLogger(line.logger).log(line.level, "%s", text, extra=fields)
