"""Settings, validated once at the door. Every field has its unit, its default and why."""

from dataclasses import dataclass

from relay.errors import Misuse


@dataclass(frozen=True, slots=True)
class SfuSettings:
    """The media worker."""

    host: str = "0.0.0.0"  # noqa: S104  a media port is for everybody; what is not authenticated is dropped
    """Address to bind; `::` serves IPv4 and IPv6."""
    port: int = 0
    """One UDP port for all peers; 0 lets the kernel choose (tests, embedding)."""
    advertised_hosts: tuple[str, ...] = ()
    """Addresses put into candidates; empty: the bound address, or this machine's own when bound to all."""
    video_codecs: tuple[str, ...] = ("VP8", "H264", "VP9", "AV1")
    """Accepted, in order of preference; VP8 first, because every client has it and it needs no licence."""
    max_peers: int = 4096
    max_streams: int = 32_768
    """Sources plus slots of the worker."""
    max_sdp_bytes: int = 65_536
    max_sections: int = 32
    """Media sections of one peer."""
    setup_timeout_s: float = 30.0
    """From the answer to a finished DTLS handshake; frees what a client abandoned."""
    consent_timeout_s: float = 30.0
    """RFC 7675: silence after which a peer is gone."""
    keyframe_interval_ms: int = 500
    """At most one keyframe request per source in this time, whatever the number of receivers."""
    report_interval_ms: int = 1000
    """Between RTCP reports to each peer."""
    receive_buffer_bytes: int = 4_194_304
    """SO_RCVBUF; a 4K keyframe of a hundred kiosks at once must not overflow it."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise Misuse(f"port {self.port} is not between 0 and 65535")
        if self.keyframe_interval_ms <= 0 or self.report_interval_ms <= 0:
            raise Misuse("intervals must be positive")
