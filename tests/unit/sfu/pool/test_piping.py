"""Pipes as a plan: what must be open and carried, for any order of placements, routes and losses."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from relay.ids import PeerId
from relay.sfu import SlotRef, SourceRef
from relay.sfu.pool.piping import Carry, Change, Close, Open, Piping, Release, SetRoute
from relay.sfu.session.pipes import STREAMS_PER_KEY

KIOSK, SEAT, WATCHER = PeerId("kiosk"), PeerId("seat"), PeerId("watcher")


def kinds(changes: list[Change]) -> list[str]:
    return [type(change).__name__ for change in changes]


def placed(**homes: int) -> Piping:
    plan = Piping()
    for peer, worker in homes.items():
        plan.place(PeerId(peer), worker)
    return plan


def test_peers_of_one_worker_need_no_pipe() -> None:
    plan = placed(kiosk=0, seat=0)
    assert plan.route(SlotRef(SEAT, "camera"), SourceRef(KIOSK, "camera")) == [
        SetRoute(0, SlotRef(SEAT, "camera"), SourceRef(KIOSK, "camera"))
    ]


def test_messages_need_no_pipe_but_the_senders_worker_knows_who_hears_them() -> None:
    plan = placed(kiosk=0, seat=1)
    heard, said = SlotRef(SEAT, "data"), SourceRef(KIOSK, "data")
    assert plan.route(heard, said) == [SetRoute(0, heard, said), SetRoute(1, heard, said)]
    other = SourceRef(WATCHER, "data")
    assert plan.route(heard, other) == [SetRoute(1, heard, other), SetRoute(0, heard, None)]
    assert plan.place(WATCHER, 0) == [SetRoute(0, heard, other)]
    assert plan.route(heard, said) == [SetRoute(0, heard, said), SetRoute(1, heard, said)]
    assert plan.route(heard, None) == [SetRoute(1, heard, None), SetRoute(0, heard, None)]


def test_a_source_is_carried_once_for_all_slots_of_a_worker_and_as_long_as_there_is_one() -> None:
    plan = placed(kiosk=0, seat=1, watcher=1)
    camera = SourceRef(KIOSK, "camera")
    assert kinds(plan.route(SlotRef(SEAT, "camera"), camera)) == ["Open", "Carry", "SetRoute"]
    assert kinds(plan.route(SlotRef(WATCHER, "camera"), camera)) == ["SetRoute"]
    assert kinds(plan.route(SlotRef(SEAT, "camera"), None)) == ["SetRoute"]
    assert kinds(plan.route(SlotRef(WATCHER, "camera"), None)) == ["SetRoute", "Release", "Close"]


def test_both_directions_share_a_pipe() -> None:
    plan = placed(kiosk=0, seat=1)
    plan.route(SlotRef(SEAT, "camera"), SourceRef(KIOSK, "camera"))
    assert kinds(plan.route(SlotRef(KIOSK, "camera"), SourceRef(SEAT, "camera"))) == ["Carry", "SetRoute"]
    assert kinds(plan.remove(KIOSK)) == ["Release", "SetRoute", "Release", "Close"]


def test_a_pipe_whose_keys_are_used_up_is_left_to_what_it_carries() -> None:
    plan = placed(kiosk=0, seat=1)
    steady, slot = SlotRef(SEAT, "camera"), SlotRef(SEAT, "screen")
    (first, _, _) = plan.route(steady, SourceRef(KIOSK, "camera"))
    for _ in range(STREAMS_PER_KEY - 1):
        assert "Open" not in kinds(plan.route(slot, SourceRef(KIOSK, "screen")))
        plan.route(slot, None)
    second = plan.route(slot, SourceRef(KIOSK, "screen"))[0]
    assert isinstance(first, Open)
    assert isinstance(second, Open)
    assert first.pipe.name != second.pipe.name
    assert Close(first.pipe) in plan.route(steady, None)
    assert Close(second.pipe) in plan.remove(KIOSK)


def test_a_lost_worker_takes_its_peers_and_their_wishes_only() -> None:
    plan = placed(kiosk=0, seat=1, watcher=1)
    plan.route(SlotRef(SEAT, "camera"), SourceRef(KIOSK, "camera"))
    plan.route(SlotRef(WATCHER, "camera"), SourceRef(SEAT, "camera"))
    peers, changes = plan.lose_worker(0)
    assert peers == [KIOSK]
    assert kinds(changes) == ["SetRoute", "Release", "Close"]
    assert changes[0] == SetRoute(1, SlotRef(SEAT, "camera"), None)
    assert plan.is_routed(SEAT)
    assert not plan.is_routed(KIOSK)


@dataclass
class Workers:
    """What workers that did as they were told would have."""

    routes: dict[SlotRef, SourceRef] = field(default_factory=dict)
    pipes: set[str] = field(default_factory=set)
    carried: dict[tuple[SourceRef, int, int], str] = field(default_factory=dict)

    def carry_out(self, changes: list[Change], homes: dict[PeerId, int]) -> None:
        for change in changes:
            match change:
                case SetRoute(worker, slot, source):
                    assert homes.get(slot.peer) == worker
                    if source is None:
                        self.routes.pop(slot, None)
                    else:
                        self.routes[slot] = source
                case Open(pipe):
                    assert pipe.name not in self.pipes
                    self.pipes.add(pipe.name)
                case Close(pipe):
                    assert pipe.name not in self.carried.values()
                    self.pipes.remove(pipe.name)
                case Carry(each):
                    assert each.pipe.name in self.pipes
                    self.carried[each.source, each.sender, each.receiver] = each.pipe.name
                case Release(each):
                    del self.carried[each.source, each.sender, each.receiver]


PEERS = st.sampled_from([KIOSK, SEAT, WATCHER])
SLOTS = st.builds(SlotRef, PEERS, st.sampled_from(["camera", "screen"]))
SOURCES = st.builds(SourceRef, PEERS, st.sampled_from(["camera", "screen"]))
STEPS = st.one_of(
    st.tuples(st.just("route"), SLOTS, st.one_of(st.none(), SOURCES)),
    st.tuples(st.just("place"), PEERS, st.integers(0, 2)),
    st.tuples(st.just("remove"), PEERS, st.none()),
    st.tuples(st.just("lose"), st.integers(0, 2), st.none()),
)


@given(st.lists(STEPS, max_size=60))
def test_what_is_carried_is_what_the_wishes_need_after_any_history(steps: list[tuple]) -> None:
    plan, workers = Piping(), Workers()
    homes: dict[PeerId, int] = {}
    wishes: dict[SlotRef, SourceRef] = {}

    def forget(peer: PeerId) -> None:
        homes.pop(peer, None)
        for slot in [slot for slot, source in wishes.items() if peer in (slot.peer, source.peer)]:
            del wishes[slot]

    for what, first, second in steps:
        if what == "route":
            if second is None:
                wishes.pop(first, None)
            else:
                wishes[first] = second
            workers.carry_out(plan.route(first, second), homes)
        elif what == "place" and first not in homes:
            homes[first] = second
            workers.carry_out(plan.place(first, second), homes)
        elif what == "remove":
            changes = plan.remove(first)
            forget(first)
            workers.carry_out(changes, homes)
        elif what == "lose":
            peers, changes = plan.lose_worker(first)
            assert sorted(peers) == sorted(peer for peer, home in homes.items() if home == first)
            for peer in peers:
                forget(peer)
            workers.carry_out(changes, homes)
        needed = {
            (source, homes[source.peer], homes[slot.peer])
            for slot, source in wishes.items()
            if slot.peer in homes and source.peer in homes and homes[slot.peer] != homes[source.peer]
        }
        assert set(workers.carried) == needed
        assert workers.pipes == set(workers.carried.values())
        assert {peer for peer in (KIOSK, SEAT, WATCHER) if plan.is_routed(peer)} == {
            peer for slot, source in wishes.items() for peer in (slot.peer, source.peer)
        }
