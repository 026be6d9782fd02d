"""What messages are made of: bounded strings, and the words that both sides use."""

from enum import IntEnum
from typing import Annotated, Literal

from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\w.:/\-]+$")]
"""An identifier: letters, digits and `_ . : / -`."""
Stem = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^([\w.:/\-]+|\*)$")]
"""An item code, a leading part of one, or `*` for everything."""
ShortText = Annotated[str, Meta(max_length=200)]
Sdp = Annotated[str, Meta(max_length=65_536)]
Mid = Annotated[str, Meta(min_length=1, max_length=16)]
Source = Literal["microphone", "camera", "document", "screen"]
"""What a participant sends; a slot of the same name receives it at the other side."""
Slot = Annotated[str, Meta(pattern=r"^((microphone|camera|document|screen)(-[2-8])?|data)$")]
"""What a participant receives: `camera` shows the first other party's camera, `camera-2` the second one's, and so on. `data` are
its data channels, those for all parties."""
CallKind = Literal["consult", "guide", "handle"]


class CloseCode(IntEnum):
    """Why the server closes a WebSocket; a client reconnects by itself after the ones marked (again)."""

    NORMAL = 1000
    BAD_MESSAGES = 1008
    """Too many messages of the wrong shape, or too many messages."""
    TOO_BIG = 1009
    RESTARTING = 1012
    """(again) The relay is stopping; it, or another one, will be back."""
    TRY_LATER = 1013
    """(again) Full, or the client read too slowly."""
    UNAUTHORISED = 4401
    """The token was refused, or it expired: get a fresh one first."""
    HELLO_TIMEOUT = 4408
    """(again) No `hello` came."""
    REPLACED = 4409
    """The same identity logged in elsewhere; reconnecting would throw that one out."""
    SILENT = 4410
    """(again) No message came for three heartbeats."""
