"""Long random histories of the engine: plausible commands, most of which are granted, from one seed.

Run as a program it prints a line per decision batch, so that two processes can be compared:
`python -m tests.support.scheduler_walk SEED STEPS`.
"""

import random
import sys
from collections.abc import Callable, Iterator

from relay.errors import Refusal
from relay.scheduler import commands
from relay.scheduler.engine import Engine
from relay.scheduler.entities import Call
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
from relay.scheduler.snapshot import digest
from relay.scheduler.state import State

ITEMS = ("a", "a.x", "a.x.1", "a.x.2", "a.y", "b.x", "b.y", "c")
NODES = ("*", "a", "a.x", "a.x.1", "a.y", "b", "b.x", "c")
REGIONS = ("330203", "330204", "330102", "330203001", "310101")
SERVED = (*REGIONS, "330200", "330000", "000000")
START_MS = 1_790_000_000_000
SEATS = 12
KIOSKS = 30


def settings_of(rng: random.Random) -> SchedulerSettings:
    """Settings that let everything happen within minutes."""
    return SchedulerSettings(
        strategy=rng.choice(
            [("longest_idle",), ("nearest",), ("most_proficient",), ("nearest", "best_path"), ("best_path", "nearest")]
        ),
        rings=rng.choice(
            [
                (Ring(0, Reach.COUNTRY),),
                (Ring(0, Reach.COUNTY), Ring(4_000, Reach.CITY, 1), Ring(9_000, Reach.COUNTRY, 3)),
            ]
        ),
        wrap_up=rng.random() < 0.8,
        sticky_wait_ms=rng.choice([0, 5_000]),
        connect_timeout_ms=rng.choice([0, 8_000]),
        transfer_backoff_ms=rng.choice([0, 10_000]),
        seat_lease_ms=rng.choice([0, 30_000]),
        kiosk_lease_ms=rng.choice([0, 60_000]),
        citizen_calls=0,
        max_wait_ms=rng.choice([0, 60_000]),
        queue_caps=rng.choice([(), (QueueCap(3, "a"), QueueCap(8)), (QueueCap(1, "b", "330000", 0),)]),
        unanswered_limit=rng.choice([0, 2]),
        callback_retry_ms=5_000,
        appointments=AppointmentRules(
            lookahead_share=0.5, lookahead_ms=30_000, late_ms=15_000, late_limit_ms=60_000, per_citizen=0
        ),
    )


