"""The rules of a call's life, rule by rule; the scheduler's knowledge is scripted."""

from dataclasses import dataclass, field, replace

import pytest

from relay.ids import PeerId
from relay.scheduler import commands, effects
from relay.scheduler.model import Participant as Party
from relay.scheduler.model import Party as Side
from relay.scheduler.model import Role
from relay.service.conversations import Conversation, Conversations, peers_beside
from relay.service.notices import (
    CallChanged,
    CallOver,
    MediaLost,
    Ringing,
    RingingBack,
    RingingOver,
    SourceSwitched,
    SpeakerTurned,
)
from relay.service.outputs import Cause, ClosePeer, Cut, Output, Submit, Tell
from relay.service.participants import Desk, Participant, Participants, Who
from relay.service.switchboard import Switchboard
from relay.service.telling import Teller
from relay.service.views import CallView, MemberView, SeatView
from relay.service.wiring import Route
from relay.sfu.session.events import PeerClosed, PeerConnected, SlotRef, SlotStarted, SourceRef, SpeakerChanged

KIOSK, SEAT, OTHER = Who(Desk.KIOSK, "k"), Who(Desk.SEAT, "s"), Who(Desk.SEAT, "t")
CALL = CallView("c1", "k", "queued", "housing.title", "consult", "330203", "zh", "normal", 1.0, position=3)
PAIR = (Party("k", Role.CITIZEN), Party("s", Role.AGENT))
SLOTS = frozenset({"microphone", "camera"})


class Line:
    """A connection; only its identity counts."""


@dataclass
class ScriptedRecords:
    """What the scheduler knows, as the test says."""

    calls: dict[str, CallView] = field(default_factory=dict)
    seats: dict[str, SeatView] = field(default_factory=dict)

    def call(self, call: str) -> CallView | None:
        return self.calls.get(call)

    def seat(self, seat: str) -> SeatView:
        return self.seats.get(seat, SeatView(seat, seat, "330203", "offline"))

    def calls_of_kiosk(self, kiosk: str) -> list[CallView]:
        return [call for call in self.calls.values() if call.kiosk == kiosk]

    def calls_of_seat(self, seat: str) -> list[CallView]:
        return [call for call in self.calls.values() if call.seat == seat]

    def offer_left_s(self, offer: str) -> float:
        return 20.0

    def callback_left_s(self, call: str) -> float:
        return 30.0


class Office:
    """A switchboard with its parts."""

    def __init__(self, *, media_required: bool = True) -> None:
        self.records = ScriptedRecords()
        self.participants = Participants(limit=10, grace_s=5.0)
        self.conversations = Conversations(self.participants)
        self.teller = Teller(self.participants, self.conversations, self.records)
        self.board = Switchboard(
            self.participants, self.conversations, self.teller, self.records, media_required=media_required
        )

    def log_in(self, who: Who, *, media: bool = True, session: str = "s1", had: str = "") -> Participant:
        newcomer = Participant(who, f"the {who.name}", "330203", session, Line())
        joined, self.outputs = self.board.join(newcomer, had, 0.0)
        if media:
            self.participants.negotiate(joined.participant, SLOTS)
            self.board.negotiated(joined.participant)
            joined.participant.media_ready = True
        return joined.participant

    def seat_is(self, state: str, who: Who = SEAT) -> None:
        self.records.seats[who.name] = SeatView(who.name, who.name, "330203", state)  # type: ignore[arg-type]

    def connect(self, *parties: Party, revision: int = 1) -> list[Output]:
        members = tuple(MemberView(party.who, party.role.value, party.held) for party in parties)
        self.records.calls["c1"] = replace(CALL, state="connected", seat="s", position=None, members=members)
        return self.board.handle_effect(effects.ConnectMedia("e", "c1", parties, revision))


@pytest.fixture
def office() -> Office:
    return Office()


def submitted(outputs: list[Output]) -> list[commands.AnyCommand]:
    return [output.command for output in outputs if isinstance(output, Submit)]


def told(outputs: list[Output], participant: Participant) -> list[object]:
    return [each.notice for each in outputs if isinstance(each, Tell) and each.line is participant.line]


def routes(outputs: list[Output]) -> list[Route]:
    return [output for output in outputs if isinstance(output, Route)]


# Lines


