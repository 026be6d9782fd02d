import asyncio
from dataclasses import dataclass

import pytest

from relay.errors import LimitReached
from relay.scheduler.shell.stream import CutOff, Stream


@dataclass(frozen=True)
class Item:
    seq: int


async def test_everybody_gets_everything_from_when_they_came():
    stream: Stream[Item] = Stream()
    early = stream.subscribe()
    stream.publish(Item(1))
    late = stream.subscribe()
    stream.publish(Item(2))
    stream.close()
    assert [item.seq async for item in early] == [1, 2]
    assert [item.seq async for item in late] == [2]


async def test_a_waiting_reader_is_woken():
    stream: Stream[Item] = Stream()
    subscription = stream.subscribe()
    reader = asyncio.ensure_future(anext(subscription))
    await asyncio.sleep(0)
    assert not reader.done()
    stream.publish(Item(1))
    assert (await reader).seq == 1
    assert subscription.after == 1


async def test_a_slow_reader_is_cut_off_after_what_was_queued_and_told_where():
    stream: Stream[Item] = Stream()
    slow, quick = stream.subscribe(max_pending=2), stream.subscribe()
    for seq in range(1, 5):
        stream.publish(Item(seq))
    assert [(await anext(slow)).seq, (await anext(slow)).seq] == [1, 2]
    with pytest.raises(CutOff, match="after decision 2") as caught:
        await anext(slow)
    assert caught.value.after == 2
    assert [item.seq for item in quick.take_pending()] == [1, 2, 3, 4]
    assert (len(stream), stream.cut_off_total) == (1, 1)


async def test_closing_ends_the_iteration_and_frees_the_place():
    stream: Stream[Item] = Stream(max_subscribers=1)
    subscription = stream.subscribe()
    with pytest.raises(LimitReached):
        stream.subscribe()
    subscription.close()
    with pytest.raises(StopAsyncIteration):
        await anext(subscription)
    stream.subscribe()


async def test_nothing_follows_in_a_stream_that_is_closed():
    stream: Stream[Item] = Stream()
    stream.close()
    assert [item async for item in stream.subscribe()] == []
    assert len(stream) == 0
