"""A kiosk in a process of its own, to be killed: asks for a call and talks until it dies.

Run as `python -m tests.chaos.kiosk_client SIGNAL_URL TOKEN ITEM`. Says `talking CALL` on standard output once media flows to it.
"""

import asyncio
import os
import sys

from relay.client import SignallingClient
from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant
from relay.server import messages
from tests.support.clips import sound


async def main(url: str, token: str, item: str) -> None:
    async with (
        SignallingClient(url, token) as signalling,
        Participant({"microphone": ClipTrack(sound())}, ["microphone"]) as media,
    ):
        await media.join(signalling)
        request = messages.RequestCall(item=item, idempotency_key="chaos")
        call = (await signalling.request(request, messages.CallState)).call
        while not media.received["microphone"].frames:
            await asyncio.sleep(0.02)
        os.write(1, f"talking {call}\n".encode())
        async for _ in signalling:
            pass


asyncio.run(main(*sys.argv[1:]))
