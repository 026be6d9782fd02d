"""relay's SFU alone: `python -m loadtest.peers.hosts.sfu HOST`."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import uvloop

from loadtest.peers.hosts.lines import serve_lines
from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu import PeerOffer, SlotRef, SourceRef
from relay.sfu.shell.node import Sfu


async def main(host: str) -> None:
    """Serve on one UDP port of `host`."""
    sfu = Sfu(SfuSettings(host=host))
    await sfu.start()

    async def answer(request: Mapping[str, Any]) -> str:
        peer, feed = PeerId(request["peer"]), request["feed"]
        text = await sfu.answer(peer, PeerOffer(request["sdp"], request["sources"], request["slots"]))
        for name in request["slots"].values():
            await sfu.route(SlotRef(peer, name), SourceRef(PeerId(feed), name))
        return text

    await serve_lines(answer)
    await sfu.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1]))
