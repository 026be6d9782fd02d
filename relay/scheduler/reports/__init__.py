"""What happened, from events only: call detail records, service level, occupancy, waits. See `Report`."""

from relay.scheduler.reports.opening import opening_events
from relay.scheduler.reports.records import CallRecord, CallRecorder, Outcome
from relay.scheduler.reports.report import Report, ReportSettings
from relay.scheduler.reports.seats import SeatTimes
from relay.scheduler.reports.tally import Group, Grouping, Tallies, Tally

__all__ = [
    "CallRecord",
    "CallRecorder",
    "Group",
    "Grouping",
    "Outcome",
    "Report",
    "ReportSettings",
    "SeatTimes",
    "Tallies",
    "Tally",
    "opening_events",
]
