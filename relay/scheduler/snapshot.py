"""A state as bytes and back. Equal states give equal bytes, in every process and under every hash seed.

Kept are the entities, field by field (`FIELDS`), in a fixed order; indexes and timers are rebuilt. `SCHEMA` changes with
the layout: an older snapshot is not read, the journal is replayed instead.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from .entities import Appointment, Call, Conversation, Kiosk, Seat, Window
from .evolution.appointments import restore_appointment
from .evolution.queue import restore_call
from .index.due import Due
from .model import (
    AppointmentPhase,
    CallPhase,
    Kind,
    Media,
    Participant,
    Presence,
    Purpose,
    Role,
    SeatProfile,
    ServiceItem,
    Shift,
)
from .recent import Recent
from .settings import SchedulerSettings
from .state import State

SCHEMA = 1
_COUNTERS = ("clock_ms", "calls_made", "offers_made", "appointments_made", "releases")
_counters = attrgetter(*_COUNTERS)
_call = attrgetter(*(field for field in Call.FIELDS if field != "talk"))
_talk = attrgetter(*Conversation.FIELDS)
_seat = attrgetter(*Seat.FIELDS)
_kiosk = attrgetter(*Kiosk.FIELDS)
_window = attrgetter(*Window.FIELDS)
_appointment = attrgetter(*Appointment.FIELDS)
_encoder = msgspec.msgpack.Encoder()
E = TypeVar("E")


class Snapshot(msgspec.Struct, array_like=True):
    """The layout of the bytes; entities as rows of their fields."""

    settings: SchedulerSettings
    counters: list[int]
    items: list[ServiceItem]
    nodes: list[str]
    regions: list[str]
    profiles: list[SeatProfile]
    seats: list[tuple[int, list[Any]]]
    """Number of the profile, row."""
    calls: list[tuple[list[Any], list[Any] | None]]
    """Row, row of the conversation."""
    kiosks: list[list[Any]]
    windows: list[list[Any]]
    appointments: list[list[Any]]
    keys: list[tuple[int, str, str]]
    sticky: list[tuple[int, str, str]]
    lost: list[tuple[int, str, tuple[str, str, int]]]
    no_shows: list[tuple[int, str, tuple[int, ...]]]
    closed_offers: list[tuple[int, str, str]]


_decoder = msgspec.msgpack.Decoder(Snapshot)


def state_bytes(state: State) -> bytes:
    """The state, canonically."""
    profiles: dict[SeatProfile, int] = {}
    seats = [
        (profiles.setdefault(seat.profile.value, len(profiles)), _seat(seat)) for _, seat in sorted(state.seats.items())
    ]
    return _encoder.encode(
        (
            state.settings,
            _counters(state),
            [item for _, item in sorted(state.catalogue.items.items())],
            sorted(state.catalogue.children),
            sorted(state.regions),
            list(profiles),
            seats,
            [(_call(call), None if call.talk is None else _talk(call.talk)) for call in state.calls.values()],
            [_kiosk(kiosk) for kiosk in state.kiosks.values()],
            [_window(window) for window in state.windows.values()],
            [_appointment(appointment) for appointment in state.appointments.values()],
            state.keys.kept(),
            state.sticky.kept(),
            state.lost.kept(),
            state.no_shows.kept(),
            state.closed_offers.kept(),
        )
    )


def digest(state: State) -> str:
    """A short name of the state: the same for equal states everywhere."""
    return blake2b(state_bytes(state), digest_size=16).hexdigest()


def restore_state(body: bytes) -> State:
    """The state that `state_bytes` was given. Raises msgspec.MsgspecError for other bytes."""
    kept = _decoder.decode(body)
    state = State(kept.settings)
    for field, value in zip(_COUNTERS, kept.counters, strict=True):
        setattr(state, field, value)
    state.catalogue.define(kept.items)
    state.catalogue.know(kept.nodes)
    state.regions = set(kept.regions)
    profiles = [state.resolve(profile) for profile in kept.profiles]
    for number, row in kept.seats:
        seat = _fill(Seat("", 0, profiles[number], 0), Seat.FIELDS, row, _SEAT)
        state.seats[seat.id] = seat
        _restore_seat(state, seat)
    for row, talk in kept.calls:
        for column, convert in _CALL:
            row[column] = convert(row[column])
        call = Call("", 0)
        call.restore(row)
        call.talk = None if talk is None else _fill(Conversation(0), Conversation.FIELDS, talk, _TALK)
        restore_call(state, call)
    for row in kept.kiosks:
        kiosk = Kiosk(row[0])
        kiosk.lease_ms = row[1]
        kiosk.calls = tuple(row[2])
        state.kiosks[kiosk.id] = kiosk
        state.timers.set(kiosk.lease_ms, Due.KIOSK_LEASE, 0, "", kiosk.id)
    for row in kept.windows:
        window = _fill(Window(""), Window.FIELDS, row, {})
        state.windows[window.id] = window
    for row in kept.appointments:
        restore_appointment(state, _fill(Appointment("", 0), Appointment.FIELDS, row, _APPOINTMENT))
    state.keys = Recent(kept.keys)
    state.sticky = Recent(kept.sticky)
    state.lost = Recent(kept.lost)
    state.no_shows = Recent(kept.no_shows)
    state.closed_offers = Recent(kept.closed_offers)
    return state


def _restore_seat(state: State, seat: Seat) -> None:
    state.supply.add(seat)
    state.timers.set(seat.lease_ms, Due.SEAT_LEASE, 0, "", seat.id)
    state.timers.set(seat.shift_ms, Due.SHIFT, 0, "", seat.id)
    for name, (_, until_ms) in seat.wraps.items():
        if until_ms:
            state.timers.set(until_ms, Due.WRAP_UP, int(name[1:]), name, seat.id)


def _media(values: list[str]) -> tuple[Media, ...]:
    """Calls ask for few combinations, and share them."""
    media = _MEDIA.get(tuple(values))
    if media is None:
        media = _MEDIA[tuple(values)] = tuple(Media(value) for value in values)
    return media


def _participants(rows: list[dict[str, Any]]) -> tuple[Participant, ...]:
    return msgspec.convert(rows, tuple[Participant, ...])


def _shift(row: dict[str, Any] | None) -> Shift | None:
    return msgspec.convert(row, Shift | None)


def _roles(roles: dict[str, str]) -> dict[str, Role]:
    return {call: Role(role) for call, role in roles.items()}


def _wraps(wraps: dict[str, list[int]]) -> dict[str, tuple[int, int]]:
    return {call: (since_ms, until_ms) for call, (since_ms, until_ms) in wraps.items()}


def _fill(entity: E, fields: tuple[str, ...], row: list[Any], convert: dict[str, Callable[[Any], Any]]) -> E:
    for field, value in zip(fields, row, strict=True):
        setattr(entity, field, convert[field](value) if field in convert else value)
    return entity


_MEDIA: dict[tuple[str, ...], tuple[Media, ...]] = {}
_CALL: tuple[tuple[int, Callable[[Any], Any]], ...] = (
    (Call.FIELDS.index("kind"), {kind.value: kind for kind in Kind}.__getitem__),
    (Call.FIELDS.index("media"), _media),
    (Call.FIELDS.index("purpose"), {purpose.value: purpose for purpose in Purpose}.__getitem__),
    (Call.FIELDS.index("phase"), {phase.value: phase for phase in CallPhase}.__getitem__),
)
"""By column: what rows do not keep as it is; all before `talk`."""
_TALK: dict[str, Callable[[Any], Any]] = {"others": _participants, "invitations": tuple}
_SEAT: dict[str, Callable[[Any], Any]] = {"shift": _shift, "presence": Presence, "calls": _roles, "wraps": _wraps}
_APPOINTMENT: dict[str, Callable[[Any], Any]] = {
    "kind": Kind,
    "media": _media,
    "phase": AppointmentPhase,
}
