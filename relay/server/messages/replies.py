"""What the server sends: replies to requests, and what happens."""

from typing import Literal

import msgspec

from relay.server.messages.vocabulary import Source


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
    retry_after_s: int = 0
    """When to ask again; 0: not said."""


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
    """Kiosk: what can be asked for here. Seat: what it serves. Supervisor: all, to name
    what the wallboard shows. At most 500; `GET /api/items` has all of them."""
    dispositions: list[str] = []
    """Seat: the outcomes that `wrapup.finish` takes; empty: any."""
    ice_servers: list["IceServerInfo"] = []
    """For the `iceServers` of the participant's RTCPeerConnection; their credentials expire."""


class IceServerInfo(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One STUN or TURN server: an RTCIceServer of the WebRTC API."""

    urls: list[str]
    username: str = ""
    credential: str = ""


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
    members: list["MemberInfo"] = []
    """Everybody in the conversation."""
    callback: bool = False
    """The citizen does not wait here, and is to be rung back."""
    recorded: bool = False
    """The call is being recorded: show it to whoever is in it."""
    reason: str = ""
    """Why it ended: `hangup`, `kiosk-lost`, `seat-lost`, `abandoned`, `refused` …"""


class MemberInfo(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One party of a conversation."""

    who: str
    role: Literal["citizen", "agent", "consultant", "member", "monitor", "whisper", "barge"]
    name: str
    """For people."""
    held: bool = False
    place: int = 0
    """Where the receiver of this message hears it: 1 in `microphone`, `camera` …, 2 in `microphone-2` …; 0: nowhere."""


class OfferMade(Reply, kw_only=True, tag="offer.made"):
    """Seat: a call is offered; accept or decline before it expires."""

    offer: str
    call: str
    item: str
    item_zh: str = ""
    item_en: str = ""
    kind: str
    region: str
    region_zh: str = ""
    region_en: str = ""
    language: str = "zh"
    priority: list[str] = []
    party: str
    waited_s: float
    expires_in_ms: int
    purpose: Literal["call", "consult", "conference"] = "call"
    """Other than `call`: a colleague asks for help in `parent`."""
    parent: str = ""


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


class MediaLost(Reply, kw_only=True, tag="media.lost"):
    """The media connection of this session is gone, by a fault of the relay's own or to make room: begin a new one and
    send its `offer`. The call goes on."""

    reason: str
    """`worker-lost` or `worker-replaced`."""


class SourceChanged(Reply, kw_only=True, tag="source.changed"):
    """The other side started or stopped sending a source."""

    call: str
    source: Source
    active: bool


class SpeakerTurned(Reply, kw_only=True, tag="speaker.turned"):
    """Of the several parties whom this participant hears, the one of this `place` (as in `call.state`) has the word now."""

    call: str
    place: int


class SourceEncodings(Reply, kw_only=True, tag="source.encodings"):
    """Of a source sent as simulcast: the encodings that somebody may be shown. The others can be paused (`active` of
    RTCRtpEncodingParameters) until they are named again; until the first such message all are wanted."""

    source: Source
    rids: list[str]