@pytest.mark.parametrize("state", ["ready", "offered", "in-call", "wrap-up", "break"])
def test_a_seat_without_a_line_is_offered_nothing_and_has_the_grace(office, state):
    seat = office.log_in(SEAT)
    office.seat_is(state)
    outputs = office.board.lose_line(seat.line, now_s=1.0)
    assert outputs == [Submit(commands.ReportPath("s", media_ready=False))]
    assert office.board.deadline() == 6.0
    assert office.board.handle_timeout(5.9) == []
    outputs = office.board.handle_timeout(6.0)
    assert submitted(outputs) == [commands.LogOut("s", force=True, reason="seat-lost")]
    assert ClosePeer(Who(Desk.SEAT, "s").peer("s1")) in outputs
    assert office.board.deadline() is None


def test_a_seat_that_comes_back_is_offered_calls_again(office):
    seat = office.log_in(SEAT)
    office.seat_is("ready")
    office.board.lose_line(seat.line, now_s=1.0)
    office.log_in(SEAT, session="s2", had="s1", media=False)
    assert submitted(office.outputs) == [commands.ReportPath("s", media_ready=True)]


def test_a_seat_that_is_not_online_leaves_without_a_word(office):
    seat = office.log_in(SEAT)
    assert office.board.lose_line(seat.line, now_s=1.0) == []
    assert submitted(office.board.handle_timeout(6.0)) == []


def test_a_kiosk_that_stays_away_gives_up_its_calls_but_not_its_callbacks(office):
    kiosk = office.log_in(KIOSK)
    office.records.calls = {"c1": CALL, "c2": replace(CALL, call="c2", contact="k")}
    assert office.board.lose_line(kiosk.line, now_s=1.0) == []
    outputs = office.board.handle_timeout(6.0)
    assert submitted(outputs) == [commands.HangUp("c1", by=Side.KIOSK, reason="kiosk-lost")]


def test_a_supervisor_that_stays_away_leaves_its_calls(office):
    boss = office.log_in(Who(Desk.SUPERVISOR, "b"))
    office.connect(*PAIR, Party("b", Role.MONITOR))
    office.board.lose_line(boss.line, now_s=1.0)
    assert submitted(office.board.handle_timeout(6.0)) == [commands.StopSupervising("c1", "b")]


def test_a_second_login_cuts_the_first_and_its_media(office):
    first = office.log_in(SEAT)
    line, peer = first.line, first.peer
    office.log_in(SEAT, session="s2", media=False)
    assert Cut(line, Cause.REPLACED) in office.outputs
    assert ClosePeer(peer) in office.outputs


def test_a_resumed_session_keeps_its_peer_and_its_routes(office):
    office.log_in(KIOSK)
    seat = office.log_in(SEAT)
    office.connect(*PAIR)
    office.seat_is("in-call")
    peer = seat.peer
    office.board.lose_line(seat.line, now_s=1.0)
    again = office.log_in(SEAT, session="s2", had="s1", media=False)
    assert (again.peer, routes(office.outputs)) == (peer, [])


def test_a_reloaded_page_is_wired_in_again(office):
    kiosk = office.log_in(KIOSK)
    office.log_in(SEAT)
    office.connect(*PAIR)
    reloaded = office.log_in(SEAT, session="s2", media=False)
    emptied = {SlotRef(kiosk.peer, slot) for slot in SLOTS}
    assert {route.slot for route in routes(office.outputs) if route.source is None} == emptied
    office.participants.negotiate(reloaded, SLOTS)
    made = routes(office.board.negotiated(reloaded))
    assert len(made) == 4
    assert Route(SlotRef(kiosk.peer, "camera"), SourceRef(reloaded.peer, "camera")) in made
    assert Route(SlotRef(reloaded.peer, "camera"), SourceRef(kiosk.peer, "camera")) in made


# What the scheduler wants done


def test_an_offer_rings_at_the_seat_and_shows_at_the_kiosk(office):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    office.records.calls["c1"] = replace(CALL, state="offered", seat="s", offer="o1")
    outputs = office.board.handle_effect(effects.Ring("e", "s", "o1", "c1", 0))
    (ringing,) = told(outputs, seat)
    assert isinstance(ringing, Ringing)
    assert (ringing.party, ringing.expires_in_s) == ("the k", 20.0)
    (shown,) = told(outputs, kiosk)
    assert isinstance(shown, CallChanged)
    assert shown.call.state == "offered"


