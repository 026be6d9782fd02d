"""What was decided, told to whoever listens: bounded queues, and nobody can slow the scheduler down."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, Protocol, TypeVar

from relay.errors import LimitReached, Refusal


class Numbered(Protocol):
    """An item of a stream: it has a place in it."""

    @property
    def seq(self) -> int:
        """Its number; grows by one."""


Item = TypeVar("Item", bound=Numbered)


class CutOff(Refusal):
    """This subscriber fell too far behind and was cut off."""

    problem = "cut-off"
    hint = "Subscribe again, and read what was missed after decision `after` from the journal."

    def __init__(self, after: int) -> None:
        self.after = after
        super().__init__(f"cut off after decision {after}: too slow")


class Subscription(Generic[Item]):
    """An async iterator over the items published since it was made.

    Ends when the stream or the subscription is closed; raises CutOff, after the items still queued, when more than
    `max_pending` items had to wait. `after` is the number of the last item it has handed out.
    """

    def __init__(self, stream: "Stream[Item]", max_pending: int, after: int) -> None:
        self.after = after
        self._stream = stream
        self._max_pending = max_pending
        self._pending: deque[Item] = deque()
        self._wakened = asyncio.Event()
        self._closed = False
        self._cut_off = False

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        while not self._pending:
            if self._cut_off:
                raise CutOff(self.after)
            if self._closed:
                raise StopAsyncIteration
            self._wakened.clear()
            await self._wakened.wait()
        item = self._pending.popleft()
        self.after = item.seq
        return item

    def take_pending(self) -> tuple[Item, ...]:
        """What is queued right now, without waiting; often more follows from one commit."""
        items = tuple(self._pending)
        self._pending.clear()
        if items:
            self.after = items[-1].seq
        return items

    def close(self) -> None:
        """Take no more items; the iteration ends after those already queued."""
        self._closed = True
        self._wakened.set()
        self._stream.drop(self)

    def push(self, item: Item) -> None:
        """Queue an item, or cut this subscriber off."""
        if len(self._pending) >= self._max_pending:
            self._cut_off = True
            self.close()
            return
        self._pending.append(item)
        self._wakened.set()


class Stream(Generic[Item]):
    """A publisher with any number of subscribers up to a bound."""

    def __init__(self, max_subscribers: int = 10_000) -> None:
        self._max_subscribers = max_subscribers
        self._subscriptions: set[Subscription[Item]] = set()
        self.cut_off_total = 0
        self._last = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._subscriptions)

    def resume(self, last: int) -> None:
        """Item `last` was published in a former run."""
        self._last = last

    def subscribe(self, max_pending: int = 1_000) -> Subscription[Item]:
        """Follow from the next item on; nothing follows in a stream that is closed.

        Raises LimitReached beyond the bound of subscribers.
        """
        if len(self._subscriptions) >= self._max_subscribers:
            raise LimitReached(f"a stream has at most {self._max_subscribers} subscribers")
        subscription = Subscription(self, max_pending, after=self._last)
        if self._closed:
            subscription.close()
        else:
            self._subscriptions.add(subscription)
        return subscription

    def publish(self, item: Item) -> None:
        """Hand the item to everybody who listens; never waits."""
        self._last = item.seq
        if not self._subscriptions:
            return
        before = len(self._subscriptions)
        for subscription in tuple(self._subscriptions):
            subscription.push(item)
        self.cut_off_total += before - len(self._subscriptions)

    def drop(self, subscription: Subscription[Item]) -> None:
        """Forget a subscriber."""
        self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End every subscription after what is queued."""
        self._closed = True
        for subscription in tuple(self._subscriptions):
            subscription.close()
