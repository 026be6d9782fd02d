"""A call's life: joins what the scheduler decides, what the media side reports, and who is on the line. Pure.

Fed with logins and losses, scheduler effects, SFU events and the time; returns outputs. Rules:

- Whoever loses the line has a grace period to come back, in which conversations go on. But a seat gets no offers while
  its line or its media is gone: one that rings at that moment is back in its place in the queue at once.
- A call is confirmed to the scheduler when media flows.
- Whose media dies while its line lives has a grace period to bring it back; a seat without answer to connectivity
  checks has none. Then a seat gives its calls back to the queue, with the age they have, and a kiosk's calls end.
"""

from collections.abc import Callable, Iterable
from typing import Any

from relay.scheduler import commands, effects
from relay.scheduler.model import Party, Purpose, Role
from relay.service.conversations import Conversation, Conversations
from relay.service.grace import Grace
from relay.service.notices import EncodingsChosen, SpeakerTurned
from relay.service.outputs import Cause, ClosePeer, Cut, Output, Submit, Tell
from relay.service.participants import Desk, Joined, Line, Participant, Participants, Who
from relay.service.telling import Records, Teller
from relay.service.views import CallView
from relay.service.wiring import place_of
from relay.sfu.session.events import EncodingsWanted, PeerClosed, PeerConnected, SfuEvent, SlotStarted, SpeakerChanged

_RTT_STEP_MS = 10.0
"""Smaller changes of a round trip are noise."""
_ALL = (Desk.KIOSK, Desk.SEAT, Desk.SUPERVISOR)
_OVER: dict[str, tuple[Desk, ...]] = {
    "ended": _ALL,
    "abandoned": (Desk.KIOSK,),
    "deflected": (Desk.KIOSK,),
    "moved": (Desk.KIOSK,),
    "released": (Desk.SEAT, Desk.SUPERVISOR),
    "left": (Desk.SEAT, Desk.SUPERVISOR),
    "wrap_up": (Desk.SEAT,),
    "callback_failed": (Desk.SEAT,),
}
"""Topics that mean the end of the call for whoever is told, and at which desks that can be."""
_BEGIN_ANEW = frozenset({"worker-lost", "worker-replaced"})
"""Why a peer may be gone although its participant is well and on the line: the conversation waits for its new media."""
_OUTCOMES = {"timed_out": "timeout", "accepted": "accepted", "declined": "declined"}


