"""Settings, validated once at the door. Every field has its unit, its default and why."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from relay.errors import Misuse

MAX_WORKERS = 256


@dataclass(frozen=True, slots=True)
class SfuSettings:
    """The media plane."""

    host: str = "0.0.0.0"  # noqa: S104  a media port is for everybody; what is not authenticated is dropped
    """Address to bind; `::` serves IPv4 and IPv6."""
    port: int = 0
    """One UDP port for all peers; 0 lets the kernel choose (tests, embedding)."""
    tcp: bool = True
    """Take media over TCP too (ICE-TCP, RFC 6544), for participants whose network lets no UDP through."""
    tcp_port: int = 0
    """0: the same number as the UDP port. With several workers, the first one's, like `port`."""
    max_tcp_connections: int = 4096
    """Of one worker; each needs a file descriptor."""
    max_tcp_pending_per_host: int = 64
    """Connections from one address over which nothing authenticated has come yet. A hall behind one NAT reconnects at once."""
    advertised_hosts: tuple[str, ...] = ()
    """Addresses put into candidates; empty: the bound address, or this machine's own when bound to all."""
    external_hosts: tuple[str, ...] = ()
    """Behind a 1:1 NAT, the outer address of each address of this machine, as `outer/own`; one without `/` stands for
    all own addresses of its family. Candidates name the outer one instead."""
    video_codecs: tuple[str, ...] = ("VP8", "H264", "VP9", "AV1")
    """Accepted; which of them is used is the sender's order, as its offer gives it."""
    audio_codecs: tuple[str, ...] = ("opus", "red", "PCMU", "PCMA", "G722")
    """Accepted, likewise."""
    workers: int | None = None
    """Media worker processes beside this one, each with a port of its own: `port`, `port` + 1 and so on. 0: media runs
    inside this process. None: `relay serve` starts one per core but one, at least one; a portal that embeds us, none."""
    worker_silence_s: float = 3.0
    """A worker that has not reported for so long is replaced, and its peers begin anew at another; it reports twice a second."""
    worker_drain_s: float = 3600.0
    """A worker that is being replaced on request keeps its running calls this long."""
    placement: Literal["load", "peers"] = "load"
    """A new peer goes to the worker that is least loaded, or (whatever they have to do) to the one with fewest peers."""
    max_worker_load: float = 0.85
    """Share of a core at which a worker takes no new peers; the rest is for keyframes and storms."""
    max_residence_ms: float = 10.0
    """99th percentile of the time packets spend in a worker, at which it takes no new peers."""
    max_peers: int = 4096
    """Of one worker."""
    max_streams: int = 32_768
    """Sources plus slots of one worker."""
    max_peer_bps: int = 100_000_000
    """Media that one peer may send; what is above is dropped and counted. Several 4K or 360° cameras fit; 0: no limit."""
    max_data_bps: int = 1_000_000
    """What one peer may say in its data channels, each message counted as 500 bytes more than it has: 200 strokes of a pen a
    second. What is above is not taken, so that reliable channels slow down and lossy ones lose."""
    max_sdp_bytes: int = 65_536
    max_sections: int = 32
    """Media sections of one peer."""
    keyframe_interval_ms: int = 500
    """At most one keyframe request per source in this time, whatever the number of receivers."""
    report_interval_ms: int = 1000
    """Between RTCP reports to each peer."""
    receive_buffer_bytes: int = 4_194_304
    """SO_RCVBUF; a 4K keyframe of a hundred kiosks at once must not overflow it."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise Misuse(f"port {self.port} is not between 0 and 65535")
        if not 0 <= self.tcp_port <= 65_535:
            raise Misuse(f"tcp_port {self.tcp_port} is not between 0 and 65535")
        if self.keyframe_interval_ms <= 0 or self.report_interval_ms <= 0:
            raise Misuse("intervals must be positive")
        if self.max_peer_bps < 0:
            raise Misuse("max_peer_bps must not be negative")
        for pair in self.external_hosts:
            outer, _, own = pair.partition("/")
            if not _is_ip(outer) or (own and (not _is_ip(own) or (":" in own) != (":" in outer))):
                raise Misuse(f"{pair!r} is neither an IP address nor two of one family as outer/own")
        if self.workers is not None and not 0 <= self.workers <= MAX_WORKERS:
            raise Misuse(f"workers must be between 0 and {MAX_WORKERS}")
        if max(self.port, self.tcp_port) and max(self.port, self.tcp_port) + (self.workers or 1) - 1 > 65_535:
            raise Misuse(f"there are no {self.workers} ports from {max(self.port, self.tcp_port)} on")
        _require_positive(
            self,
            "worker_silence_s",
            "worker_drain_s",
            "max_worker_load",
            "max_residence_ms",
            "max_peers",
            "max_data_bps",
        )
        _require_positive(self, "max_tcp_connections", "max_tcp_pending_per_host")

    def external_host(self, own: str) -> str:
        """What the world outside calls `own`, an address of this machine."""
        found = own
        for pair in self.external_hosts:
            outer, _, inner = pair.partition("/")
            if inner and ipaddress.ip_address(inner) == ipaddress.ip_address(own):
                return outer
            if not inner and (":" in outer) == (":" in own):
                found = outer
        return found


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Who may come in."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """HS256 secrets by key id; the first one signs, all of them verify, so that a key is rotated by putting a new one
    in front. Empty: one is generated and kept in `data_dir` with mode 0600."""
    portal_public_keys: Mapping[str, str] = field(default_factory=dict)
    """EdDSA public keys (PEM) by key id, of portals that sign tokens themselves."""
    token_lifetime_s: float = 12 * 3600.0
    """Of a token issued without a lifetime: one working day."""
    max_token_lifetime_s: float = 30 * 86_400.0
    failures_per_minute: int = 20
    """Refused tokens from one address; further ones are answered with 429 without looking at them."""

    def __post_init__(self) -> None:
        _require_positive(self, "token_lifetime_s", "max_token_lifetime_s", "failures_per_minute")
        for key_id, secret in self.secrets.items():
            if len(secret.encode()) < 32:
                raise Misuse(f"the secret {key_id!r} is shorter than 32 bytes (RFC 7518 §3.2)")
        if set(self.secrets) & set(self.portal_public_keys):
            raise Misuse("a key id names both a secret and a public key")


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server that participants are told of (RFC 7064, RFC 7065)."""

    urls: tuple[str, ...]
    """`stun:host`, `turn:host?transport=udp`, `turns:host:443?transport=tcp`, …"""
    username: str = ""
    credential: str = field(default="", repr=False)
    """With `username`: the same for everybody, for as long as it is configured."""
    secret: str = field(default="", repr=False)
    """Shared with the TURN server (coturn: `static-auth-secret`); every participant gets credentials of its own that expire."""

    def __post_init__(self) -> None:
        if not self.urls:
            raise Misuse("an ICE server needs a URL")
        for url in self.urls:
            scheme, _, host = url.partition(":")
            if (
                scheme not in ("stun", "stuns", "turn", "turns")
                or not host
                or not url.isascii()
                or set(url) & set(' <>"')
            ):
                raise Misuse(f"{url!r} is not a stun:, stuns:, turn: or turns: URL")
        if self.secret and (self.username or self.credential):
            raise Misuse("an ICE server has either a secret, or a username and its credential")
        if bool(self.username) != bool(self.credential):
            raise Misuse("username and credential of an ICE server go together")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """HTTP and signalling."""

    host: str = "127.0.0.1"
    """Loopback until told otherwise: browsers give the camera to other hosts only over TLS anyway."""
    port: int = 8080
    """0 lets the kernel choose."""
    tls_certificate: str = ""
    """PEM file; with `tls_key`, serves https and wss."""
    tls_key: str = ""
    max_body_bytes: int = 65_536
    request_timeout_s: float = 10.0
    max_connections: int = 20_000
    """Signalling connections at once."""
    max_event_streams: int = 32
    """Portals listening to `/api/events` at once."""
    hello_timeout_s: float = 10.0
    """From the opening of a WebSocket to its `hello`."""
    heartbeat_s: float = 5.0
    """Clients say something at least this often; after three times this, the connection is cut."""
    reconnect_grace_s: float = 5.0
    """Media of a call goes on this long while a participant's signalling reconnects."""
    media_grace_s: float = 20.0
    """A participant whose media is gone while its signalling lives (a device that died, a path that closed) has this long
    to bring it back. Then the conversation ends (kiosk), or goes back to the queue with its age (seat)."""
    media_required: bool = True
    """A seat is offered calls only while its media is connected. False: for a portal that brings media of its own."""
    max_message_bytes: int = 131_072
    """One signalling message; an SDP of 64 KiB fits with its JSON escapes."""
    messages_per_second: float = 20.0
    message_burst: int = 60
    bad_messages_limit: int = 5
    """Messages of the wrong shape after which the connection is closed (1008)."""
    outgoing_messages: int = 256
    """Messages waiting for one slow client; it is cut when there are more."""
    ice_servers: tuple[IceServer, ...] = ()
    """STUN and TURN servers that participants are told of. None is needed where they reach the media port by UDP or TCP."""
    ice_credential_lifetime_s: float = 12 * 3600.0
    """Of credentials made from a TURN server's secret: one working day."""
    drain_s: float = 30.0
    """After SIGTERM, running calls may go on this long."""
    public_metrics: bool = True
    """False: `/metrics` needs a supervisor's or portal's token."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise Misuse(f"port {self.port} is not between 0 and 65535")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise Misuse("tls_certificate and tls_key go together")
        if min(self.drain_s, self.reconnect_grace_s, self.media_grace_s) < 0:
            raise Misuse("drain_s, reconnect_grace_s and media_grace_s must not be negative")
        _require_positive(self, "max_body_bytes", "request_timeout_s", "max_connections", "max_event_streams")
        _require_positive(self, "hello_timeout_s", "heartbeat_s", "max_message_bytes", "messages_per_second")
        _require_positive(self, "message_burst", "bad_messages_limit", "outgoing_messages")
        _require_positive(self, "ice_credential_lifetime_s")


@dataclass(frozen=True, slots=True)
class LatencySettings:
    """What each hop may take, one way; together 150 ms (ITU-T G.114). See `relay.service.latency` for what is measured."""

    uplink_ms: float = 40.0
    relay_ms: float = 10.0
    downlink_ms: float = 40.0
    jitter_buffer_ms: float = 60.0
    patience_s: float = 6.0
    """A call is said to be over its budget, or in it again, when that has lasted so long."""

    def __post_init__(self) -> None:
        _require_positive(self, "uplink_ms", "relay_ms", "downlink_ms", "jitter_buffer_ms")
        if self.patience_s < 0:
            raise Misuse("patience_s must not be negative")


@dataclass(frozen=True, slots=True)
class WhipSettings:
    """Publishing and watching over HTTP: WHIP (RFC 9725) and WHEP."""

    max_publishers: int = 1000
    """WHIP sessions at once."""
    max_watchers: int = 4000
    """WHEP sessions at once."""
    connect_timeout_s: float = 20.0
    """From the answer to connected media; a session that takes longer is removed."""
    absent_source_s: float = 60.0
    """A watcher is kept this long while nothing of what it watches is there: a publisher may come back."""
    allowed_origins: tuple[str, ...] = ("*",)
    """Web origins whose pages may use the endpoints (CORS). Tokens are never cookies, so `*` gives nothing away."""

    def __post_init__(self) -> None:
        _require_positive(self, "max_publishers", "max_watchers", "connect_timeout_s", "absent_source_s")


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """Recordings of calls; off until there is a directory. How long they are kept is the operator's to decide, and to do."""

    record: Literal["never", "on-demand", "all"] = "on-demand"
    """`on-demand`: a portal begins and ends each; `all`: every call from its beginning, unless a portal ends it."""
    directory: str = ""
    """Where they are kept, each file readable by its owner alone (mode 0600)."""
    consent_required: bool = True
    """A recording is begun only when the portal says how those in the call agreed."""
    consent: str = ""
    """How everybody who calls has agreed, for `record = "all"` (`notice at the booth, 2026-03`); kept in each index."""
    max_recordings: int = 32
    """At once; each has a process of its own."""
    parties: int = 3
    """Recorded of one call, the citizen first."""
    segment_s: float = 900.0
    """A file of this age is followed by another."""
    segment_bytes: int = 1_073_741_824
    """So is one of this size."""

    def __post_init__(self) -> None:
        _require_positive(self, "max_recordings", "segment_s", "segment_bytes")
        if not 1 <= self.parties <= 7:
            raise Misuse("parties must be 1 to 7: a recorder has four sections for each")
        if self.record == "all" and not self.directory:
            raise Misuse('recording.record = "all" needs recording.directory')
        if self.record == "all" and self.consent_required and not self.consent.strip():
            raise Misuse('recording.record = "all" needs recording.consent, or consent_required = false')


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    style: Literal["console", "json"] = "console"


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _require_positive(settings: object, *names: str) -> None:
    for name in names:
        if getattr(settings, name) <= 0:
            raise Misuse(f"{name} must be positive")
