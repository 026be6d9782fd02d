"""The asyncio client of relay's signalling, for programs: tools, tests, load.

`relay.client.webrtc` adds media and needs the extra `demo` or `loadtest` (aiortc).
"""

from relay.client.errors import Disconnected
from relay.client.signalling import SignallingClient

__all__ = ["Disconnected", "SignallingClient"]