class Switchboard:
    """Composes participants, conversations and what they are told."""

    def __init__(
        self,
        participants: Participants,
        conversations: Conversations,
        teller: Teller,
        records: Records,
        *,
        media_required: bool = True,
        media_grace_s: float = 20.0,
    ) -> None:
        self._participants = participants
        self._conversations = conversations
        self._teller = teller
        self._records = records
        self._media_required = media_required
        self._silent: Grace[Who] = Grace(media_grace_s)
        """In a conversation, with a line and without media."""
        self._unconfirmed: set[str] = set()
        """Calls connected by the scheduler in which no media has been seen yet."""

    # Lines

    def join(self, newcomer: Participant, session: str, now_s: float) -> tuple[Joined, list[Output]]:
        """Take a login in; raises `LimitReached`. The participant is told how things stand once it has been welcomed."""
        joined = self._participants.join(newcomer, session)
        outputs: list[Output] = []
        if joined.replaced is not None:
            outputs.append(Cut(joined.replaced, Cause.REPLACED))
        if joined.abandoned is not None:
            self._conversations.forget_peer(joined.abandoned)
            self._miss_media(joined.participant, now_s)
            outputs += [*self._rewire(joined.participant.who), ClosePeer(joined.abandoned)]
        return joined, outputs + self._report_path(joined.participant)

    def lose_line(self, line: Line, now_s: float) -> list[Output]:
        """A line broke or was closed."""
        participant = self._participants.lose_line(line, now_s)
        return self._report_path(participant) if participant else []

    def reachable(self, participant: Participant) -> bool:
        """Whether calls can be offered and connected at a seat."""
        return participant.line is not None and (participant.media_ready or not self._media_required)

    def heard(self, participant: Participant) -> list[Output]:
        """A heartbeat."""
        name = participant.who.name
        if participant.who.desk is Desk.SEAT:
            return [Submit(commands.SeatSeen(seat=name))]
        if participant.who.desk is Desk.KIOSK and self._records.calls_of_kiosk(name):
            return [Submit(commands.KioskSeen(kiosk=name))]
        return []

    def negotiated(self, participant: Participant) -> list[Output]:
        """The SFU has answered its offer: wire what was waiting for it."""
        return self._rewire(participant.who)

    def switch_source(self, participant: Participant, source: str, *, active: bool) -> list[Output]:
        """It says that it sends a source, or no longer does."""
        (participant.active.add if active else participant.active.discard)(source)
        return self._teller.source(participant.who, source, active=active)

    # Scheduler

    def restore(self, conversations: Iterable[Conversation]) -> None:
        """Take over the conversations that a restarted scheduler still knows."""
        for conversation in conversations:
            self._conversations.connect(conversation)

    def handle_effect(self, effect: effects.AnyEffect) -> list[Output]:
        """Carry out one effect; doing so twice does nothing new."""
        return _EFFECTS[type(effect)](self, effect)

    def _ring(self, effect: effects.Ring) -> list[Output]:
        call, seat = self._records.call(effect.call), Who(Desk.SEAT, effect.seat)
        if call is None:
            return []
        return self._teller.ringing(seat, call, effect.offer) + self._show_citizen(call)

    def _stop_ringing(self, effect: effects.StopRinging) -> list[Output]:
        seat = Who(Desk.SEAT, effect.seat)
        outputs = self._teller.ringing_over(seat, effect.offer, _OUTCOMES.get(effect.reason, "withdrawn"))
        call = self._records.call(effect.call) if effect.reason != "accepted" else None
        return outputs + (self._show_citizen(call) if call else [])

    def _show_citizen(self, call: CallView) -> list[Output]:
        """What the citizen sees of an offer; invitations among seats are not the citizen's business."""
        return self._teller.call(Who(Desk.KIOSK, call.kiosk), call) if call.purpose == Purpose.CALL else []

    def _ring_back(self, effect: effects.RingBack) -> list[Output]:
        call = self._records.call(effect.call)
        if call is None:
            return []
        if any(not other.contact for other in self._records.calls_of_kiosk(effect.contact)):
            return [Submit(commands.FailCallback(call=call.call, reason="busy"))]
        return self._teller.ringing_back(
            Who(Desk.KIOSK, effect.contact), call, self._records.callback_left_s(call.call)
        )

    def _connect(self, effect: effects.ConnectMedia) -> list[Output]:
        known = bool(self._conversations.members(effect.call))
        concerned = self._conversations.connect(Conversation(effect.call, effect.participants, effect.revision))
        call = self._records.call(effect.call)
        if not concerned or call is None:
            return []
        if not known:
            self._unconfirmed.add(effect.call)
        return [*self._conversations.reconcile(concerned), *self._teller.everybody(concerned, call)]

    def _disconnect(self, effect: effects.DisconnectMedia) -> list[Output]:
        self._unconfirmed.discard(effect.call)
        parted = self._conversations.disconnect(effect.call)
        for who in parted:
            if not self._conversations.calls_of(who):
                self._silent.end(who)
        return [*self._conversations.reconcile(parted)]

    def _notify(self, effect: effects.Notify) -> list[Output]:
        outputs: list[Output] = []
        for desk in _OVER.get(effect.topic, ()):
            outputs += self._teller.over(Who(desk, effect.to), effect.call, effect.detail or effect.topic)
        call = self._records.call(effect.call) if effect.topic == "queued" else None
        return outputs + (self._teller.call(Who(Desk.KIOSK, effect.to), call, effect.detail) if call else [])

    # Media

    def handle_media(self, event: SfuEvent, now_s: float) -> list[Output]:
        """Take an event of the SFU in."""
        handle = _MEDIA_EVENTS.get(type(event))
        return handle(self, event, now_s) if handle else []

    def _peer_connected(self, event: PeerConnected, _: float) -> list[Output]:
        participant = self._participants.of_peer(event.peer)
        if participant is None:
            return []
        participant.media_ready = True
        self._silent.end(participant.who)
        return self._report_path(participant)

    def _peer_closed(self, event: PeerClosed, now_s: float) -> list[Output]:
        participant = self._participants.of_peer(event.peer)
        if participant is None:
            return []
        self._participants.lose_peer(participant)
        self._conversations.forget_peer(event.peer)
        outputs = self._rewire(participant.who) + self._report_path(participant)
        if event.reason == "consent-expired" and participant.line is not None:
            outputs += self._media_lost(participant.who) if participant.who.desk is Desk.SEAT else []
        self._miss_media(participant, now_s)
        if event.reason in _BEGIN_ANEW:
            outputs += self._teller.media_lost(participant, event.reason)
        return outputs

    def _miss_media(self, participant: Participant, now_s: float) -> None:
        if self._conversations.calls_of(participant.who):
            self._silent.begin(participant.who, now_s)

    def _media_lost(self, who: Who) -> list[Output]:
        """What becomes of the conversations of somebody who can neither be seen nor heard."""
        calls = self._conversations.calls_of(who)
        if who.desk is Desk.KIOSK:
            return [Submit(commands.HangUp(call=call, by=Party.KIOSK, reason="media-lost")) for call in calls]
        return [Submit(commands.FailMedia(call=call)) for call in self._answered_by(who)]

    def _slot_started(self, event: SlotStarted, _: float) -> list[Output]:
        participant = self._participants.of_peer(event.slot.peer)
        conversation = self._conversations.front(participant.who) if participant else None
        if conversation is None or conversation.call not in self._unconfirmed:
            return []
        self._unconfirmed.discard(conversation.call)
        return [Submit(commands.ConfirmMedia(call=conversation.call))]

    def _encodings_wanted(self, event: EncodingsWanted, _now_s: float) -> list[Output]:
        participant = self._participants.of_peer(event.source.peer)
        if participant is None or participant.line is None:
            return []
        return [Tell(participant.line, EncodingsChosen(event.source.source, event.rids))]

    def _speaker_changed(self, event: SpeakerChanged, _now_s: float) -> list[Output]:
        participant = self._participants.of_peer(event.slot.peer)
        conversation = self._conversations.front(participant.who) if participant else None
        if participant is None or participant.line is None or conversation is None:
            return []
        return [Tell(participant.line, SpeakerTurned(conversation.call, place_of(event.slot.slot)))]

    def measured(self, participant: Participant, rtt_ms: float) -> list[Output]:
        """The round trip to a participant; the scheduler is told of a seat's when it is another than it knows."""
        known = participant.reported_rtt_ms
        if known is not None and abs(rtt_ms - known) <= max(_RTT_STEP_MS, known / 4):
            return []
        participant.reported_rtt_ms = rtt_ms
        return self._report_path(participant)

    # Time

    def handle_timeout(self, now_s: float) -> list[Output]:
        """Give up those whose grace is over."""
        outputs = [output for participant in self._participants.overdue(now_s) for output in self._give_up(participant)]
        for who in self._silent.take_overdue(now_s):
            participant = self._participants.find(who)
            if participant is not None and not participant.media_ready:
                outputs += self._media_lost(who)
        return outputs

    def deadline(self) -> float | None:
        """When `handle_timeout` has something to do."""
        deadlines = (self._participants.deadline(), self._silent.deadline())
        return min((each for each in deadlines if each is not None), default=None)

    def _give_up(self, participant: Participant) -> list[Output]:
        return [*map(Submit, self._farewell(participant.who)), *self._forget(participant)]

    def _farewell(self, who: Who) -> list[commands.AnyCommand]:
        if who.desk is Desk.KIOSK:
            calls = [call for call in self._records.calls_of_kiosk(who.name) if not call.contact]
            return [commands.HangUp(call=call.call, by=Party.KIOSK, reason="kiosk-lost") for call in calls]
        if who.desk is Desk.SEAT:
            online = self._records.seat(who.name).state != "offline"
            return [commands.LogOut(seat=who.name, force=True, reason="seat-lost")] if online else []
        return [commands.StopSupervising(call=call, supervisor=who.name) for call in self._conversations.calls_of(who)]

    def _forget(self, participant: Participant) -> list[Output]:
        peer = self._participants.remove(participant)
        if peer is None:
            return []
        self._conversations.forget_peer(peer)
        return [*self._rewire(participant.who), ClosePeer(peer)]

    def _rewire(self, who: Who) -> list[Output]:
        """Make the routes of everybody in conversation with somebody whose media has changed."""
        concerned = [
            member for call in self._conversations.calls_of(who) for member in self._conversations.members(call)
        ]
        return [*self._conversations.reconcile(concerned)]

    def _report_path(self, participant: Participant) -> list[Output]:
        seat = participant.who.name
        if participant.who.desk is not Desk.SEAT or self._records.seat(seat).state == "offline":
            return []
        ready, rtt_ms = self.reachable(participant), participant.path_rtt_ms
        return [Submit(commands.ReportPath(seat=seat, media_ready=ready, rtt_ms=rtt_ms))]

    def _answered_by(self, who: Who) -> list[str]:
        """The calls that a seat is responsible for."""
        return [call for call in self._conversations.calls_of(who) if self._conversations.role(who, call) is Role.AGENT]


_EFFECTS: dict[type[effects.Effect], Callable[[Switchboard, Any], list[Output]]] = {
    effects.Ring: Switchboard._ring,
    effects.StopRinging: Switchboard._stop_ringing,
    effects.RingBack: Switchboard._ring_back,
    effects.ConnectMedia: Switchboard._connect,
    effects.DisconnectMedia: Switchboard._disconnect,
    effects.Notify: Switchboard._notify,
}

_MEDIA_EVENTS: dict[type[SfuEvent], Callable[[Switchboard, Any, float], list[Output]]] = {
    PeerConnected: Switchboard._peer_connected,
    PeerClosed: Switchboard._peer_closed,
    SlotStarted: Switchboard._slot_started,
    EncodingsWanted: Switchboard._encodings_wanted,
    SpeakerChanged: Switchboard._speaker_changed,
}
