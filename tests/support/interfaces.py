"""What addresses the machine has that runs the tests."""

import ifaddr
import pytest


def link_local_address() -> str:
    """`fe80::…%interface`; the test is skipped where there is none."""
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            if ip.is_IPv6 and str(ip.ip[0]).startswith("fe80"):
                return f"{ip.ip[0]}%{adapter.name}"
    pytest.skip("no link-local address on this machine")
