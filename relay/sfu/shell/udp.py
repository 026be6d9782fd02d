"""The worker's UDP port: a bound socket, and the addresses that peers can reach it by."""

import ipaddress
import socket

import ifaddr

from relay.config import SfuSettings
from relay.errors import Unavailable
from relay.sfu.ports import Address


def bind(settings: SfuSettings) -> socket.socket:
    """A non-blocking socket on the configured address; IPv6 wildcards take IPv4 too. Raises `Unavailable`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, settings.receive_buffer_bytes)
        sock.bind((settings.host, settings.port))
    except OSError as error:
        sock.close()
        raise Unavailable(f"cannot take UDP {settings.host}:{settings.port} for media: {error.strerror}") from error
    return sock


def candidates(settings: SfuSettings, bound: Address) -> tuple[Address, ...]:
    """Where peers shall send to: what the settings advertise, else the bound address, else this machine's own."""
    host, port = bound[0], bound[1]
    if settings.advertised_hosts:
        return tuple((each, port) for each in settings.advertised_hosts)
    if not ipaddress.ip_address(host).is_unspecified:
        return ((host, port),)
    return tuple((each, port) for each in _own_hosts(with_ipv6=":" in host))


def _own_hosts(*, with_ipv6: bool) -> list[str]:
    hosts = [
        str(ip.ip[0]) if isinstance(ip.ip, tuple) else ip.ip
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if with_ipv6 or ip.is_IPv4
    ]
    usable = [host for host in hosts if not ipaddress.ip_address(host).is_link_local]
    # A peer elsewhere cannot use a loopback address, and one here reaches every other address just as well.
    outside = [host for host in usable if not ipaddress.ip_address(host).is_loopback]
    return sorted(outside or usable, key=lambda host: (":" in host, usable.index(host)))
