"""A transport address as text and port, its packed form, and the door of ours that leads to it."""

import ipaddress
from typing import TypeAlias

Address: TypeAlias = tuple[str, int] | tuple[str, int, int]
"""(host, port) or (host, port, via): dotted quad or RFC 5952 text, with `%scope` if it is link-local.

`via` is the number of the door of ours by which that address is reached, where there are several: an address of this
machine that a wildcard socket is bound to. It makes one address two paths, as ICE's pairs are two; who answers, answers through it.
"""


def packed_host(host: str) -> bytes:
    """The 4 or 16 bytes of `host`; an IPv4-mapped IPv6 address (dual-stack sockets report those) gives 4.

    Raises ValueError if `host` is not an IP address.
    """
    ip = ipaddress.ip_address(host)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped.packed
    return ip.packed


def text_of(host: str) -> str:
    """`host` as addresses carry it: IPv4-mapped IPv6 as IPv4, and without a scope."""
    return host_of(packed_host(host.partition("%")[0]))


def host_of(packed: bytes) -> str:
    """The text of 4 or 16 packed bytes; the inverse of `packed_host`."""
    return str(ipaddress.ip_address(packed))
