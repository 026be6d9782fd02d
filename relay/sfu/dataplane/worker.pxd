"""One worker's state: peers, their tracks (in) and slots (out), and the memory that packets pass through."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from .allowance cimport Allowance
from .batch cimport Connection, Inbox, Lane, Outbox, Tray
from .departures cimport Departures
from .dependency cimport Dependency
from .feedback cimport Walk
from .history cimport Budget, Ring, SentLog
from .hops cimport Hops
from .layers cimport Layering
from .pacer cimport Pacer
from .receive cimport Reception
from .parity cimport Parity
from .rewrite cimport Rewrite
from .routes cimport Pool, Table
from .transport_cc cimport Arrivals
from .types cimport LAYERS, MAX_KINDS, MAX_PAYLOADS, Endpoint


cdef enum:
    MAX_ADDRESSES = 8          # of one peer: paths of a phone that roams
    MAX_STRANGERS = 16         # SSRCs of one peer that belong to no track
    MAX_MID = 32
    MAX_GIVEN = 4              # sender reports whose echo is awaited
    MAX_RID = 32
    MAX_ENCODINGS = 4          # of one source
    PAUSED = -1                # a slot's wanted spatial layer: nothing


ctypedef struct Payload:
    int32_t codec
    int32_t family
    int16_t payload_type
    int16_t rtx_payload_type   # NOTHING: not negotiated
    uint32_t clock_rate_hz


ctypedef struct Peer:
    # given
    int64_t handle
    int32_t row
    void* receive_session      # NULL: no keys yet
    void* send_session
    uint8_t ids[MAX_KINDS]     # records.Extension → id on the wire, 0: not negotiated
    uint8_t kinds[256]         # the other way round
    # owned
    Lane lane
    Endpoint addresses[MAX_ADDRESSES]      # oldest first
    int address_count
    uint32_t strangers[MAX_STRANGERS]
    int stranger_count
    Allowance allowance        # of media it sends
    bint trusted               # the other end is ours: any rate
    int64_t round_trip_ns      # smoothed; 0: not measured yet
    int64_t clock_offset_ns    # relay's clock − peer's clock, set by its first sender report
    uint8_t clock_known
    int64_t stray_ns           # when it was last told that the peer sends from elsewhere
    int32_t first_track
    int32_t first_slot
    int32_t next_heard         # list of peers with arrivals to report
    uint8_t heard
    Arrivals arrivals
    Departures departures
    uint32_t remb_bps          # the receiver's estimate since the control side looked; 0: none
    uint8_t told               # on the list of peers that told of their downlink
    int32_t next_told
    Pacer pacer
    uint8_t paced              # on the list of peers for which something waits
    int32_t next_paced


ctypedef struct Track:
    # given
    int64_t handle
    int32_t row
    int32_t peer
    int32_t next_of_peer
    int kind
    uint8_t mid[MAX_MID]
    int mid_length
    int payload_count
    Payload payloads[MAX_PAYLOADS]
    int8_t by_type[128]        # payload type → index in payloads
    int8_t by_rtx_type[128]
    uint8_t rid[MAX_RID]
    int rid_length             # 0: its packets carry none
    int32_t lead               # the first encoding of its source: itself, where it has but one
    int32_t next_encoding      # the next better one
    int encoding               # its place, 0 the lowest
    uint8_t many               # its source has several
    # owned, of all encodings, by the first
    int32_t first_member       # list of the slots that its source feeds, paused ones too
    int32_t unsettled          # slots that aim at another encoding than the one that feeds them
    uint32_t frames
    int64_t assessed_ns
    uint8_t started
    # owned
    int32_t awaited            # slots that aim at it and are not fed by it
    uint32_t heard_frames      # of all encodings, when its last packet came
    int64_t last_fed_ns        # when a packet of it last had a slot to go to
    uint8_t layered            # some packet told of layers
    uint64_t layer_bytes[LAYERS][LAYERS]   # by spatial and temporal layer
    Dependency* dependency     # NULL: no packet had a descriptor
    uint32_t ssrc              # 0: not known yet
    uint32_t rtx_ssrc
    int32_t first_slot
    int32_t next_wounded       # list of tracks with missing packets
    uint8_t wounded
    uint8_t pending            # bits of NoticeKind not yet read
    uint8_t ended
    Reception reception
    Ring ring
    uint64_t packets
    uint64_t bytes
    uint64_t keyframes
    uint64_t nacks_sent
    uint32_t keyframe_timestamp
    int in_band                # index of the payload type that brings parameter sets of its own; NOTHING: none
    uint32_t clock_rate_hz     # of the packet that came last
    int64_t last_packet_ns
    uint64_t loudness          # 127 − audio level (RFC 6464), summed over packets that told one
    uint64_t levels            # how many did
    # owned: the last sender report
    int64_t sr_received_ns     # 0: none yet
    uint64_t sr_ntp
    uint32_t sr_timestamp


ctypedef struct Given:
    uint32_t ntp_middle
    int64_t at_ns


ctypedef struct Slot:
    # given
    int64_t handle
    int32_t row
    int32_t peer
    int32_t next_of_peer
    int kind
    uint32_t ssrc
    uint32_t rtx_ssrc          # 0: packets are sent again as they were
    int payload_count
    Payload payloads[MAX_PAYLOADS]
    # owned
    int32_t source             # first encoding of what it is connected to, or NOTHING
    int32_t next_member
    int32_t target             # the encoding that it aims at, NOTHING: none
    int32_t track              # the encoding that feeds it, NOTHING: none
    int32_t next_of_track
    int8_t wanted_spatial      # or PAUSED
    bint exact                 # the wanted encoding alone, never a lower one
    int8_t wanted_temporal
    Layering layering
    int8_t by_payload[MAX_PAYLOADS]        # index in the track's payloads → index in the slot's
    uint8_t pending
    Rewrite rewrite
    SentLog log
    uint16_t rtx_sequence
    Parity parity
    int64_t left_peer          # handle of the peer whose packet left last, if its capture time is known
    int64_t left_capture_ns
    uint32_t clock_rate_hz
    # owned: totals
    uint64_t packets
    uint64_t bytes
    uint64_t octets            # of payload only (RFC 3550 §6.4.1)
    uint64_t dropped
    uint64_t nacks_received
    uint64_t retransmitted
    uint64_t plis_received
    int64_t first_packet_ns
    # owned: what the receiver said
    int fir_sequence           # NOTHING: none yet
    uint8_t remote_lost
    uint32_t remote_jitter
    int64_t round_trip_ns      # NOTHING: not measured yet
    Given given[MAX_GIVEN]
    int given_count
    int64_t given_ntp_ns


ctypedef struct NoticeRow:
    int kind
    int64_t handle
    int64_t at_ns


ctypedef struct Worker:
    int fd
    int64_t peer_rate_bytes_s  # that a peer may send; 0: any
    int family
    Pool peer_pool
    Pool track_pool
    Pool slot_pool
    Peer* peers
    Track* tracks
    Slot* slots
    Table addresses            # Endpoint → peer
    Table streams              # (peer, direction, SSRC) → 2 × track or slot, + 1 for its retransmissions
    Inbox inbox
    Outbox outbox
    Tray tray
    Pool connection_pool
    Connection* connections
    uint8_t* stream            # what one read of a connection gave
    Walk walk
    Budget budget
    Hops hops
    NoticeRow* notices
    int notice_count
    int32_t first_wounded
    int32_t first_heard
    int32_t first_told
    int32_t first_paced
    int64_t pace_due_ns        # when the next of what waits may leave; 0: nothing waits
    int64_t now_ns             # of what is sent now


cdef inline void notice(Worker* worker, int kind, uint8_t* pending, int64_t handle, int64_t at_ns) noexcept nogil:
    """Tell the control side, once until it has read it: so the list cannot overflow."""
    cdef NoticeRow* row = &worker.notices[worker.notice_count]
    if pending[0] >> kind & 1:
        return
    pending[0] |= 1 << kind
    row.kind = kind
    row.handle = handle
    row.at_ns = at_ns
    worker.notice_count += 1


cdef inline void note_round_trip(Peer* peer, int64_t sample_ns) noexcept nogil:
    peer.round_trip_ns = (7 * peer.round_trip_ns + sample_ns) // 8 if peer.round_trip_ns else sample_ns
