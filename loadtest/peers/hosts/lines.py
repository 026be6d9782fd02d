"""The protocol: a request a line in, a reply a line out, in order.

Request: `{"peer", "sdp", "sources": {mid: name}, "slots": {mid: name}, "feed": peer or ""}`; `feed` is whose sources the
slots shall receive. Reply: `{"sdp"}` or `{"error"}`. The host ends when its input does.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Answerer = Callable[[Mapping[str, Any]], Awaitable[str]]


async def serve_lines(answer: Answerer) -> None:
    """Until the input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps({"ready": True}), flush=True)
    while line := await reader.readline():
        try:
            reply = {"sdp": await answer(json.loads(line))}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
