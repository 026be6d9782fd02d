"""The compiled part of the bots: media paced per frame, protected and sent in batches; received, verified and measured.

The per-packet work runs without the GIL, in the thread that calls `Engine.poll`; all other methods may be called from any
thread. It speaks RTP, RTCP (reports, NACK, PLI) and SRTP; STUN and DTLS come out of `poll` for the peers in Python.
"""

from loadtest.engine.engine import Engine
from loadtest.engine.readings import TRAILER, Arrival, Media, Reception, Transmission

__all__ = ["TRAILER", "Arrival", "Engine", "Media", "Reception", "Transmission"]