def test_an_offer_of_a_call_that_is_over_does_not_ring(office):
    office.log_in(SEAT)
    assert office.board.handle_effect(effects.Ring("e", "s", "o1", "c9", 0)) == []


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("timed_out", "timeout"), ("declined", "declined"), ("accepted", "accepted"), ("abandoned", "withdrawn")],
)
def test_the_end_of_an_offer_is_told_by_its_outcome(office, reason, outcome):
    seat = office.log_in(SEAT)
    outputs = office.board.handle_effect(effects.StopRinging("e", "s", "o1", "c1", reason))
    assert told(outputs, seat) == [RingingOver("o1", outcome)]


def test_an_invitation_shows_at_the_seat_alone(office):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    office.records.calls["c2"] = replace(CALL, call="c2", purpose="consult", parent="c1", seat="s", offer="o1")
    for effect in (
        effects.Ring("e", "s", "o1", "c2", 0),
        effects.StopRinging("e", "s", "o1", "c2", "declined"),
        effects.Notify("e", "k", "abandoned", "c2", "hangup"),
    ):
        outputs = office.board.handle_effect(effect)
        assert told(outputs, kiosk) == []
    assert told(office.board.handle_effect(effects.Ring("e", "s", "o1", "c2", 0)), seat)


def test_connecting_makes_the_routes_and_tells_both(office):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    outputs = office.connect(*PAIR)
    assert len(routes(outputs)) == 4
    (at_kiosk,), (at_seat,) = told(outputs, kiosk), told(outputs, seat)
    assert (at_kiosk.party, at_seat.party) == ("the s", "the k")
    assert {member.name for member in at_kiosk.call.members} == {"the k", "the s"}


def test_connecting_again_does_nothing_new_and_an_older_statement_nothing_at_all(office):
    office.log_in(KIOSK)
    office.log_in(SEAT)
    office.connect(*PAIR, revision=2)
    assert routes(office.connect(*PAIR, revision=2)) == []
    assert office.connect(Party("k", Role.CITIZEN, held=True), Party("s", Role.AGENT), revision=1) == []


def test_hold_empties_the_slots_and_resuming_fills_them(office):
    office.log_in(KIOSK)
    office.log_in(SEAT)
    office.connect(*PAIR)
    held = routes(office.connect(Party("k", Role.CITIZEN, held=True), Party("s", Role.AGENT), revision=2))
    assert {route.source for route in held} == {None}
    assert len(held) == 4
    assert len(routes(office.connect(*PAIR, revision=3))) == 4


def test_disconnecting_empties_the_slots(office):
    office.log_in(KIOSK)
    office.log_in(SEAT)
    office.connect(*PAIR)
    emptied = routes(office.board.handle_effect(effects.DisconnectMedia("e", "c1")))
    assert len(emptied) == 4
    assert office.board.handle_effect(effects.DisconnectMedia("e", "c1")) == []


def test_the_end_of_a_call_is_told_to_who_knew_it(office):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    office.connect(*PAIR)
    for who, participant in (("k", kiosk), ("s", seat)):
        outputs = office.board.handle_effect(effects.Notify("e", who, "ended", "c1", "hangup"))
        assert told(outputs, participant) == [CallOver("c1", "hangup")]


def test_a_lost_conversation_shows_as_queued_with_its_reason(office):
    kiosk = office.log_in(KIOSK)
    office.records.calls["c1"] = CALL
    outputs = office.board.handle_effect(effects.Notify("e", "k", "queued", "c1", "seat-lost"))
    (shown,) = told(outputs, kiosk)
    assert (shown.call.state, shown.reason) == ("queued", "seat-lost")


def test_a_callback_rings_at_the_kiosk_that_was_named(office):
    kiosk = office.log_in(KIOSK)
    office.records.calls["c1"] = replace(CALL, contact="k")
    (ringing,) = told(office.board.handle_effect(effects.RingBack("e", "c1", "k", 0)), kiosk)
    assert isinstance(ringing, RingingBack)
    assert ringing.expires_in_s == 30.0


def test_a_restarted_relay_wires_old_conversations_as_their_parties_come(office):
    office.records.calls["c1"] = replace(CALL, state="connected", seat="s")
    office.board.restore([Conversation("c1", PAIR, 7)])
    office.log_in(KIOSK)
    seat = office.log_in(SEAT, media=False)
    office.participants.negotiate(seat, SLOTS)
    assert len(routes(office.board.negotiated(seat))) == 4


