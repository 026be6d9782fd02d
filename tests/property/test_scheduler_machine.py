"""Random histories of the whole engine against the invariants of the design, as the naive audit sees them."""

import itertools

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from relay.errors import Refusal
from relay.scheduler import commands, lifecycle
from relay.scheduler.engine import Engine
from relay.scheduler.model import (
    BookingWindow,
    Break,
    CallPhase,
    Kind,
    Media,
    Party,
    Reach,
    Role,
    SeatProfile,
    ServiceItem,
    Shift,
    Skill,
    Target,
)
from relay.scheduler.settings import AppointmentRules, QueueCap, Ring, SchedulerSettings
from relay.scheduler.snapshot import digest, restore_state, state_bytes
from relay.scheduler.state import State
from tests.support.oracle.scheduler import Audit, presence_of

ITEMS = ("a", "a.x", "a.x.1", "a.x.2", "a.y", "b.x", "b.y")
NODES = ("*", "a", "a.x", "a.x.1", "a.x.2", "a.y", "b", "b.x")
REGIONS = ("330203", "330204", "330102", "310101", "330200", "330203001", "000000")
SEATS = tuple(f"s{n}" for n in range(6))
KIOSKS = tuple(f"k{n}" for n in range(6))
OVER = (CallPhase.WRAP_UP, CallPhase.CLOSED)
CITIZENS = ("", "wang", "li", "zhao")
START_MS = 1_790_000_000_000

profiles = st.builds(
    SeatProfile,
    skills=st.lists(
        st.builds(Skill, st.sampled_from(NODES), st.integers(0, 6)),
        min_size=1,
        max_size=3,
        unique_by=lambda skill: skill.item,
    ).map(tuple),
    regions=st.lists(st.sampled_from(REGIONS), min_size=1, max_size=2).map(tuple),
    languages=st.sampled_from((("zh",), ("zh", "en"))),
    kinds=st.sampled_from((tuple(Kind), (Kind.CONSULT,))),
    media=st.sampled_from((tuple(Media), tuple(Media), (Media.AUDIO, Media.VIDEO))),
    capacity=st.sampled_from((1, 1, 2)),
)
settings_values = st.builds(
    SchedulerSettings,
    strategy=st.sampled_from(
        (
            ("longest_idle",),
            ("nearest",),
            ("most_proficient", "longest_idle"),
            ("nearest", "best_path", "longest_idle"),
        )
    ),
    rings=st.sampled_from(
        (
            (Ring(0, Reach.COUNTRY),),
            (Ring(0, Reach.COUNTY), Ring(5_000, Reach.CITY), Ring(9_000, Reach.COUNTRY, 2)),
        )
    ),
    wrap_up=st.booleans(),
    sticky_wait_ms=st.sampled_from((0, 4_000)),
    connect_timeout_ms=st.sampled_from((0, 6_000)),
    transfer_backoff_ms=st.sampled_from((0, 5_000)),
    seat_lease_ms=st.sampled_from((0, 0, 15_000)),
    kiosk_lease_ms=st.sampled_from((0, 0, 45_000)),
    kiosk_calls=st.just(2),
    citizen_calls=st.just(0),
    max_wait_ms=st.sampled_from((0, 120_000)),
    queue_caps=st.sampled_from(((), (QueueCap(2, "a"),), (QueueCap(1, "a", "330000", 0), QueueCap(4)))),
    appointments=st.just(AppointmentRules(lookahead_share=0.5, lookahead_ms=30_000, late_ms=10_000, per_citizen=0)),
)


