"""Hypothesis strategies for the values of `relay.sfu.wire`: everything that a packet can say."""

import ipaddress
import string

from hypothesis import strategies as st

from relay.sfu.wire import rtcp, rtp, sdp, stun

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u24 = st.integers(0, 0xFFFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, 2**64 - 1)

# ── STUN ──

_text = st.text(max_size=40)
_not_mapped = st.ip_addresses(v=6).filter(lambda ip: ipaddress.IPv6Address(str(ip)).ipv4_mapped is None)
_address = st.tuples(st.one_of(st.ip_addresses(v=4), _not_mapped).map(str), u16)
_other_types = st.integers(0, 0xFFFF).filter(lambda number: number not in set(stun.AttributeType))

stun_messages = st.builds(
    stun.Message,
    method=st.integers(0, 0xFFF),
    cls=st.sampled_from(stun.MessageClass),
    transaction_id=st.binary(min_size=12, max_size=12),
    username=st.none() | _text,
    priority=st.none() | u32,
    use_candidate=st.booleans(),
    ice_controlling=st.none() | u64,
    ice_controlled=st.none() | u64,
    xor_mapped_address=st.none() | _address,
    error=st.none() | st.builds(stun.ErrorCode, st.integers(0, 799), _text),
    unknown_attributes=st.lists(u16, max_size=5).map(tuple),
    software=st.none() | _text,
    others=st.lists(st.tuples(_other_types, st.binary(max_size=20)), max_size=3).map(tuple),
)

# ── RTP ──

_extensions = st.lists(st.builds(rtp.Extension, st.integers(1, 255), st.binary(max_size=20)), max_size=5).map(tuple)
_profile_extensions = st.tuples(
    u16.filter(lambda profile: profile != rtp.ONE_BYTE_PROFILE and profile & 0xFFF0 != rtp.TWO_BYTE_PROFILE),
    st.binary(max_size=5).map(lambda data: data * 4),
)


def _rtp_packets(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[rtp.Packet]:
    return st.builds(
        rtp.Packet,
        payload_type=st.integers(0, 127),
        sequence=u16,
        timestamp=u32,
        ssrc=u32,
        marker=st.booleans(),
        payload=st.binary(max_size=60),
        csrcs=st.lists(u32, max_size=15).map(tuple),
        padding_bytes=u8,
        **fields,
    )


rtp_packets = _rtp_packets(extensions=_extensions) | _rtp_packets(profile_extension=_profile_extensions)

# ── RTCP ──

_ssrcs = st.lists(u32, max_size=31).map(tuple)
_blocks = st.lists(
    st.builds(rtcp.ReportBlock, u32, u8, st.integers(-0x800000, 0x7FFFFF), u32, u32, u32, u32), max_size=31
).map(tuple)
_items = st.lists(st.builds(rtcp.Item, st.integers(1, 255), st.binary(max_size=40)), max_size=4).map(tuple)
_words = st.binary(max_size=6).map(lambda data: data * 4)
_xr_blocks = st.one_of(
    st.builds(rtcp.ReceiverReferenceTime, u64),
    st.builds(rtcp.Dlrr, st.lists(st.builds(rtcp.LastReceiverReport, u32, u32, u32), max_size=4).map(tuple)),
    st.builds(rtcp.UnknownBlock, u8.filter(lambda number: number not in (4, 5)), u8, _words),
)


@st.composite
def _nacks(draw: st.DrawFn) -> rtcp.Nack:
    first = draw(u16)
    gaps = draw(st.lists(st.integers(1, 40), max_size=60))
    lost = [first]
    for gap in gaps:
        lost.append((lost[-1] + gap) & 0xFFFF)
    return rtcp.Nack(draw(u32), draw(u32), tuple(lost))


@st.composite
def _transport_feedback(draw: st.DrawFn) -> rtcp.TransportFeedback:
    base = draw(u16)
    ticks = st.one_of(st.integers(0, 255), st.integers(-0x8000, 0x7FFF))
    statuses = draw(st.lists(st.none() | ticks, max_size=120))
    received = (
        rtcp.Received((base + index) & 0xFFFF, status * 250)
        for index, status in enumerate(statuses)
        if status is not None
    )
    return rtcp.TransportFeedback(draw(u32), draw(u32), base, len(statuses), draw(u24), draw(u8), tuple(received))


rtcp_packets = st.one_of(
    st.builds(rtcp.SenderReport, u32, u64, u32, u32, u32, _blocks),
    st.builds(rtcp.ReceiverReport, u32, _blocks),
    st.builds(rtcp.SourceDescription, st.lists(st.builds(rtcp.Chunk, u32, _items), max_size=5).map(tuple)),
    st.builds(rtcp.Goodbye, _ssrcs, st.binary(max_size=50)),
    st.builds(rtcp.App, st.integers(0, 31), u32, st.binary(min_size=4, max_size=4), _words),
    st.builds(rtcp.Pli, u32, u32),
    st.builds(rtcp.Fir, u32, st.lists(st.builds(rtcp.FirEntry, u32, u8), min_size=1, max_size=5).map(tuple)),
    st.builds(
        rtcp.Remb, u32, st.builds(int.__lshift__, st.integers(1 << 17, (1 << 18) - 1), st.integers(0, 63)), _ssrcs
    ),
    st.builds(rtcp.ExtendedReport, u32, st.lists(_xr_blocks, max_size=4).map(tuple)),
    st.builds(rtcp.Unknown, st.integers(192, 199), st.integers(0, 31), _words),
    _nacks(),
    _transport_feedback(),
)

# ── SDP ──

_token = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=10)
_value = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=30)
_attributes = st.lists(st.builds(sdp.Attribute, _token, st.none() | _value), max_size=8).map(
    lambda items: sdp.Attributes(tuple(items))
)


def _lines(order: str) -> st.SearchStrategy[tuple[sdp.Line, ...]]:
    lines = st.lists(st.builds(sdp.Line, st.sampled_from(order), _value), max_size=5)
    rank = {"t": "t", "r": "t", "z": "t"}
    return lines.map(lambda each: tuple(sorted(each, key=lambda line: order.index(rank.get(line.type, line.type)))))


session_descriptions = st.builds(
    sdp.SessionDescription,
    origin=st.builds(sdp.Origin, _token, u64, u64, st.just("IN IP4 127.0.0.1")),
    media=st.lists(
        st.builds(
            sdp.MediaDescription,
            kind=_token,
            port=u16,
            protocol=_token,
            formats=st.lists(_token, min_size=1, max_size=5).map(tuple),
            attributes=_attributes,
            lines=_lines("icbk"),
            port_count=u16,
        ),
        max_size=4,
    ).map(tuple),
    attributes=_attributes,
    name=_value,
    lines=_lines("iuepcbtrzk"),
)