class Walk:
    """One random history. `step` gives the next command; feed it to an engine, then ask again."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.settings = settings_of(self.rng)
        self.state = State(self.settings)
        self.now_ms = START_MS
        self.serial = 0
        self._verbs: list[tuple[int, Callable[[], commands.Command | None]]] = [
            (14, self.request),
            (20, self.answer),
            (6, self.hang_up),
            (8, self.finish_wrap_up),
            (10, self.converse),
            (4, self.second_seat),
            (5, self.log_in),
            (6, self.presence),
            (2, self.path),
            (1, self.log_out),
            (5, self.callback),
            (4, self.appointment),
            (2, self.reprioritise),
            (20, self.heartbeat),
            (1, self.administer),
        ]

    def opening(self) -> Iterator[commands.Command]:
        """The first commands: a catalogue, slots to book, some seats."""
        yield commands.DefineItems(tuple(ServiceItem(code, min_level=1) for code in ITEMS))
        yield commands.OpenBooking(
            BookingWindow("w", "*", "330000", START_MS, START_MS + 36_000_000, slot_ms=60_000, capacity=3)
        )
        for _ in range(SEATS // 2):
            yield self.log_in()

    def step(self) -> commands.Command:
        """A command for the state as it is now; time passes a little."""
        self.now_ms += self.rng.choice([0, 1, 200, 900, 2_000])
        weights = [weight for weight, _ in self._verbs]
        while True:
            command = self.rng.choices(self._verbs, weights)[0][1]()
            if command is not None:
                return command

    def calls(self, *phases: CallPhase) -> list[Call]:
        return [call for call in self.state.calls.values() if call.phase in phases]

    def request(self) -> commands.Command:
        rng = self.rng
        self.serial += 1
        return commands.RequestCall(
            f"key{self.serial}",
            f"k{rng.randrange(KIOSKS)}",
            rng.choice(ITEMS),
            rng.choice(REGIONS),
            rng.choice([Kind.CONSULT, Kind.CONSULT, Kind.HANDLE]),
            rng.choice(["zh", "zh", "zh", "en"]),
            rng.choice([(Media.AUDIO, Media.VIDEO), (Media.AUDIO, Media.SCREEN)]),
            rng.choice(["normal", "normal", "normal", "elderly", "urgent"]),
            rng.choice(["", "wang", "li", "zhao"]),
            rng.choice(["", "", "case1", "case2"]),
            rng.choice([0, 0, 0, 3]),
            rng.choice(["", "", *[key for _, key, _ in self.state.lost.kept()[:1]]]),
        )

    def hang_up(self) -> commands.Command | None:
        calls = list(self.state.calls.values())
        return commands.HangUp(self.rng.choice(calls).id, self.rng.choice(list(Party))) if calls else None

    def answer(self) -> commands.Command | None:
        offers = sorted(self.state.offers.items(), key=lambda kept: int(kept[0][1:]))
        if not offers:
            return None
        offer, call = self.rng.choice(offers)
        verb = self.rng.choice([commands.AcceptOffer] * 5 + [commands.DeclineOffer])
        return verb(offer, call.seat) if self.rng.random() < 0.95 else commands.WithdrawOffer(offer)

    def finish_wrap_up(self) -> commands.Command | None:
        wraps = sorted((call, seat.id) for seat in self.state.seats.values() for call in seat.wraps)
        return commands.FinishWrapUp(*self.rng.choice(wraps)) if wraps else None

    def converse(self) -> commands.Command | None:
        calls = self.calls(CallPhase.TALKING, CallPhase.HELD)
        if not calls:
            return None
        rng = self.rng
        call = rng.choice(calls)
        members = [member.who for member in call.participants()]
        return rng.choice(
            [
                commands.ConfirmMedia(call.id),
                commands.ConfirmMedia(call.id),
                commands.HoldCall(call.id, call.seat),
                commands.ResumeCall(call.id, call.seat),
                commands.MergeCall(call.id, call.seat),
                commands.CompleteTransfer(call.id, call.seat),
                commands.LeaveCall(call.id, rng.choice(members)),
                commands.FailMedia(call.id),
                commands.Supervise(call.id, "boss", rng.choice([Role.MONITOR, Role.WHISPER, Role.BARGE])),
                commands.StopSupervising(call.id, "boss"),
            ]
        )

    def second_seat(self) -> commands.Command | None:
        calls = self.calls(CallPhase.TALKING, CallPhase.HELD)
        if not calls:
            return None
        rng = self.rng
        call = rng.choice(calls)
        target = Target(item=rng.choice(ITEMS), region=rng.choice(["", *SERVED]))
        if rng.random() < 0.4:
            target = Target(seat=f"s{rng.randrange(SEATS)}")
        if rng.random() < 0.4:
            return commands.TransferCall(call.id, call.seat, target)
        return commands.InviteSeat(call.id, call.seat, target, rng.choice(["consult", "conference"]))

    def profile(self) -> SeatProfile:
        rng = self.rng
        nodes = rng.sample(NODES, rng.randint(1, 3))
        return SeatProfile(
            tuple(Skill(node, rng.randint(0, 8)) for node in nodes),
            tuple(rng.sample(SERVED, rng.randint(1, 2))),
            rng.choice([("zh",), ("zh", "en")]),
            rng.choice([tuple(Kind), (Kind.CONSULT,)]),
            rng.choice([tuple(Media), tuple(Media), (Media.AUDIO, Media.VIDEO)]),
            rng.choice([1, 1, 1, 2]),
        )

    def log_in(self) -> commands.Command:
        rng = self.rng
        shift = None
        if rng.random() < 0.3:
            pause = Break(self.now_ms + 30_000, self.now_ms + 50_000)
            shift = Shift(self.now_ms, self.now_ms + rng.choice([60_000, 400_000]), (pause,))
        seat = f"s{rng.randrange(SEATS)}"
        if rng.random() < 0.2:
            return commands.UpdateSeat(seat, self.profile())
        return commands.LogIn(seat, self.profile(), shift, rng.random() < 0.9)

    def presence(self) -> commands.Command:
        verb = self.rng.choice([commands.SetReady] * 4 + [commands.TakeBreak, commands.Drain])
        return verb(f"s{self.rng.randrange(SEATS)}")

    def path(self) -> commands.Command:
        rng = self.rng
        return commands.ReportPath(f"s{rng.randrange(SEATS)}", rng.random() < 0.8, rng.choice([-1, 10, 60, 170, 900]))

    def log_out(self) -> commands.Command:
        return commands.LogOut(f"s{self.rng.randrange(SEATS)}", force=self.rng.random() < 0.5)

    def callback(self) -> commands.Command | None:
        rng = self.rng
        calling = self.calls(CallPhase.CALLING_BACK)
        if calling and rng.random() < 0.7:
            call = rng.choice(calling)
            failed = commands.FailCallback(call.id, rng.choice(["", "busy"]))
            return rng.choice([commands.AnswerCallback(call.id), failed])
        waiting = self.calls(CallPhase.WAITING)
        contact = rng.choice(["tel:1", f"k{rng.randrange(KIOSKS)}"])
        return commands.RequestCallback(rng.choice(waiting).id, contact) if waiting else None

    def appointment(self) -> commands.Command | None:
        rng = self.rng
        booked = list(self.state.appointments)
        if booked and rng.random() < 0.6:
            name = rng.choice(booked)
            if rng.random() < 0.2:
                return commands.CancelAppointment(name)
            return commands.CheckIn(name, f"k{rng.randrange(KIOSKS)}")
        self.serial += 1
        slot_ms = (self.now_ms - START_MS) // 60_000 * 60_000 + START_MS + 60_000 * rng.randint(0, 3)
        return commands.BookAppointment(
            f"b{self.serial}", "w", slot_ms, rng.choice(ITEMS), rng.choice(REGIONS[:4]), rng.choice(["", "wang", "li"])
        )

    def reprioritise(self) -> commands.Command | None:
        calls = self.calls(CallPhase.WAITING, CallPhase.OFFERED)
        priority = self.rng.choice(["normal", "disabled", "urgent"])
        return commands.Reprioritise(self.rng.choice(calls).id, priority) if calls else None

    def heartbeat(self) -> commands.Command:
        rng = self.rng
        if rng.random() < 0.6:
            return commands.SeatSeen(f"s{rng.randrange(SEATS)}")
        return commands.KioskSeen(f"k{rng.randrange(KIOSKS)}")

    def administer(self) -> commands.Command:
        rng = self.rng
        return rng.choice(
            [
                commands.DefineItems((ServiceItem(f"a.x.{rng.randrange(9)}"),)),
                commands.RetireItems((f"a.x.{rng.randrange(3, 9)}",)),
                commands.Recover(),
                commands.Configure(settings_of(rng)),
                commands.CloseBooking("w") if rng.random() < 0.1 else commands.Tick(),
                commands.DefineRegions(("330000", "310000", *REGIONS, "330200")),
            ]
        )


def commands_of(walk: Walk, steps: int) -> Iterator[commands.Command]:
    """All commands of a walk, each drawn when the one before has had its effect."""
    yield from walk.opening()
    for _ in range(steps):
        yield walk.step()


def main(seed: int, steps: int) -> None:
    walk = Walk(seed)
    engine = Engine(walk.state)
    for number, command in enumerate(commands_of(walk, steps)):
        try:
            engine.handle_command(command, walk.now_ms)
        except Refusal as refusal:
            sys.stdout.write(f"{number} {refusal}\n")
        if number % 100 == 0:
            sys.stdout.write(f"{number} {digest(engine.state)}\n")
    sys.stdout.write(f"{digest(engine.state)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
