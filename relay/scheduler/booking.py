"""What deciding and evolving share about appointments."""

from __future__ import annotations

from . import regions
from .entities import Appointment
from .index.line import Line
from .model import Reach, ServiceItem
from .state import State

KEY_PREFIX = "appointment:"
"""Keeps idempotency keys of bookings apart from those of calls."""
_ORDER = list(Reach)


def hold_line(state: State, appointment: Appointment) -> Line:
    """The requirement of the seat to keep: as for a call whose search has gone as far as the rules let a seat sit."""
    item = state.catalogue.items.get(appointment.item) or ServiceItem(appointment.item)
    reach = min(item.reach, state.settings.appointments.lookahead_reach, key=_ORDER.index)
    scope = regions.scope(appointment.region, reach)
    return state.holds.line(
        appointment.item, scope, appointment.kind, appointment.language, appointment.media, item.min_level
    )
