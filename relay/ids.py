"""Identifiers, one type each, so that a seat is never passed where a call is meant."""

from typing import NewType

CallId = NewType("CallId", str)
"""One conversation, from the citizen's request to the end of wrap-up (the scheduler's ticket)."""

KioskId = NewType("KioskId", str)
"""One booth."""

SeatId = NewType("SeatId", str)
"""One caseworker's working place."""

OfferId = NewType("OfferId", str)
"""One offer of one call to one seat."""

PeerId = NewType("PeerId", str)
"""One WebRTC peer of the SFU; the SFU does not know whose it is."""
