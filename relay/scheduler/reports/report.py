"""The running report: every number that an operator, a wallboard or a metric asks about the past, from events only."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from relay.scheduler import events
from relay.scheduler.distribution import Distribution
from relay.scheduler.events import AnyEvent
from relay.scheduler.model import Punctuality, Purpose
from relay.scheduler.reports.records import NOT_YET_MS, CallRecord, CallRecorder
from relay.scheduler.reports.seats import SeatTimes
from relay.scheduler.reports.tally import Grouping, Tallies, Tally


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What "in time" means, and how calls are grouped."""

    target_ms: int = 15_000
    """Service level: answered within this. GB/T 33358: 15 s."""
    short_ms: int = 5_000
    """Who hangs up sooner than this was not lost for lack of seats."""
    grouping: Grouping = field(default_factory=Grouping)


class Report:
    """Feed it every event in order; read it at any time.

    A call counts in the group of its request, whatever becomes of its priority. Invitations (consult, conference) are
    counted apart: nobody waits in a queue for them. Calls that began before the report are not in it.
    """

    def __init__(self, settings: ReportSettings = ReportSettings()) -> None:
        self.settings = settings
        self.seats = SeatTimes()
        self.tallies = Tallies(settings.grouping)
        self.appointments: Counter[str] = Counter()
        """By outcome: booked, kept, late, no_show, cancelled."""
        self.invitations: Counter[str] = Counter()
        """Consults and conferences that were asked for."""
        self.leases_expired: Counter[str] = Counter()
        """Silent peers given up, by kind: seat, kiosk."""
        self.resumed = 0
        """Calls that took up the place of a lost one."""
        self._recorder = CallRecorder()
        self._tally_of: dict[str, Tally] = {}
        self._rang_ms: dict[str, int] = {}

    def successor(self, now_ms: int) -> "Report":
        """A report that begins now, with the seats on duty and nothing counted; calls that are open stay out of it."""
        report = Report(self.settings)
        report.seats = self.seats.successor(now_ms)
        return report

    def resumed_at(self, now_ms: int) -> "Report":
        """The same for a process that begins now: calls that are open are followed to their end, as `carried`."""
        report = self.successor(now_ms)
        report._recorder, report._rang_ms = self._recorder, self._rang_ms
        for name, call in self._recorder.open.items():
            asked = call.requested
            if asked.purpose is Purpose.CALL:
                tally = report.tallies.of(asked.item, asked.region, asked.kind, asked.priority)
                tally.carried += 1
                report._tally_of[name] = tally
        return report

    @property
    def open_calls(self) -> int:
        """Calls that have begun and not yet left the engine."""
        return len(self._recorder.open)

    def observe(self, event: AnyEvent) -> CallRecord | None:
        """Count one event; returns the call detail record that it completes."""
        self.seats.observe(event)
        count = _COUNTS.get(type(event))
        if count is not None:
            count(self, event)
        record = self._recorder.observe(event)
        tally = self._tally_of.pop(record.call, None) if record is not None else None
        if record is not None and tally is not None and record.answered_ms != NOT_YET_MS:
            _count_handling(tally, record)
        return record

    def _requested(self, event: events.CallRequested) -> None:
        if event.purpose is not Purpose.CALL:
            self.invitations[event.purpose] += 1
            return
        tally = self.tallies.of(event.item, event.region, event.kind, event.priority)
        self._tally_of[event.call] = tally
        tally.offered += 1
        self.resumed += bool(event.resumed)

    def _widened(self, event: events.SearchWidened) -> None:
        tally, call = self._tally_of.get(event.call), self._recorder.open.get(event.call)
        if tally is not None and call is not None and event.ring != call.ring:
            tally.widened[call.ring, event.ring] += 1

    def _offered(self, event: events.CallOffered) -> None:
        self._rang_ms[event.offer] = event.at_ms

    def _offer_over(self, event: Any, outcome: str) -> None:
        rang_ms = self._rang_ms.pop(event.offer, event.at_ms)
        tally = self._tally_of.get(event.call)
        if tally is not None:
            tally.offers[outcome] += 1
            _observe_ms(tally.offer_response, event.at_ms - rang_ms)

    def _accepted(self, event: events.CallAccepted) -> None:
        self._offer_over(event, "accepted")
        self._answered(event.call, event.waited_ms)

    def _callback_started(self, event: events.CallbackStarted) -> None:
        self._offer_over(event, "accepted")

    def _callback_answered(self, event: events.CallbackAnswered) -> None:
        call = self._recorder.open.get(event.call)
        self._answered(event.call, call.waited_ms if call is not None else 0)

    def _joined(self, event: events.SeatJoined) -> None:
        self._rang_ms.pop(event.offer, None)

    def _answered(self, name: str, waited_ms: int) -> None:
        """Only the first answer: after a transfer the citizen has been helped already."""
        tally, call = self._tally_of.get(name), self._recorder.open.get(name)
        if tally is None or call is None or call.answered_ms != NOT_YET_MS:
            return
        tally.answered += 1
        tally.answered_within += waited_ms <= self.settings.target_ms
        _observe_ms(tally.wait_answered, waited_ms)

    def _abandoned(self, event: events.CallAbandoned) -> None:
        tally, call = self._tally_of.get(event.call), self._recorder.open.get(event.call)
        if tally is None or call is None or call.answered_ms != NOT_YET_MS:
            return
        tally.abandoned["offer" if event.ringing else "queue"] += 1
        tally.abandoned_within += event.waited_ms <= self.settings.target_ms
        tally.short_abandoned += event.waited_ms <= self.settings.short_ms
        _observe_ms(tally.wait_abandoned, event.waited_ms)

    def _deflected(self, event: events.CallDeflected) -> None:
        tally = self._tally_of.get(event.call)
        if tally is not None:
            tally.deflected[event.reason] += 1

    def _requeued(self, event: events.CallRequeued) -> None:
        tally = self._tally_of.get(event.call)
        if tally is not None:
            tally.requeued[event.reason] += 1

    def _transferred(self, event: events.CallTransferred | events.CallHandedOver) -> None:
        tally = self._tally_of.get(event.call)
        if tally is not None:
            tally.transfers["cold" if isinstance(event, events.CallTransferred) else "warm"] += 1

    def _logged_out(self, event: events.SeatLoggedOut) -> None:
        self.leases_expired["seat"] += event.reason == "lease_expired"

    def _kiosk_silent(self, _: events.KioskSilent) -> None:
        self.leases_expired["kiosk"] += 1

    def _checked_in(self, event: events.AppointmentCheckedIn) -> None:
        self.appointments["late" if event.punctuality is Punctuality.LATE else "kept"] += 1


