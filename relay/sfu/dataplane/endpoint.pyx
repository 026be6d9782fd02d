"""Conversions of `Endpoint`: to and from the kernel's sockaddr, to and from Python's (host, port)."""

from libc.stdint cimport uint8_t
from libc.string cimport memcmp, memcpy, memset

from ._inet cimport (
    AF_INET, AF_INET6, htons, inet_ntop, inet_pton, ntohs, sockaddr_in, sockaddr_in6,
)
from .types cimport Endpoint

cdef uint8_t[12] MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]


cdef inline bint _is_mapped(const Endpoint* endpoint) noexcept nogil:
    return memcmp(endpoint.ip, <const uint8_t*> MAPPED, 12) == 0


cdef void read_sockaddr(const sockaddr_in6* name, Endpoint* endpoint) noexcept nogil:
    """From a sockaddr of either family, as recvmsg wrote it."""
    cdef const sockaddr_in* short_name = <const sockaddr_in*> name
    endpoint.via = 0
    if name.sin6_family == AF_INET:
        memcpy(endpoint.ip, <const uint8_t*> MAPPED, 12)
        memcpy(&endpoint.ip[12], &short_name.sin_addr, 4)
        endpoint.port = ntohs(short_name.sin_port)
        endpoint.scope = 0
    else:
        memcpy(endpoint.ip, &name.sin6_addr, 16)
        endpoint.port = ntohs(name.sin6_port)
        endpoint.scope = name.sin6_scope_id


cdef unsigned int write_sockaddr(const Endpoint* endpoint, int family, sockaddr_in6* name) noexcept nogil:
    """As a sockaddr for a socket of this family; its length, or 0: such a socket cannot reach the address."""
    cdef sockaddr_in* short_name = <sockaddr_in*> name
    memset(name, 0, sizeof(sockaddr_in6))
    if family == AF_INET6:
        name.sin6_family = AF_INET6
        name.sin6_port = htons(endpoint.port)
        name.sin6_scope_id = endpoint.scope
        memcpy(&name.sin6_addr, endpoint.ip, 16)
        return sizeof(sockaddr_in6)
    if not _is_mapped(endpoint):
        return 0
    short_name.sin_family = AF_INET
    short_name.sin_port = htons(endpoint.port)
    memcpy(&short_name.sin_addr, &endpoint.ip[12], 4)
    return sizeof(sockaddr_in)


cdef int parse_address(tuple address, Endpoint* endpoint) except -1:
    """From (host, port) or (host, port, via), the host as IPv4 or IPv6 text; ValueError for anything else."""
    host, _, zone = address[0].partition("%")
    text = host.encode("ascii")
    port = address[1]
    if not 0 < port < 65536:
        raise ValueError(f"no UDP port: {port}")
    memset(endpoint, 0, sizeof(Endpoint))
    endpoint.port = port
    if len(address) > 2:
        endpoint.via = address[2]
    if zone:
        endpoint.scope = int(zone)
    if inet_pton(AF_INET6, text, endpoint.ip) == 1:
        return 0
    memcpy(endpoint.ip, <const uint8_t*> MAPPED, 12)
    if inet_pton(AF_INET, text, &endpoint.ip[12]) == 1:
        return 0
    raise ValueError(f"neither IPv4 nor IPv6: {host!r}")


cdef tuple format_address(const Endpoint* endpoint):
    """(host, port) or (host, port, via); IPv4-mapped addresses as IPv4 text, a scope as `%number`."""
    cdef char[64] text
    if _is_mapped(endpoint):
        inet_ntop(AF_INET, &endpoint.ip[12], text, sizeof(text))
    else:
        inet_ntop(AF_INET6, endpoint.ip, text, sizeof(text))
    host = (<bytes> text).decode("ascii")
    if endpoint.scope:
        host = f"{host}%{endpoint.scope}"
    return (host, endpoint.port, endpoint.via) if endpoint.via else (host, endpoint.port)
