"""The engine as one object, its snapshots, its effects and its tables."""

import typing

import msgspec
import pytest

from relay.scheduler import commands, decide, digest, effects_of, events, evolve, restore_state, state_bytes
from relay.scheduler.effects import AnyEffect, Ring, StopRinging
from relay.scheduler.engine import Engine
from relay.scheduler.lifecycle import CALL_TRANSITIONS, COMMAND_PHASES, PRESENCE_TRANSITIONS
from relay.scheduler.model import CallPhase, Presence
from tests.support.desk import START_MS, Desk


def test_decide_changes_nothing() -> None:
    desk = Desk()
    desk.seat("s1")
    before = state_bytes(desk.state)
    command = commands.RequestCall("k", "kiosk", "tax.vat", "330203")
    first = decide(desk.state, command, desk.now_ms)
    assert state_bytes(desk.state) == before
    assert decide(desk.state, command, desk.now_ms) == first
    for event in first:
        evolve(desk.state, event)
    assert state_bytes(desk.state) != before


def test_timers_are_decided_in_order_each_at_its_own_time() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.seat("s2")
    desk.request()
    desk.at(3).request()
    desk.now_ms = START_MS + 60_000
    happened = desk.engine.advance(desk.now_ms)
    timed_out = [event.at_ms for event in happened if isinstance(event, events.OfferTimedOut)]
    assert timed_out[:2] == [START_MS + 20_000, START_MS + 23_000]
    assert [event.at_ms for event in happened] == sorted(event.at_ms for event in happened)
    assert desk.engine.next_wake_ms() > desk.now_ms


def test_one_tick_decides_one_timer() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.seat("s2")
    desk.request()
    desk.request()
    happened = desk.engine.step(commands.Tick(), START_MS + 20_000)
    assert sum(isinstance(event, events.OfferTimedOut) for event in happened) == 1


def test_events_commands_and_effects_survive_their_encoding() -> None:
    desk = Desk()
    desk.seat("s1")
    desk.end(desk.talk())
    body = msgspec.msgpack.encode(desk.log)
    assert msgspec.msgpack.decode(body, type=list[events.AnyEvent]) == desk.log
    effects = [effect for event in desk.log for effect in effects_of(event)]
    assert msgspec.json.decode(msgspec.json.encode(effects), type=list[AnyEffect]) == effects
    assert any(isinstance(effect, Ring) for effect in effects)
    assert any(isinstance(effect, StopRinging) for effect in effects)


def test_the_unions_name_every_command_and_event() -> None:
    for union, base in ((events.AnyEvent, events.Event), (commands.AnyCommand, commands.Command)):
        assert set(typing.get_args(union)) == set(base.__subclasses__())


def test_tables_name_real_phases_and_lead_somewhere() -> None:
    assert {before for before, _ in CALL_TRANSITIONS} | {CallPhase.CLOSED} == set(CallPhase)
    assert set(CALL_TRANSITIONS.values()) == set(CallPhase)
    assert {before for before, _ in PRESENCE_TRANSITIONS} == set(Presence)
    assert all(phases for phases in COMMAND_PHASES.values())


def test_bytes_that_are_no_snapshot_are_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        restore_state(b"nonsense")


def test_a_state_and_its_restored_twin_have_one_digest() -> None:
    desk = Desk()
    desk.seat("s1", "tax:3", "tax.vat:0", "hrss")
    desk.request()
    desk.talk("hrss.pension", citizen="wang", case="c")
    twin = restore_state(state_bytes(desk.state))
    assert digest(twin) == digest(desk.state)
    assert Engine(twin).next_wake_ms() == desk.engine.next_wake_ms()