def _count_handling(tally: Tally, record: CallRecord) -> None:
    _observe_ms(tally.talk, record.talk_ms)
    _observe_ms(tally.wrap_up, record.wrap_up_ms)
    _observe_ms(tally.handle, record.talk_ms + record.wrap_up_ms)
    if record.hold_ms:
        _observe_ms(tally.hold, record.hold_ms)
    if record.disposition:
        tally.dispositions[record.disposition] += 1


def _observe_ms(distribution: Distribution, duration_ms: int) -> None:
    distribution.observe(duration_ms / 1000)


def _offer_over(outcome: str) -> Callable[[Report, Any], None]:
    return lambda report, event: report._offer_over(event, outcome)


def _appointment(outcome: str) -> Callable[[Report, Any], None]:
    def count(report: Report, _: Any) -> None:
        report.appointments[outcome] += 1

    return count


_COUNTS: dict[type[events.Event], Callable[[Report, Any], None]] = {
    events.CallRequested: Report._requested,
    events.SearchWidened: Report._widened,
    events.CallOffered: Report._offered,
    events.OfferDeclined: _offer_over("rejected"),
    events.OfferTimedOut: _offer_over("timeout"),
    events.OfferWithdrawn: _offer_over("cancelled"),
    events.CallAccepted: Report._accepted,
    events.CallbackStarted: Report._callback_started,
    events.CallbackAnswered: Report._callback_answered,
    events.SeatJoined: Report._joined,
    events.CallAbandoned: Report._abandoned,
    events.CallDeflected: Report._deflected,
    events.CallRequeued: Report._requeued,
    events.CallTransferred: Report._transferred,
    events.CallHandedOver: Report._transferred,
    events.SeatLoggedOut: Report._logged_out,
    events.KioskSilent: Report._kiosk_silent,
    events.AppointmentBooked: _appointment("booked"),
    events.AppointmentCheckedIn: Report._checked_in,
    events.AppointmentMissed: _appointment("no_show"),
    events.AppointmentCancelled: _appointment("cancelled"),
}
