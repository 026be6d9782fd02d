"""The values that the steps of the packet path hand to each other, and the small integers they agree on."""

from libc.stdint cimport int8_t, int16_t, int64_t, uint8_t, uint16_t, uint32_t


cdef enum:
    MAX_ELEMENTS = 8       # header extension elements remembered of one packet
    MAX_PAYLOADS = 32      # payload types of one media section
    MAX_KINDS = 16         # kinds of header extension, see records.Extension
    MAX_PACKET = 1456      # largest RTP packet sent, before SRTP: 1500 - IPv4 - UDP - authentication tag
    CELL = 2048            # bytes of a receive cell; longer datagrams are cut by the kernel and dropped
    TRAILER = 16 + 4       # the most that SRTP and SRTCP append (RFC 7714 §8.2, §9.1)
    LAYERS = 4             # spatial, and temporal, that are told apart; what is above counts as the last
    FIRST_DOOR = 256       # doors below are addresses of this machine, from here on TCP connections
    NOTHING = -1           # no such index


cdef enum:                 # records.Kind
    AUDIO = 0
    VIDEO = 1


cdef enum:                 # records.CodecFamily
    OPAQUE = 0
    OPUS = 1
    VP8 = 2
    VP9 = 3
    H264 = 4
    H265 = 5
    AV1 = 6


cdef enum:                 # records.Extension
    MID = 1
    RID = 2
    REPAIRED_RID = 3
    ABS_SEND_TIME = 4
    TRANSPORT_CC = 5
    AUDIO_LEVEL = 6
    VIDEO_ORIENTATION = 7
    ABS_CAPTURE_TIME = 8
    PLAYOUT_DELAY = 9
    DEPENDENCY_DESCRIPTOR = 10


cdef enum:                 # records.ArrivalKind
    STUN = 0
    DTLS = 1
    RTCP = 2
    STRAY = 3
    RTP = 4                # never handed up
    FOREIGN = 5            # no protocol of RFC 7983


cdef enum:                 # records.NoticeKind
    KEYFRAME_WANTED = 0
    TRACK_STARTED = 1
    SLOT_STARTED = 2
    KEYFRAME_SEEN = 3
    TRACK_ENDED = 4


cdef enum Start:
    NOWHERE = 0
    PICTURE = 1            # a picture that depends on none, or sound
    WITH_SETS = 2          # the parameter sets before it (H.264, H.265)


ctypedef struct Endpoint:
    uint8_t ip[16]         # IPv6, or IPv4-mapped
    uint32_t port          # host order
    uint32_t scope         # IPv6 scope id of a link-local address, else 0
    uint32_t via           # the door of ours that it is reached by; 0: the socket's only address


ctypedef struct Element:
    uint8_t kind           # of records.Extension
    uint8_t length
    uint16_t at            # offset of its data in the packet


ctypedef struct Descriptor:
    uint8_t present        # any of the following is in the payload
    int16_t picture_at     # offset in the payload of the picture id; NOTHING: has none
    int16_t level_at       # of TL0PICIDX
    int16_t key_at         # of the octet with KEYIDX (VP8)
    uint16_t picture
    uint8_t wide           # the picture id takes 15 bits, not 7
    uint8_t level
    uint8_t key
    uint8_t dense          # picture ids may have no gaps (VP8)
    uint8_t framed         # has a dependency descriptor that goes on with it (AV1)
    uint16_t frame         # its frame number
    uint16_t frame_at      # offset of that in the packet


cdef enum Rise:
    LEVEL = 0              # no place to take up a higher temporal layer
    INTO = 1               # this picture's own layer may be taken up here
    BEYOND = 2             # every layer above this picture's may be taken up after it


ctypedef struct Layer:
    uint8_t present        # the codec tells of layers
    uint8_t spatial
    uint8_t temporal
    uint8_t rise           # Rise
    uint8_t begins         # first packet of a layer's frame
    uint8_t ends           # last packet of a layer's frame
    uint8_t intra          # the frame depends on no earlier picture
    const int8_t* target_of    # spatial and temporal layer → decode target; NULL: the codec has none
    uint32_t needed        # by decode target: it cannot do without the frame
    uint32_t switching     # by decode target: it can be taken up at the frame


ctypedef struct Packet:
    # given
    uint8_t* data
    int length             # without padding
    int64_t received_ns
    # of the RTP header (RFC 3550 §5.1)
    uint32_t ssrc
    uint32_t timestamp
    uint16_t sequence
    uint8_t payload_type
    uint8_t marker
    uint8_t contributors   # CSRC count
    uint16_t payload_at
    # derived
    uint8_t element_count
    Element elements[MAX_ELEMENTS]
    int64_t position       # sequence number extended to 64 bits, on the line of its source
    uint8_t newest         # no packet of the track has a higher position
    uint8_t recovered      # came by retransmission (RFC 4588)
    uint8_t start          # whether a receiver can start here
    int payload            # index in the track's payload types
    Descriptor descriptor
    Layer layer


ctypedef struct Label:
    uint32_t ssrc
    uint32_t timestamp
    uint16_t sequence
    uint8_t payload_type
    uint8_t marker
    int original           # RTX: the original sequence number; NOTHING: an original packet
    uint16_t picture
    uint8_t level
    uint8_t key
    uint8_t stamped        # the next two are set
    uint16_t departure     # transport-wide sequence number
    uint32_t send_time     # 24 bits
