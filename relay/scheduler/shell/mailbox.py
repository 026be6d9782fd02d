"""Commands on their way to the engine, and the callers who wait for an answer."""

import asyncio
from collections import deque
from collections.abc import Iterator

import msgspec

from relay.errors import RelayError, Unavailable
from relay.scheduler.commands import AnyCommand
from relay.scheduler.events import AnyEvent

Answer = tuple[AnyEvent, ...]


class Overloaded(Unavailable):
    """More commands are waiting than the scheduler may hold."""

    problem = "overloaded"


class Request(msgspec.Struct, gc=False):
    """One command, and the future that its caller awaits."""

    command: AnyCommand
    answer: "asyncio.Future[Answer]"

    def resolve(self, outcome: Answer | Exception) -> None:
        """Answer, unless the caller has gone."""
        if self.answer.done():
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class Mailbox:
    """A bounded queue with one reader. `shut` holds why nothing is taken, while that is so."""

    def __init__(self, capacity: int) -> None:
        self.shut: RelayError | None = None
        self._capacity = capacity
        self._requests: deque[Request] = deque()
        self._wakened = asyncio.Event()

    def __len__(self) -> int:
        return len(self._requests)

    def post(self, command: AnyCommand) -> "asyncio.Future[Answer]":
        """Queue a command. Raises Overloaded, or whatever the mailbox is shut with."""
        if self.shut is not None:
            raise self.shut.with_traceback(None)  # or it would grow with every caller
        if len(self._requests) >= self._capacity:
            raise Overloaded(f"{self._capacity} commands are waiting already")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._requests.append(Request(command, answer))
        self._wakened.set()
        return answer

    def take(self) -> Iterator[Request]:
        """Queued requests, oldest first, without those whose callers gave up before they were decided."""
        while self._requests:
            request = self._requests.popleft()
            if not request.answer.done():
                yield request

    def refuse_all(self, error: RelayError) -> None:
        """Answer everything queued with this error."""
        for request in self.take():
            request.resolve(error)

    def wake(self) -> None:
        """Let the reader look around, although nothing was posted."""
        self._wakened.set()

    async def arrival(self, timeout_s: float) -> None:
        """Return when something is queued, when woken, or after the time."""
        if self._requests:
            await asyncio.sleep(0)  # others have their turn, however many commands come
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._wakened.wait()
        except TimeoutError:
            return
        finally:
            self._wakened.clear()
