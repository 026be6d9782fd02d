"""`decide`: what a command makes happen. It changes nothing; a refused command leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import commands
from .decisions import appointments, arrivals, conversation, engine, invitations, offers, queue, seats, timers
from .draft import Draft
from .errors import ClockWentBackwards
from .events import AnyEvent
from .matching import settle
from .state import State


def decide(state: State, command: commands.Command, now_ms: int) -> tuple[AnyEvent, ...]:
    """The events that `command` makes happen at `now_ms`; none when it changes nothing.

    Raises a `Refusal` (errors.py) when it cannot be granted; `ClockWentBackwards` when `now_ms` lies before the last
    event by more than the slack. Decides a single timer for `Tick`: the one due first, at its due time.
    """
    if now_ms < state.clock_ms:
        if state.clock_ms - now_ms > state.settings.clock_slack_ms:
            raise ClockWentBackwards(f"it is {now_ms} ms, but {state.clock_ms} ms has been decided already")
        now_ms = state.clock_ms
    draft = Draft(state, now_ms)
    _DECIDE[type(command)](draft, command)
    if draft.freed is not None or draft.requeued is not None:
        settle(draft)
    return tuple(draft.events)


def _tick(draft: Draft, command: commands.Tick) -> None:
    del command
    timer = draft.state.timers.first()
    if timer is not None and timer[0] <= draft.at_ms:
        draft.at_ms = max(timer[0], draft.state.clock_ms)
        timers.fire(draft, timer)


_DECIDE: dict[type[commands.Command], Callable[[Draft, Any], None]] = {
    commands.RequestCall: arrivals.request,
    commands.HangUp: conversation.hang_up,
    commands.Reprioritise: queue.reprioritise,
    commands.KioskSeen: queue.seen,
    commands.RequestCallback: queue.request_callback,
    commands.AnswerCallback: queue.answer_callback,
    commands.FailCallback: queue.fail_callback,
    commands.LogIn: seats.log_in,
    commands.UpdateSeat: seats.update,
    commands.SetReady: seats.set_ready,
    commands.TakeBreak: seats.take_break,
    commands.Drain: seats.drain_by_command,
    commands.LogOut: seats.log_out,
    commands.SeatSeen: seats.seen,
    commands.ReportPath: seats.report_path,
    commands.AcceptOffer: offers.accept,
    commands.DeclineOffer: offers.decline,
    commands.WithdrawOffer: offers.withdraw_by_hand,
    commands.ConfirmMedia: conversation.confirm_media,
    commands.FailMedia: conversation.fail_media,
    commands.HoldCall: conversation.hold,
    commands.ResumeCall: conversation.resume,
    commands.TransferCall: conversation.transfer,
    commands.InviteSeat: invitations.invite,
    commands.MergeCall: invitations.merge,
    commands.CompleteTransfer: invitations.complete_transfer,
    commands.LeaveCall: conversation.leave_call,
    commands.Supervise: conversation.supervise,
    commands.StopSupervising: conversation.stop_supervising,
    commands.FinishWrapUp: conversation.finish_wrap_up,
    commands.OpenBooking: appointments.open_booking,
    commands.CloseBooking: appointments.close_booking,
    commands.BookAppointment: appointments.book,
    commands.CancelAppointment: appointments.cancel,
    commands.CheckIn: appointments.check_in,
    commands.DefineItems: engine.define_items,
    commands.RetireItems: engine.retire_items,
    commands.DefineRegions: engine.define_regions,
    commands.Configure: engine.configure,
    commands.Recover: engine.recover,
    commands.Tick: _tick,
}
