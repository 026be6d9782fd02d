"""The worker's UDP port: a bound socket, and the addresses that peers can reach it by."""

import ipaddress
import socket

import ifaddr

from relay.config import SfuSettings
from relay.errors import Unavailable


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
        # A link-local address is bound to its interface, which only the resolver reads from the text.
        numeric = socket.AI_NUMERICHOST | socket.AI_PASSIVE
        sock.bind(socket.getaddrinfo(settings.host, settings.port, family, socket.SOCK_DGRAM, flags=numeric)[0][4])
    except OSError as error:
        sock.close()
        raise Unavailable(f"cannot take UDP {settings.host}:{settings.port} for media: {error.strerror}") from error
    return sock


def hosts(settings: SfuSettings, bound: str) -> tuple[str, ...]:
    """Where peers shall send to: what the settings advertise, else the bound address, else this machine's own; as the
    world outside a NAT sees them, if the settings say how."""
    if settings.advertised_hosts:
        return settings.advertised_hosts
    own = _own_hosts(with_ipv6=":" in bound) if ipaddress.ip_address(bound).is_unspecified else [bound]
    mapped = (settings.external_host(host.partition("%")[0]) for host in own)
    return tuple(dict.fromkeys(mapped))


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
