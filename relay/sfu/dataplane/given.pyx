"""What Python hands in, checked, as values of C."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from .types cimport MAX_PAYLOADS
from .worker cimport MAX_ENCODINGS, MAX_RID


cdef int given_payloads(object given, Payload* rows) except -1:
    """The payload types of one media section; how many. ValueError for what is none."""
    if not 0 < len(given) <= MAX_PAYLOADS:
        raise ValueError(f"between 1 and {MAX_PAYLOADS} payload types, not {len(given)}")
    for index, (codec, family, payload_type, rtx_payload_type, clock_rate_hz) in enumerate(given):
        if not (0 <= payload_type < 128 and -1 <= rtx_payload_type < 128 and clock_rate_hz > 0):
            raise ValueError(f"no payload type: {given[index]}")
        rows[<int> index] = Payload(codec, family, payload_type, rtx_payload_type, clock_rate_hz)
    return len(given)


cdef int given_rids(object rids) except -1:
    """ValueError when there are too few or too many, or one is no RID or there twice."""
    if not 2 <= len(rids) <= MAX_ENCODINGS or len(set(rids)) != len(rids):
        raise ValueError(f"between 2 and {MAX_ENCODINGS} different RIDs, not {rids}")
    if any(not 0 < len(rid) <= MAX_RID for rid in rids):
        raise ValueError(f"a RID takes 1 to {MAX_RID} bytes: {rids}")
    return 0


cdef int given_name(bytes name, uint8_t* room, int limit) except -1:
    """Copy a MID or RID; its length. ValueError when it is longer than `limit`."""
    if len(name) > limit:
        raise ValueError(f"longer than {limit} bytes: {name!r}")
    memcpy(room, <const uint8_t*> name, len(name))
    return <int> len(name)
