"""The structs that the rooms of the engine share. Times are nanoseconds; `due` is CLOCK_MONOTONIC, stamps CLOCK_REALTIME."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from ._linux cimport iovec, mmsghdr, msghdr, sockaddr_in

cdef enum:
    BATCH = 64
    CELL = 2048
    CONTROL = 128
    HEAD = 64              # longest RTP header that a sender writes
    HISTORY = 512          # packets a sender can send again
    MAX_STREAMS = 16       # of one bot, each direction
    VIDEO_WINDOW = 512     # packets a receiver puts in order
    AUDIO_WINDOW = 128
    BUCKETS = 832          # of loadtest.measure.histogram
    NOTHING = -1
    ARRIVALS = 1024            # transport-wide numbers a bot remembers
    TRAILER = 255              # for a stamp id: 8 bytes behind the payload

cdef enum Codec:
    OPUS = 0
    VP8 = 1
    H264 = 2

cdef enum PacketState:
    UNKNOWN = 0
    MISSING = 1
    PRESENT = 2


ctypedef struct Program:
    # given
    uint8_t* data
    int32_t* payload_at        # payload_count + 1 places in `data`
    int32_t* frame_first       # frame_count + 1 payloads
    int64_t* frame_ticks
    int32_t frame_count
    int64_t length_ticks
    int64_t clock_rate_hz


ctypedef struct Sent:
    uint16_t sequence
    int32_t payload            # NOTHING: empty
    uint32_t timestamp
    bint marker
    int64_t again_ns           # when it was last sent again


ctypedef struct Sender:
    # given
    int32_t bot
    int32_t program
    uint32_t ssrc
    uint32_t rtx_ssrc
    uint8_t payload_type
    uint8_t rtx_payload_type
    uint8_t head[HEAD]
    int32_t head_length
    int32_t stamp_at           # 0: no stamp in the header
    bint trailer               # the stamp is behind the payload
    int32_t transport_at       # 0: no transport-wide number
    int32_t rid_at             # 0: no RID; else its element, whose id is another in retransmissions
    uint8_t rid_again_id
    # owned
    bint active
    bint scheduled             # it has a beat on the heap
    bint restart               # begin a new round with the next frame: a keyframe was asked for
    uint16_t sequence
    uint16_t rtx_sequence
    uint32_t first_timestamp   # of this round
    int64_t round_ns           # when this round began, monotonic
    int32_t frame
    uint32_t last_timestamp
    int64_t last_frame_ns
    Sent history[HISTORY]
    # derived
    int64_t packets
    int64_t octets
    int64_t frames
    int64_t retransmitted
    int64_t nacks
    int64_t keyframe_requests


ctypedef struct Marks:
    # header extensions of a sender by their ids; 0: none
    uint8_t stamp_id
    uint8_t transport_id
    uint8_t mid_id
    int mid_length
    const uint8_t* mid
    uint8_t rid_id
    uint8_t rid_again_id
    int rid_length
    const uint8_t* rid


ctypedef struct Waiting:
    PacketState state
    bint marker
    bint keyframe              # its frame can be decoded without others
    uint8_t tries
    uint16_t sequence
    uint32_t timestamp
    int64_t noticed_ns
    int64_t asked_ns


ctypedef struct Receiver:
    # given
    int32_t bot
    uint32_t ssrc              # 0: not known yet
    uint32_t rtx_ssrc
    uint8_t rtx_payload_type
    uint8_t stamp_id
    int32_t histogram
    int64_t clock_rate_hz
    Codec codec
    uint8_t payload_type       # by which a stream is known whose SSRC was not announced
    int32_t window
    Waiting* packets_kept
    # owned
    bint expected
    bint started
    bint wants_keyframe
    bint skipping              # the rest of a frame that lost a packet
    uint16_t highest
    uint32_t cycles
    uint16_t next              # the first that has not been delivered
    int32_t gaps               # MISSING between `next` and `highest`
    int64_t asked_keyframe_ns
    int64_t last_packet_ns
    int64_t last_frame_ns
    int64_t transit_ticks
    int64_t average_interval_ns
    uint32_t frames_since_expected
    uint32_t sender_report     # middle 32 bits of its NTP time
    int64_t sender_report_ns
    int64_t reported_received
    int64_t reported_expected
    uint32_t first_extended
    # derived
    double jitter_ticks
    int64_t packets
    int64_t octets
    int64_t missing
    int64_t repaired
    int64_t duplicates
    int64_t reordered
    int64_t frames
    int64_t broken_frames
    int64_t freezes
    int64_t freeze_ns
    int64_t watched_ns
    int64_t first_packet_ns
    int64_t first_frame_ns
    int64_t longest_gap_ns
    int64_t keyframe_requests
    int64_t nacks


ctypedef struct Arrived:
    uint16_t sequence
    int64_t at_ns


ctypedef struct Bot:
    # given
    int fd                     # NOTHING: removed
    void* outbound             # srtp_t; NULL: no keys yet
    void* inbound
    sockaddr_in path
    bint has_path
    uint8_t transport_id       # of transport-wide numbers in what it receives; 0: not negotiated
    bint remb                  # it reports estimates instead
    # owned
    int32_t senders[MAX_STREAMS]
    int32_t sender_count
    int32_t receivers[MAX_STREAMS]
    int32_t receiver_count
    int64_t report_ns          # monotonic
    uint32_t overflow          # datagrams its socket dropped for want of room
    uint16_t transport_sequence
    Arrived arrived[ARRIVALS]
    bint any_arrived
    uint16_t next_reported
    uint16_t highest_arrived
    uint32_t media_ssrc        # of the last packet
    int64_t feedback_ns        # monotonic
    uint8_t feedback_count
    int64_t fastest_ns         # one way, ever and in this second; 0: none yet
    int64_t period_fastest_ns
    int64_t remb_bps
    int64_t remb_octets
    int64_t remb_packets
    int64_t remb_missing


ctypedef struct Totals:
    int64_t packets_sent
    int64_t bytes_sent
    int64_t packets_received
    int64_t bytes_received
    int64_t rtp_received       # of streams that are known
    int64_t frames_received
    int64_t broken_frames
    int64_t missing
    int64_t repaired
    int64_t reordered
    int64_t duplicates
    int64_t freezes
    int64_t freeze_ns
    int64_t watched_ns
    int64_t retransmitted
    int64_t keyframe_requests
    int64_t feedback_sent
    int64_t feedback_received
    int64_t reported_received  # of our packets, by the server
    int64_t reported_lost
    int64_t remb_sent
    int64_t unprotect_failed
    int64_t unknown_ssrc
    int64_t malformed
    int64_t overflow
    int64_t send_refused
    int64_t arrivals_dropped
    int64_t busy_ns


ctypedef struct Beat:
    int64_t due_ns
    int32_t sender


ctypedef struct World:
    # everything the loop touches; grown under the lock
    Bot* bots
    int32_t bot_count
    Program* programs
    int32_t program_count
    Sender* senders
    int32_t sender_count
    Receiver* receivers
    int32_t receiver_count
    int64_t* histograms        # histogram_count × BUCKETS
    int32_t histogram_count
    Beat* beats                # a binary heap, earliest first
    int32_t beat_count
    Totals totals
    uint8_t* inbox             # BATCH × CELL
    mmsghdr* in_headers
    iovec* in_vectors
    sockaddr_in* in_names
    uint8_t* in_controls
    uint8_t* outbox            # BATCH × CELL
    iovec* out_vectors
    int32_t out_count