# What the media side reports


def test_a_seat_is_asked_only_once_its_media_is_connected(office):
    seat = office.log_in(SEAT, media=False)
    assert not office.board.reachable(seat)
    peer = office.participants.negotiate(seat, SLOTS)
    assert submitted(office.board.handle_media(PeerConnected(peer, 10.0), now_s=0.0)) == [], "not online yet"
    office.seat_is("break")
    outputs = office.board.handle_media(PeerConnected(peer, 10.0), now_s=0.0)
    assert submitted(outputs) == [commands.ReportPath("s", media_ready=True)]
    outputs = office.board.handle_media(PeerClosed(peer, "dtls-closed"), now_s=0.0)
    assert submitted(outputs) == [commands.ReportPath("s", media_ready=False)]


def test_a_portal_with_media_of_its_own_needs_none_of_ours():
    office = Office(media_required=False)
    assert office.board.reachable(office.log_in(SEAT, media=False))


def test_a_call_is_confirmed_once_when_media_flows(office):
    office.log_in(KIOSK)
    seat = office.log_in(SEAT)
    office.connect(*PAIR)
    started = SlotStarted(SlotRef(seat.peer, "camera"), 12.0)
    assert submitted(office.board.handle_media(started, now_s=0.0)) == [commands.ConfirmMedia("c1")]
    assert office.board.handle_media(started, now_s=0.0) == []


def test_whoever_hears_several_is_told_the_place_of_who_has_the_word(office):
    seat = office.log_in(SEAT)
    office.log_in(KIOSK)
    turned = SpeakerChanged(SlotRef(seat.peer, "microphone-2"))
    assert office.board.handle_media(turned, now_s=0.0) == [], "not in a conversation"
    office.connect(*PAIR)
    assert told(office.board.handle_media(turned, now_s=0.0), seat) == [SpeakerTurned("c1", 2)]
    first = SpeakerChanged(SlotRef(seat.peer, "microphone"))
    assert told(office.board.handle_media(first, now_s=0.0), seat) == [SpeakerTurned("c1", 1)]


def test_dead_media_of_a_seat_gives_the_call_back_but_not_that_of_a_kiosk(office):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    office.connect(*PAIR)
    office.seat_is("in-call")
    outputs = office.board.handle_media(PeerClosed(kiosk.peer, "consent-expired"), now_s=0.0)
    assert submitted(outputs) == []
    assert all(route.source is None for route in routes(outputs))
    outputs = office.board.handle_media(PeerClosed(seat.peer, "consent-expired"), now_s=0.0)
    assert commands.FailMedia("c1") in submitted(outputs)


@pytest.mark.parametrize("reason", ["worker-lost", "worker-replaced"])
def test_whoever_lost_its_media_worker_is_told_to_begin_anew_and_the_call_waits(office, reason):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    office.connect(*PAIR)
    office.seat_is("in-call")
    lost = seat.peer
    outputs = office.board.handle_media(PeerClosed(lost, reason), now_s=0.0)
    assert told(outputs, seat) == [MediaLost(reason)]
    assert told(outputs, kiosk) == []
    assert not any(isinstance(command, commands.FailMedia) for command in submitted(outputs))
    assert {route.source for route in routes(outputs)} == {None}

    office.participants.negotiate(seat, frozenset({"camera"}))
    assert SourceRef(seat.peer, "camera") in {route.source for route in routes(office.board.negotiated(seat))}


def test_a_peer_comes_beside_those_it_is_in_conversation_with(office):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    assert peers_beside(seat.who, office.conversations, office.participants) is None
    office.connect(*PAIR)
    assert peers_beside(seat.who, office.conversations, office.participants) == [kiosk.peer]
    office.board.handle_media(PeerClosed(kiosk.peer, "worker-lost"), now_s=0.0)
    assert peers_beside(seat.who, office.conversations, office.participants) == []


def test_a_page_that_reloads_closes_its_media_without_losing_the_call(office):
    office.log_in(KIOSK)
    seat = office.log_in(SEAT)
    office.connect(*PAIR)
    office.seat_is("in-call")
    outputs = office.board.handle_media(PeerClosed(seat.peer, "dtls-closed"), now_s=0.0)
    assert not any(isinstance(command, commands.FailMedia) for command in submitted(outputs))


