"""The packet path: one worker's media, from the datagram in to the datagrams out, compiled and without the GIL.

Start reading at `forward.pyx`: it is the order of things. Each step is a module of its own; what they share is in
`types.pxd` (a packet) and `worker.pxd` (everything else).
"""

from .forwarder import Forwarder
from .hops import DROPS, TOTALS, Drop, Total

__all__ = ["DROPS", "TOTALS", "Drop", "Forwarder", "Total"]
