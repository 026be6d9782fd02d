"""Participants (aiortc) of a bare SFU: join, connect, wait."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from relay.client.webrtc import Participant
from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu import PeerOffer, SlotRef, SourceRef
from relay.sfu.shell.node import Sfu

PATIENCE_S = 20.0


@asynccontextmanager
async def running_sfu(settings: SfuSettings) -> AsyncIterator[Sfu]:
    """Started, and closed at the end of the block."""
    sfu = Sfu(settings)
    await sfu.start()
    try:
        yield sfu
    finally:
        await sfu.close()


async def until(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    """Return when the condition holds; the time-out only bounds a failing test."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


async def join(
    sfu: Sfu, name: PeerId, participant: Participant, redirect: Callable[[str], str] = lambda answer: answer
) -> str:
    """Negotiate and connect; the answer, which `redirect` may change before it is taken."""
    offer = await participant.offer()
    answer = redirect(await sfu.answer(name, PeerOffer(offer.sdp, dict(offer.sources), dict(offer.slots))))
    await participant.accept(answer)
    await participant.wait_connected()
    return answer


async def connect(sfu: Sfu, sender: PeerId, receiver: PeerId, *sources: str) -> None:
    """Feed the receiver's slots from the sender's sources of the same names."""
    for source in sources:
        await sfu.route(SlotRef(receiver, source), SourceRef(sender, source))


def with_candidates(*hosts: str) -> Callable[[str], str]:
    """A `redirect` that leaves only these addresses as candidates."""

    def keep(line: str) -> bool:
        return not line.startswith("a=candidate:") or line.split(" ")[4] in hosts

    return lambda answer: "".join(line + "\r\n" for line in answer.splitlines() if keep(line))