class SchedulerMachine(RuleBasedStateMachine):
    @initialize(settings=settings_values)
    def start(self, settings: SchedulerSettings) -> None:
        self.settings = settings
        self.engine = Engine(State(settings))
        self.audit = Audit(settings)
        self.log: list[object] = []
        self.now_ms = START_MS
        self.keys = itertools.count()
        self.phases: dict[str, CallPhase] = {}
        self.send(commands.DefineItems(tuple(ServiceItem(code, min_level=1) for code in ITEMS)))
        for seat, node in zip(SEATS, ("*", "a", "a", "b"), strict=False):
            self.send(commands.LogIn(seat, SeatProfile((Skill(node, 3),), ("330200",)), ready=True))
        self.send(
            commands.OpenBooking(BookingWindow("w", "a", "330000", START_MS, START_MS + 3_600_000, 60_000, capacity=2))
        )

    # How commands are sent and events looked at

    def send(self, command: commands.Command) -> bool:
        self.tick()
        before = digest(self.engine.state)
        try:
            self.step(command)
        except Refusal:
            refused = True
        else:
            refused = False
        if refused:
            assert digest(self.engine.state) == before, "a refused command left a trace"
            return False
        self.tick()
        return True

    def tick(self) -> None:
        while (wake_ms := self.engine.next_wake_ms()) is not None and wake_ms <= self.now_ms:
            assert self.step(commands.Tick()), "a timer that decides nothing"

    def step(self, command: commands.Command) -> tuple[object, ...]:
        events = self.engine.step(command, self.now_ms)
        self.audit.observe(events)
        self.log.extend(events)
        self.follow(events)
        return events

    def follow(self, events: tuple[object, ...]) -> None:
        """Every step of every call is in the table of transitions."""
        for event in events:
            name = getattr(event, "call", None)
            before = self.phases.get(name)
            if before is None:
                continue
            after = lifecycle.CALL_TRANSITIONS.get((before, type(event)))
            if after is not None:
                self.phases[name] = after
        for name, call in self.engine.state.calls.items():
            expected = self.phases.setdefault(name, call.phase)
            if expected is CallPhase.CLOSED and call.wrapping:
                expected = self.phases[name] = CallPhase.WRAP_UP
            assert expected is call.phase, f"{name} is {call.phase}, the table says {expected}"

    # Time

    @rule(ms=st.sampled_from((1, 500, 3_000, 5_000, 12_000, 31_000, 70_000)))
    def time_passes(self, ms: int) -> None:
        self.now_ms += ms
        self.tick()

    @rule()
    def jump_to_next_timer(self) -> None:
        wake_ms = self.engine.next_wake_ms()
        if wake_ms is not None and wake_ms < self.now_ms + 3_600_000:
            self.now_ms = max(self.now_ms, wake_ms)
            self.tick()

    @rule(seats=st.lists(st.sampled_from(SEATS)), kiosks=st.lists(st.sampled_from(KIOSKS)))
    def heartbeats(self, seats: list[str], kiosks: list[str]) -> None:
        for seat in seats:
            self.send(commands.SeatSeen(seat))
        for kiosk in kiosks:
            self.send(commands.KioskSeen(kiosk))

    @rule()
    def restart(self) -> None:
        body = state_bytes(self.engine.state)
        restored = restore_state(body)
        assert state_bytes(restored) == body
        self.engine = Engine(restored)

    @rule(down_ms=st.sampled_from((0, 40_000)))
    def crash(self, down_ms: int) -> None:
        self.restart()
        self.now_ms += down_ms
        self.step(commands.Recover())
        self.tick()

    # Demand

    @rule(
        kiosk=st.sampled_from(KIOSKS),
        item=st.sampled_from((*ITEMS, "nowhere")),
        region=st.sampled_from(REGIONS[:4]),
        kind=st.sampled_from((Kind.CONSULT, Kind.CONSULT, Kind.HANDLE)),
        language=st.sampled_from(("zh", "zh", "zh", "en")),
        media=st.sampled_from(((Media.AUDIO, Media.VIDEO), (Media.AUDIO, Media.SCREEN))),
        priority=st.sampled_from(("normal", "normal", "elderly", "urgent", "nobody")),
        citizen=st.sampled_from(CITIZENS),
        min_level=st.sampled_from((0, 0, 3)),
        repeat=st.booleans(),
    )
    def request(self, repeat: bool, **fields: object) -> None:
        command = commands.RequestCall(f"key{next(self.keys)}", **fields)
        if self.send(command) and repeat:
            known = self.audit.requested
            self.send(command)
            assert self.audit.requested == known, "one key, two calls"

    @precondition(lambda self: self.engine.state.calls)
    @rule(data=st.data(), by=st.sampled_from((Party.KIOSK, Party.SEAT)))
    def hang_up(self, data: st.DataObject, by: Party) -> None:
        self.send(commands.HangUp(self.any_call(data), by))

    @precondition(lambda self: self.engine.state.calls)
    @rule(data=st.data(), priority=st.sampled_from(("normal", "disabled", "urgent")))
    def reprioritise(self, data: st.DataObject, priority: str) -> None:
        self.send(commands.Reprioritise(self.any_call(data), priority))

    @precondition(lambda self: self.calls_in(CallPhase.WAITING, CallPhase.CALLING_BACK))
    @rule(
        data=st.data(),
        how=st.sampled_from(("ask", "answer", "fail", "busy")),
        contact=st.sampled_from(("tel:1", *KIOSKS[:2])),
    )
    def callback(self, data: st.DataObject, how: str, contact: str) -> None:
        call = data.draw(st.sampled_from(self.calls_in(CallPhase.WAITING, CallPhase.CALLING_BACK)))
        if how == "ask":
            self.send(commands.RequestCallback(call, contact))
        else:
            self.send(commands.AnswerCallback(call) if how == "answer" else commands.FailCallback(call, how))

    # Supply

    @rule(
        seat=st.sampled_from(SEATS), profile=profiles, ready=st.sampled_from((True, True, False)), shift=st.booleans()
    )
    def log_in(self, seat: str, profile: SeatProfile, ready: bool, shift: bool) -> None:
        hours = Shift(self.now_ms, self.now_ms + 90_000, (Break(self.now_ms + 20_000, self.now_ms + 40_000),))
        self.send(commands.LogIn(seat, profile, hours if shift else None, ready))

    @rule(seat=st.sampled_from(SEATS), profile=profiles)
    def update(self, seat: str, profile: SeatProfile) -> None:
        self.send(commands.UpdateSeat(seat, profile))

    @rule(
        seat=st.sampled_from(SEATS),
        command=st.sampled_from((commands.SetReady, commands.SetReady, commands.TakeBreak, commands.Drain)),
    )
    def presence(self, seat: str, command: type[commands.Command]) -> None:
        self.send(command(seat))

    @precondition(lambda self: len(self.engine.state.seats) > 3)
    @rule(seat=st.sampled_from(SEATS), force=st.booleans())
    def log_out(self, seat: str, force: bool) -> None:
        self.send(commands.LogOut(seat, force))

    @rule(seat=st.sampled_from(SEATS), media=st.booleans(), rtt_ms=st.sampled_from((-1, 10, 60, 400)))
    def path(self, seat: str, media: bool, rtt_ms: int) -> None:
        self.send(commands.ReportPath(seat, media, rtt_ms))

    # Offers and conversations

    @precondition(lambda self: self.engine.state.offers)
    @rule(data=st.data(), how=st.sampled_from(("accept", "accept", "accept", "decline", "withdraw")))
    def answer(self, data: st.DataObject, how: str) -> None:
        offer, call = data.draw(st.sampled_from(sorted(self.engine.state.offers.items(), key=lambda kept: kept[0])))
        seat = call.seat
        command: commands.Command = commands.WithdrawOffer(offer)
        if how != "withdraw":
            command = (commands.AcceptOffer if how == "accept" else commands.DeclineOffer)(offer, seat)
        done = self.send(command)
        if done and how == "accept" and not call.parent and offer == call.offer:
            count = len(self.log)
            self.send(command)
            assert len(self.log) == count, "accepted twice"

    @precondition(lambda self: self.calls_in(CallPhase.TALKING, CallPhase.HELD))
    @rule(
        data=st.data(),
        verb=st.sampled_from(("hold", "resume", "merge", "complete", "leave", "confirm", "lose", "monitor", "stop")),
    )
    def converse(self, data: st.DataObject, verb: str) -> None:
        call = data.draw(st.sampled_from(self.calls_in(CallPhase.TALKING, CallPhase.HELD)))
        state = self.engine.state
        members = sorted(seat.id for seat in state.seats.values() if call in seat.calls)
        seat = data.draw(st.sampled_from((state.calls[call].seat, *members)))
        mode = data.draw(st.sampled_from((Role.MONITOR, Role.WHISPER, Role.BARGE)))
        self.send(
            {
                "hold": commands.HoldCall(call, seat),
                "resume": commands.ResumeCall(call, seat),
                "merge": commands.MergeCall(call, seat),
                "complete": commands.CompleteTransfer(call, seat),
                "leave": commands.LeaveCall(call, seat),
                "confirm": commands.ConfirmMedia(call),
                "lose": commands.FailMedia(call),
                "monitor": commands.Supervise(call, "boss", mode),
                "stop": commands.StopSupervising(call, "boss"),
            }[verb]
        )

    @precondition(lambda self: self.calls_in(CallPhase.TALKING, CallPhase.HELD))
    @rule(
        data=st.data(),
        aim=st.one_of(
            st.builds(Target, seat=st.sampled_from(SEATS)),
            st.builds(Target, item=st.sampled_from(ITEMS), region=st.sampled_from(("", *REGIONS))),
        ),
        how=st.sampled_from(("transfer", "consult", "conference")),
    )
    def second_seat(self, data: st.DataObject, aim: Target, how: str) -> None:
        call = data.draw(st.sampled_from(self.calls_in(CallPhase.TALKING, CallPhase.HELD)))
        seat = self.engine.state.calls[call].seat
        if how == "transfer":
            self.send(commands.TransferCall(call, seat, aim))
        else:
            self.send(commands.InviteSeat(call, seat, aim, how))

    @precondition(lambda self: any(seat.wraps for seat in self.engine.state.seats.values()))
    @rule(data=st.data())
    def finish_wrap_up(self, data: st.DataObject) -> None:
        wraps = [(call, seat.id) for seat in self.engine.state.seats.values() for call in seat.wraps]
        self.send(commands.FinishWrapUp(*data.draw(st.sampled_from(sorted(wraps)))))

    # Appointments

    @rule(
        slot=st.integers(0, 10),
        item=st.sampled_from(ITEMS),
        region=st.sampled_from(REGIONS),
        citizen=st.sampled_from(CITIZENS),
    )
    def book(self, slot: int, item: str, region: str, citizen: str) -> None:
        start_ms = START_MS + 60_000 * slot
        self.send(commands.BookAppointment(f"b{next(self.keys)}", "w", start_ms, item, region, citizen))

    @precondition(lambda self: self.engine.state.appointments)
    @rule(data=st.data(), how=st.sampled_from(("in", "in", "cancel")), kiosk=st.sampled_from(KIOSKS))
    def come(self, data: st.DataObject, how: str, kiosk: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.engine.state.appointments)))
        self.send(commands.CheckIn(name, kiosk) if how == "in" else commands.CancelAppointment(name))

    def any_call(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(list(self.engine.state.calls)))

    def calls_in(self, *phases: CallPhase) -> list[str]:
        return [call.id for call in self.engine.state.calls.values() if call.phase in phases]

    # What must hold

    @invariant()
    def audited(self) -> None:
        self.audit.check()

    @invariant()
    def engine_and_audit_agree(self) -> None:
        state = self.engine.state
        assert set(state.calls) == set(self.audit.tickets), "a call is lost or kept for ever"
        assert set(state.seats) == set(self.audit.places)
        waiting = sum(1 for ticket in self.audit.tickets.values() if ticket.place == "waiting")
        assert state.waiting_calls == waiting
        for name, place in self.audit.places.items():
            seat = state.seats[name]
            assert (set(seat.calls), set(seat.wraps), seat.offer) == (place.calls, place.wraps, place.offer)
            assert seat.presence is presence_of(place)
            assert state.supply.available.has(seat.index) is place.free
        for number, cap in enumerate(state.settings.queue_caps):
            counted = [
                call
                for call in state.calls.values()
                if call.phase is CallPhase.WAITING
                and not call.parent
                and number in state.rules.caps(call.item, call.region)
            ]
            assert state.cap_counts[number] == len(counted), cap

    @invariant()
    def booths_hold_the_calls_of_their_citizens_and_no_more_than_they_may(self) -> None:
        if not hasattr(self, "engine"):
            return
        state = self.engine.state
        open_calls = {call.id for call in state.calls.values() if not call.parent and call.phase not in OVER}
        booked = [(name, kiosk.id) for kiosk in state.kiosks.values() for name in kiosk.calls]
        assert sorted(name for name, _ in booked) == sorted(open_calls)
        for name, kiosk in booked:
            assert state.calls[name].kiosk == kiosk

    def teardown(self) -> None:
        if not hasattr(self, "engine"):
            return
        replayed = Engine(State(self.settings))
        replayed.replay(self.log)
        assert digest(replayed.state) == digest(self.engine.state), "replay gives another state"


TestScheduler = SchedulerMachine.TestCase
TestScheduler.settings = hypothesis.settings(
    max_examples=60,
    stateful_step_count=60,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much],
)
