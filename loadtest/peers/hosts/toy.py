"""What a relay would be in an afternoon: aiortc's MediaRelay, which decodes and encodes for every receiver.

`python -m loadtest.peers.hosts.toy`; it takes every address of where it runs.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiortc import MediaStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from loadtest.peers.hosts.lines import serve_lines


async def main() -> None:
    """Serve on whatever ports aiortc takes."""
    relay = MediaRelay()
    tracks: dict[tuple[str, str], MediaStreamTrack] = {}
    connections: list[RTCPeerConnection] = []

    async def answer(request: Mapping[str, Any]) -> str:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        connections.append(pc)
        pc.on("track", lambda track: tracks.__setitem__((request["peer"], track.kind), track))
        await pc.setRemoteDescription(RTCSessionDescription(request["sdp"], "offer"))
        for transceiver in pc.getTransceivers():
            source = tracks.get((request["feed"], transceiver.kind))
            if request["slots"] and source is not None:
                transceiver.sender.replaceTrack(relay.subscribe(source))
                transceiver.direction = "sendonly"
        await pc.setLocalDescription(await pc.createAnswer())
        return str(pc.localDescription.sdp)

    await serve_lines(answer)
    await asyncio.gather(*(pc.close() for pc in connections))


if __name__ == "__main__":
    asyncio.run(main())
