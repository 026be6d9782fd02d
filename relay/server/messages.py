"""Signalling messages: one typed schema for both encodings of the WebSocket (`relay.json`, `relay.msgpack`).

A request carries an `id` of the client's choice; the reply to it (`ok`, `answer`, `failed`) carries it back as `re`.
All other messages of the server are sent when something happens. Unknown fields are ignored, unknown types refused.
The JSON Schema served at `/api/schema/signalling.json` is generated from these classes.
"""

from enum import IntEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\w.:/\-]+$")]
"""An identifier: letters, digits and `_ . : / -`."""
ShortText = Annotated[str, Meta(max_length=200)]
Sdp = Annotated[str, Meta(max_length=65_536)]
Mid = Annotated[str, Meta(min_length=1, max_length=16)]
Source = Literal["microphone", "camera", "document", "screen"]
"""What a participant sends; a slot of the same name receives it at the other side."""
CallKind = Literal["consult", "guide", "handle"]
Encoded = Literal["relay.json", "relay.msgpack"]


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


class Request(msgspec.Struct, tag_field="type", kw_only=True, omit_defaults=True):
    """What every message of a client has."""

    id: int = 0


class Hello(Request, kw_only=True, tag="hello"):
    """First message of a connection; the token says who speaks (JWT)."""

    token: Annotated[str, Meta(max_length=4096)]
    session: Annotated[str, Meta(max_length=64)] = ""
    """From the last `welcome`, by a client that kept its PeerConnection: its media goes on without a new `offer`."""


class Offer(Request, kw_only=True, tag="offer"):
    """SDP offer of the participant's one PeerConnection, also to renegotiate or restart ICE. Reply: `answer`."""

    sdp: Sdp
    sources: dict[Mid, Source]
    """Which source each sending media section carries, by MID."""
    slots: dict[Mid, Source]
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
    slot: Source
    elapsed_ms: Annotated[float, Meta(ge=0, le=600_000)]


class Heartbeat(Request, kw_only=True, tag="heartbeat"):
    """Renews the lease of a seat or of a waiting kiosk; send every `heartbeat_s`. Reply: `ok`."""


class Watch(Request, kw_only=True, tag="wallboard.watch"):
    """Supervisor: send `wallboard` now and then once a second. Reply: `ok`."""


class Reply(msgspec.Struct, tag_field="type", kw_only=True, omit_defaults=True):
    """What every message of the server has; `re` is the `id` of the request it answers, 0 otherwise."""

    re: int = 0


class Ok(Reply, kw_only=True, tag="ok"):
    """The request was carried out."""


class Failed(Reply, kw_only=True, tag="failed"):
    """The request was refused (the fields of RFC 9457, and a hint)."""

    problem: str
    title: str
    status: int
    detail: str = ""
    hint: str = ""


class Welcome(Reply, kw_only=True, tag="welcome"):
    """The token was accepted. A seat is `offline` until it sets its presence; send `offer` next."""

    identity: str
    role: str
    name: str
    """For people, e.g. `Haishu town hall, booth 2`."""
    region: str = ""
    session: str
    resumed: bool = False
    """The session of `hello` still stands and so does its media; otherwise send `offer`."""
    heartbeat_s: float
    items: list["ItemInfo"] = []
    """Kiosk: what can be asked for here. Seat: what it serves."""


class ItemInfo(msgspec.Struct, kw_only=True):
    """One service item as shown to people."""

    code: str
    name_zh: str
    name_en: str
    group_zh: str = ""
    group_en: str = ""
    open: bool = True


class Answer(Reply, kw_only=True, tag="answer"):
    """SDP answer; candidates are in it (ICE-lite)."""

    sdp: str


class CallState(Reply, kw_only=True, tag="call.state"):
    """Where a call is now; sent to its kiosk, and to its seat once connected."""

    call: str
    state: Literal["queued", "offered", "connected", "held", "ended"]
    item: str = ""
    kind: str = ""
    position: int | None = None
    """1 is next."""
    expected_wait_s: float | None = None
    waited_s: float = 0.0
    party: str = ""
    """Who is at the other side, for people."""
    active: list[Source] = []
    """Sources the other side is sending now."""
    reason: str = ""
    """Why it ended: `hangup`, `kiosk-lost`, `seat-lost`, `abandoned`, `refused` …"""


class OfferMade(Reply, kw_only=True, tag="offer.made"):
    """Seat: a call is offered; accept or decline before it expires."""

    offer: str
    call: str
    item: str
    item_zh: str = ""
    item_en: str = ""
    kind: str
    region: str
    language: str = "zh"
    priority: list[str] = []
    party: str
    waited_s: float
    expires_in_ms: int


class OfferEnded(Reply, kw_only=True, tag="offer.ended"):
    """Seat: the offer is over without acceptance (`timeout`, `withdrawn`, `declined`)."""

    offer: str
    outcome: str


class SeatState(Reply, kw_only=True, tag="seat.state"):
    """Seat: its state changed."""

    state: Literal["offline", "ready", "offered", "in-call", "wrap-up", "break"]
    call: str = ""
    until_ms: int = 0
    """Wrap-up: milliseconds left before the seat is made ready again; 0: no limit."""
    reason: str = ""


class SourceChanged(Reply, kw_only=True, tag="source.changed"):
    """The other side started or stopped sending a source."""

    call: str
    source: Source
    active: bool


class QueueRow(msgspec.Struct, kw_only=True):
    """One queue of the wallboard."""

    group: str
    name_zh: str
    name_en: str
    waiting: int
    oldest_wait_s: float
    expected_wait_s: float | None = None
    in_call: int = 0
    seats_ready: int = 0
    service_level: float | None = None
    """Share of today's answered calls that were answered within the target, 0 to 1."""


class SeatRow(msgspec.Struct, kw_only=True):
    """One seat of the wallboard."""

    seat: str
    name: str
    region: str
    state: str
    since_s: float
    call: str = ""


class CallRow(msgspec.Struct, kw_only=True):
    """One call in progress on the wallboard, with the quality of its worse direction."""

    call: str
    item: str
    kiosk: str
    seat: str
    state: str
    elapsed_s: float
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss: float | None = None
    """0 to 1, over the last report interval."""
    bitrate_bps: float = 0.0


class Wallboard(Reply, kw_only=True, tag="wallboard"):
    """The state of the house, for a screen on the wall."""

    at_ms: int
    waiting: int
    in_call: int
    seats: dict[str, int]
    """Number of seats by state."""
    answered_today: int
    abandoned_today: int
    service_level: float | None = None
    service_level_target_s: float = 15.0
    longest_wait_s: float = 0.0
    residence_p99_ms: float | None = None
    queues: list[QueueRow]
    seat_rows: list[SeatRow]
    calls: list[CallRow]


ClientMessage = (
    Hello
    | Offer
    | RequestCall
    | HangUp
    | SetPresence
    | AcceptOffer
    | DeclineOffer
    | Hold
    | FinishWrapUp
    | SetSource
    | FirstFrame
    | Heartbeat
    | Watch
)
ServerMessage = (
    Ok | Failed | Welcome | Answer | CallState | OfferMade | OfferEnded | SeatState | SourceChanged | Wallboard
)