@pytest.mark.parametrize(
    ("who", "consequence"),
    [(KIOSK, commands.HangUp("c1", Side.KIOSK, "media-lost")), (SEAT, commands.FailMedia("c1"))],
)
@pytest.mark.parametrize("reloaded", [False, True])
def test_media_that_stays_away_ends_the_conversation_after_the_grace(office, who, consequence, reloaded):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    office.connect(*PAIR)
    office.seat_is("in-call")
    if reloaded:
        office.log_in(who, media=False, session="s2")
    else:
        office.board.handle_media(PeerClosed({KIOSK: kiosk, SEAT: seat}[who].peer, "dtls-closed"), now_s=10.0)
    began_s = 0.0 if reloaded else 10.0
    assert office.board.deadline() == began_s + 20.0
    assert office.board.handle_timeout(began_s + 19.9) == []
    assert submitted(office.board.handle_timeout(began_s + 20.0)) == [consequence]
    assert office.board.deadline() is None
    assert office.board.handle_timeout(1000.0) == []


def test_media_that_comes_back_in_time_goes_on(office):
    kiosk, _ = office.log_in(KIOSK), office.log_in(SEAT)
    office.connect(*PAIR)
    office.board.handle_media(PeerClosed(kiosk.peer, "dtls-closed"), now_s=10.0)
    again = office.participants.negotiate(kiosk, SLOTS)
    office.board.handle_media(PeerConnected(again, 10.0), now_s=15.0)
    assert office.board.deadline() is None
    assert office.board.handle_timeout(1000.0) == []


def test_nobody_waits_for_media_once_the_call_is_over(office):
    kiosk, _ = office.log_in(KIOSK), office.log_in(SEAT)
    office.connect(*PAIR)
    office.board.handle_media(PeerClosed(kiosk.peer, "dtls-closed"), now_s=10.0)
    office.board.handle_effect(effects.DisconnectMedia("e", "c1"))
    assert office.board.deadline() is None
    office.log_in(OTHER)
    office.board.handle_media(PeerClosed(office.log_in(OTHER, session="s2").peer, "dtls-closed"), now_s=10.0)
    assert office.board.deadline() is None, "not in a conversation"


def test_events_of_unknown_peers_are_nothing(office):
    for event in (PeerConnected(PeerId("x"), 1.0), PeerClosed(PeerId("x"), "timeout")):
        assert office.board.handle_media(event, now_s=0.0) == []


def test_the_scheduler_is_told_of_a_round_trip_when_it_is_another(office):
    seat = office.log_in(SEAT)
    office.seat_is("ready")
    assert submitted(office.board.measured(seat, 40.0)) == [commands.ReportPath("s", media_ready=True, rtt_ms=40)]
    assert office.board.measured(seat, 48.0) == []
    assert submitted(office.board.measured(seat, 90.0)) == [commands.ReportPath("s", media_ready=True, rtt_ms=90)]


# What participants do and are told besides


def test_a_switched_source_is_told_to_who_sees_it(office):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    office.connect(*PAIR)
    outputs = office.board.switch_source(kiosk, "screen", active=True)
    assert told(outputs, seat) == [SourceSwitched("c1", "screen", True)]
    assert told(outputs, kiosk) == []
    assert kiosk.active == {"screen"}


def test_heartbeats_renew_leases(office):
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    assert submitted(office.board.heard(seat)) == [commands.SeatSeen("s")]
    assert office.board.heard(kiosk) == [], "a kiosk without a call has no lease"
    office.records.calls["c1"] = CALL
    assert submitted(office.board.heard(kiosk)) == [commands.KioskSeen("k")]


def test_nobody_is_told_to_have_fallen_back_in_the_queue(office):
    kiosk = office.log_in(KIOSK)
    positions = []
    for position in (3, 3, 5, 2, 4):
        office.records.calls["c1"] = replace(CALL, position=position)
        positions.append([each.call.position for each in told(office.teller.place(kiosk), kiosk)])
    assert positions == [[3], [], [], [2], []]


def test_a_login_is_told_everything_that_concerns_it(office):
    office.records.calls["c1"] = replace(CALL, seat="s", offer="o1", state="offered")
    office.seat_is("offered")
    kiosk, seat = office.log_in(KIOSK), office.log_in(SEAT)
    assert [type(each) for each in told(office.teller.state(KIOSK), kiosk)] == [CallChanged]
    assert [type(each).__name__ for each in told(office.teller.state(SEAT), seat)] == ["SeatChanged", "Ringing"]
