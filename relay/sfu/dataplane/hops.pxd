"""What is counted: why packets were dropped, how much went through, how long packets stayed."""

from libc.stdint cimport int64_t, uint64_t


cpdef enum Drop:
    KEPT
    # a datagram from the network, before it is known to be authentic
    FOREIGN_PROTOCOL
    CUT
    UNKNOWN_ADDRESS
    NO_KEYS
    MALFORMED_RTP
    MALFORMED_RTCP
    AUTH_FAILED
    REPLAYED
    SRTP_FAILED
    # an authentic one
    OVER_RATE
    UNKNOWN_SSRC
    UNKNOWN_PAYLOAD_TYPE
    EMPTY_RTX
    DUPLICATE
    TOO_LATE
    TRAY_FULL
    # a packet on its way into a slot
    AWAITING_KEYFRAME
    BEFORE_SWITCH
    PADDING_ONLY
    LAYER_NOT_WANTED
    CODEC_MISMATCH
    TOO_LARGE
    NO_PATH
    PROTECT_FAILED
    SEND_QUEUE_FULL
    PACED_OUT
    SEND_REFUSED
    CONNECTION_FULL
    DROP_COUNT


cpdef enum Total:
    PACKETS_IN
    BYTES_IN
    PACKETS_OUT
    BYTES_OUT
    RECEIVE_CALLS
    SEND_CALLS
    MESSAGES_OUT
    SEND_BLOCKED
    SEGMENTATION_REFUSED
    STUN_IN
    DTLS_IN
    RTP_IN
    RTCP_IN
    RTX_IN
    NACKS_OUT
    NACKS_IN
    RETRANSMITTED
    NACKS_THROTTLED
    NACKS_UNANSWERABLE
    PLIS_IN
    FIRS_IN
    FEEDBACKS_OUT
    PARITY_OUT
    FEEDBACKS_IN
    FEEDBACKS_UNASKED
    FEEDBACKS_TOO_MANY
    REMBS_IN
    PADDING_OUT
    CONNECTIONS_IN
    TOTAL_COUNT


cdef enum:
    BUCKETS = 47           # upper bounds 10, 20 … 90, 100, 200 … 900 µs … 900 ms, 1 s, and above


ctypedef struct Hops:
    uint64_t drops[<int> Drop.DROP_COUNT]
    uint64_t totals[<int> Total.TOTAL_COUNT]
    uint64_t residence[BUCKETS]


cdef void note_residence(Hops* hops, int64_t stay_ns) noexcept nogil
cdef dict counters_of(const Hops* hops)
cdef tuple residence_of(const Hops* hops)
