"""A media worker as a process of its own: `python -m relay.sfu.shell.process FD`, started by `relay.sfu.shell.child`.

It serves its node over the socket `FD`, and has no life without it: it ends when the socket does, and the kernel ends it
when the node dies while it is busy. Its log lines go to the node. It is told nothing in its arguments and environment
but which socket to use.
"""

import asyncio
import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from relay.clock import SystemClock
from relay.errors import RelayError, Unavailable
from relay.sfu.pool import messages
from relay.sfu.session.data_channels import Deliver
from relay.sfu.session.events import MessageElsewhere, SfuEvent
from relay.sfu.shell.channel import Channel
from relay.sfu.shell.node import Sfu

REPORT_S = 0.5
_PEER_ROUND_S = 2.0
"""In which every peer is reported once."""
_PEER_STEP_S = 0.02
_MAX_UNREAD_BYTES = 1024 * 1024
"""What may be lost is not sent to a node that has so much still to read."""
_PR_SET_PDEATHSIG = 1
_SIMPLE = (str, int, float)
_LOG = logging.getLogger(__name__)


class WorkerProcess:
    """One worker: requests in, replies, events and reports out."""

    def __init__(self) -> None:
        self._channel: Channel[messages.ToWorker] | None = None
        self._requests: asyncio.Queue[messages.ToWorker | None] = asyncio.Queue()

    async def run(self, end: socket.socket) -> None:
        """Until the node says so, or has gone."""
        self._channel = await Channel.over(end, messages.ToWorker, self._requests.put_nowait, self._node_gone)
        configure = await self._requests.get()
        if not isinstance(configure, messages.Configure) or configure.version != messages.VERSION:
            self._send(messages.Ready(messages.VERSION, ("", 0)))
            return
        _send_log(self._send_spare, configure.log_level)
        sfu = Sfu(configure.settings, SystemClock())
        await sfu.start()
        sfu.subscribe(self._tell)
        gc.collect()
        gc.freeze()
        self._send(messages.Ready(messages.VERSION, sfu.address))
        chores = [asyncio.create_task(each(sfu)) for each in (self._report, self._report_peers)]
        for chore in chores:
            chore.add_done_callback(self._chore_ended)
        try:
            await self._serve(sfu)
        finally:
            for chore in chores:
                chore.cancel()
            await sfu.close()
            self._channel.close()

    def _chore_ended(self, chore: "asyncio.Task[None]") -> None:
        """One that fails would leave the node blind: better a new process."""
        if not chore.cancelled():
            _LOG.critical("a worker cannot report", exc_info=chore.exception())
            self._requests.put_nowait(None)

    async def _serve(self, sfu: Sfu) -> None:
        while (request := await self._requests.get()) is not None:
            if isinstance(request, messages.Stop):
                self._send(messages.Done(request.id))
                return
            if isinstance(request, messages.Configure):
                continue
            if isinstance(request, Deliver):
                sfu.pipe(request)
                continue
            self._send(await self._reply(sfu, request))

    async def _reply(self, sfu: Sfu, request: messages.Request) -> messages.Reply:
        try:
            return await _HANDLERS[type(request)](sfu, request)
        except RelayError as error:
            return messages.refused(request.id, error)
        except Exception as error:  # a bug in one request must not end the calls of everybody else
            _LOG.exception("a request failed", extra={"request": type(request).__name__})
            return messages.refused(request.id, error)

    def _tell(self, event: SfuEvent) -> None:
        send = self._send_spare if isinstance(event, MessageElsewhere) else self._send
        send(messages.happened(event))

    async def _report(self, sfu: Sfu) -> None:
        while True:
            self._send_spare(messages.Report(sfu.stats()))
            await asyncio.sleep(REPORT_S)

    async def _report_peers(self, sfu: Sfu) -> None:
        """A few peers at a time: whoever asks for all of them at once holds up the media."""
        steps = round(_PEER_ROUND_S / _PEER_STEP_S)
        while True:
            waiting = sfu.peer_ids()
            share = -(-len(waiting) // steps) or 1
            for first in range(0, len(waiting), share):
                found = (sfu.peer_stats(peer) for peer in waiting[first : first + share])
                self._send_spare(messages.PeerReports(tuple(each for each in found if each is not None)))
                await asyncio.sleep(_PEER_STEP_S)
            if len(waiting) < steps:
                await asyncio.sleep(_PEER_ROUND_S - _PEER_STEP_S * len(waiting))

    def _send(self, message: messages.ToNode) -> None:
        if self._channel is not None:
            try:
                self._channel.send(message)
            except Unavailable:
                self._node_gone("")

    def _send_spare(self, message: messages.ToNode) -> None:
        if self._channel is not None and self._channel.unsent_bytes < _MAX_UNREAD_BYTES:
            self._send(message)

    def _node_gone(self, _why: str) -> None:
        self._requests.put_nowait(None)


async def _answer(sfu: Sfu, request: messages.Answer) -> messages.Reply:
    return messages.Answered(request.id, await sfu.answer(request.peer, request.offer))


async def _route(sfu: Sfu, request: messages.Route) -> messages.Reply:
    await sfu.route(request.slot, request.source)
    return messages.Done(request.id)


async def _remove(sfu: Sfu, request: messages.Remove) -> messages.Reply:
    await sfu.remove(request.peer)
    return messages.Done(request.id)


async def _pipe(sfu: Sfu, request: messages.Pipe) -> messages.Reply:
    return messages.Piped(request.id, sfu.pipe(request.command))


_HANDLERS: dict[type[messages.Request], Callable[[Sfu, Any], Awaitable[messages.Reply]]] = {
    messages.Answer: _answer,
    messages.Route: _route,
    messages.Remove: _remove,
    messages.Pipe: _pipe,
}


class _NodeLog(logging.Handler):
    """Puts log records on the channel."""

    def __init__(self, send: Callable[[messages.ToNode], None]) -> None:
        super().__init__()
        self._send = send
        self._standard = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def emit(self, record: logging.LogRecord) -> None:
        """Send one."""
        extras = {name: value for name, value in vars(record).items() if name not in self._standard}
        fields = {name: value if isinstance(value, _SIMPLE) else str(value) for name, value in extras.items()}
        error = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self._send(messages.LogLine(record.levelno, record.name, record.getMessage(), fields, error))


def _send_log(send: Callable[[messages.ToNode], None], level: int) -> None:
    logging.basicConfig(level=level, handlers=[_NodeLog(send)], force=True)


def main(arguments: list[str]) -> None:
    """The program."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    for stop in (signal.SIGINT, signal.SIGTERM):
        # Ctrl-C reaches the whole process group; it is the node that says when a worker ends.
        signal.signal(stop, signal.SIG_IGN)
    end = socket.socket(fileno=int(arguments[0]))
    end.setblocking(False)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(WorkerProcess().run(end))


if __name__ == "__main__":
    main(sys.argv[1:])
