"""The addresses of this machine that datagrams have come to, numbered in the order in which they were first seen.

Only the kernel's own addresses appear here, so their number is bounded by the machine's configuration; beyond
MAX_LOCALS datagrams are answered as the kernel routes. A number is never given to another address.
"""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

from ._inet cimport (
    CMSG_LEN, CMSG_SPACE, IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO, cmsghdr, in6_pktinfo, in_pktinfo,
)
from .batch cimport MAX_LOCALS, Local

cdef uint8_t[12] MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]


cdef inline bint _is(const Local* local, const uint8_t* ip, uint32_t interface) noexcept nogil:
    return memcmp(local.ip, ip, 16) == 0 and local.interface == interface


cdef inline Local* _find(Inbox* inbox, const uint8_t* ip, uint32_t interface) noexcept nogil:
    """The address, known or new (without control message); NULL: one too many."""
    cdef int index
    cdef Local* local = &inbox.locals[inbox.local_last]
    if inbox.local_count and _is(local, ip, interface):
        return local
    for index in range(inbox.local_count):
        if _is(&inbox.locals[index], ip, interface):
            inbox.local_last = index
            return &inbox.locals[index]
    if inbox.local_count == MAX_LOCALS:
        return NULL
    local = &inbox.locals[inbox.local_count]
    memset(local, 0, sizeof(Local))
    memcpy(local.ip, ip, 16)
    local.interface = interface
    inbox.local_last = inbox.local_count
    inbox.local_count += 1
    return local


cdef inline void _answer_with(Local* local, int level, int kind, const void* source, size_t size) noexcept nogil:
    """What names the address to the kernel when datagrams leave from it."""
    cdef cmsghdr* control = <cmsghdr*> local.control
    control.cmsg_level = level
    control.cmsg_type = kind
    control.cmsg_len = CMSG_LEN(size)
    memcpy(local.control + CMSG_LEN(0), source, size)
    local.control_length = CMSG_SPACE(size)


cdef uint32_t local_via4(Inbox* inbox, const in_pktinfo* given) noexcept nogil:
    """The number of the IPv4 address that a datagram came to, from 1; 0: none left."""
    cdef uint8_t[16] ip
    cdef Local* local
    cdef in_pktinfo source
    memcpy(ip, <const uint8_t*> MAPPED, 12)
    memcpy(&ip[12], &given.ipi_spec_dst, 4)
    local = _find(inbox, ip, 0)
    if local == NULL:
        return 0
    if local.control_length == 0:
        memset(&source, 0, sizeof(source))
        source.ipi_spec_dst = given.ipi_spec_dst
        _answer_with(local, IPPROTO_IP, IP_PKTINFO, &source, sizeof(source))
    return 1 + inbox.local_last


cdef uint32_t local_via6(Inbox* inbox, const in6_pktinfo* given) noexcept nogil:
    """The number of the IPv6 or IPv4-mapped address that a datagram came to, from 1; 0: none left."""
    cdef const uint8_t* ip = <const uint8_t*> &given.ipi6_addr
    cdef bint link_local = ip[0] == 0xFE and ip[1] & 0xC0 == 0x80
    cdef Local* local = _find(inbox, ip, given.ipi6_ifindex if link_local else 0)
    cdef in6_pktinfo source
    if local == NULL:
        return 0
    if local.control_length == 0:
        source.ipi6_addr = given.ipi6_addr
        source.ipi6_ifindex = local.interface
        _answer_with(local, IPPROTO_IPV6, IPV6_PKTINFO, &source, sizeof(source))
    return 1 + inbox.local_last
