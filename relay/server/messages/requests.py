"""What a client sends: logging in, media, calls, offers, presence."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from relay.server.messages.vocabulary import CallKind, Mid, Name, Sdp, ShortText, Slot, Source


class Request(msgspec.Struct, tag_field="type", kw_only=True, omit_defaults=True):
    """What every message of a client has."""

    id: int = 0


class Hello(Request, kw_only=True, tag="hello"):
    """First message of a connection; the token says who speaks (JWT)."""

    token: Annotated[str, Meta(max_length=4096)]
    session: Annotated[str, Meta(max_length=64)] = ""
    """From the last `welcome`, by a client that kept its PeerConnection: its media goes on without a new `offer`."""

    def __repr__(self) -> str:
        """Without the token and the session: whoever has them is this client."""
        return f"Hello(id={self.id}, token=…, session=…)"


class Offer(Request, kw_only=True, tag="offer"):
    """SDP offer of the participant's one PeerConnection, also to renegotiate or restart ICE. Reply: `answer`."""

    sdp: Sdp
    sources: dict[Mid, Source]
    """Which source each sending media section carries, by MID."""
    slots: dict[Mid, Slot]
    """Which source each receiving media section is for, by MID."""


class RequestCall(Request, kw_only=True, tag="call.request"):
    """Kiosk: ask for a caseworker. The same `idempotency_key` twice is one call. Reply: `call.state`."""

    item: Name
    """Hierarchical code of the service item, e.g. `social-security.pension.certify`."""
    kind: CallKind = "consult"
    region: Name | None = None
    """GB/T 2260 division code; default: the kiosk's."""
    language: Name = "zh"
    priority: Annotated[list[Name], Meta(max_length=4)] = []
    """Priority classes the citizen qualifies for, e.g. `elderly`."""
    citizen: Name | None = None
    case: Name | None = None
    appointment: Annotated[str, Meta(max_length=1024)] | None = None
    """Signed check-in token of a booked appointment (the QR code)."""
    idempotency_key: Name
    resume: Name | None = None
    """A call of this kiosk that was lost (`kiosk-lost`) a moment ago: take up its place in the queue."""


class HangUp(Request, kw_only=True, tag="call.hangup"):
    """Kiosk or seat: end the call, or give up waiting. Reply: `ok`."""

    call: Name
    reason: ShortText = ""


class SetPresence(Request, kw_only=True, tag="seat.presence"):
    """Seat: become ready, take a break, or go offline. Reply: `ok`, then `seat.state`."""

    state: Literal["ready", "break", "offline"]


class AcceptOffer(Request, kw_only=True, tag="offer.accept"):
    """Seat: take the offered call. Reply: `ok`, or `failed` when the offer is over."""

    offer: Name


class DeclineOffer(Request, kw_only=True, tag="offer.decline"):
    """Seat: leave the call to another seat; it keeps its place. Reply: `ok`."""

    offer: Name
    reason: ShortText = ""


class Hold(Request, kw_only=True, tag="call.hold"):
    """Seat: hold or resume; media stops and starts at the relay. Reply: `ok`."""

    call: Name
    held: bool


class FinishWrapUp(Request, kw_only=True, tag="wrapup.finish"):
    """Seat: the after-call work is done. Reply: `ok`, then `seat.state`."""

    call: Name
    disposition: Name = "done"


class SetSource(Request, kw_only=True, tag="source"):
    """Tell the other side whether a source is being sent (muted microphone, screen share on)."""

    source: Source
    active: bool


class FirstFrame(Request, kw_only=True, tag="first-frame"):
    """Measured by the receiver: milliseconds from `call.connected` to the first decoded frame of a slot."""

    call: Name
    slot: Slot
    elapsed_ms: Annotated[float, Meta(ge=0, le=600_000)]


class SlotQuality(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the receiver's own statistics say of one slot (W3C webrtc-stats)."""

    slot: Slot
    jitter_buffer_ms: Annotated[float, Meta(ge=0, le=60_000)] | None = None
    """Mean wait in the jitter buffer, over the last interval."""
    concealed: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Share of the sound that was made up, over the last interval."""
    freezes: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """`freezeCount`, since the connection began."""
    frozen_s: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    """`totalFreezesDuration`, since the connection began."""
    width: Annotated[int, Meta(ge=0, le=65_535)] = 0
    height: Annotated[int, Meta(ge=0, le=65_535)] = 0


class ReportMedia(Request, kw_only=True, tag="media.report"):
    """How what is received looks and sounds; send every 2 s while in a call. Reply: `ok`."""

    call: Name
    slots: Annotated[list[SlotQuality], Meta(max_length=32)]


class Heartbeat(Request, kw_only=True, tag="heartbeat"):
    """Renews the lease of a seat or of a waiting kiosk; send every `heartbeat_s`. Reply: `ok`."""


class Watch(Request, kw_only=True, tag="wallboard.watch"):
    """Supervisor: send `wallboard` now and then once a second. Reply: `ok`."""
