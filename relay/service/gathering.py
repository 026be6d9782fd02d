"""Where each metric's value comes from: the scheduler's report and state, the SFU's totals, the service's own counts.

Reads what is counted elsewhere, when it is asked. One function per source.
"""

from importlib.metadata import version

from relay.metrics.histogram import Histogram
from relay.metrics.snapshot import Snapshot
from relay.scheduler.errors import OfferExpired
from relay.scheduler.reports import Report
from relay.scheduler.reports.tally import Tally
from relay.scheduler.shell.outlets import Outlets
from relay.scheduler.shell.service import SchedulerService
from relay.service.house import House
from relay.service.latency import LatencyWatch
from relay.service.ledger import Ledger
from relay.service.observations import Observations
from relay.service.participants import Desk, Participants
from relay.service.quality import QualityBook
from relay.service.views import QueueView
from relay.sfu.session.events import SfuStats

_OUTCOMES = ("accepted", "rejected", "timeout", "cancelled")
_TRAFFIC = {
    "packets_in": ("relay_sfu_packets_total", "in"),
    "packets_out": ("relay_sfu_packets_total", "out"),
    "bytes_in": ("relay_sfu_bytes_total", "in"),
    "bytes_out": ("relay_sfu_bytes_total", "out"),
    "data_messages_in": ("relay_data_messages_total", "in"),
    "data_messages_out": ("relay_data_messages_total", "out"),
    "data_bytes_in": ("relay_data_bytes_total", "in"),
    "data_bytes_out": ("relay_data_bytes_total", "out"),
}
_NO_DEFLECTION = dict.fromkeys(("max_wait", "closed"), 0)
_NO_LOSS = dict.fromkeys(("lease_expired", "seat-lost", "media", "not_connected"), 0)
_NO_APPOINTMENT = dict.fromkeys(("booked", "kept", "late", "no_show", "cancelled"), 0)
_NO_SILENCE = dict.fromkeys(("seat", "kiosk"), 0)
"""What has not happened yet is 0, not absent: an alert on its rate works from the first time on."""
_DROP = "drop_"
_DATA_DROP = "data_drop_"
_VERSION = version("relay")


def gather_calls(into: Snapshot, ledger: Ledger, queues: list[QueueView], uptime_s: float) -> None:
    """What became of calls, and what waits."""
    report = ledger.report
    for group, tally in report.tallies.by_group.items():
        labels = (group.queue, group.region, group.kind, group.priority)
        into.put("relay_calls_offered_total", tally.offered, *labels)
        into.put("relay_calls_answered_total", tally.answered, *labels)
        into.put("relay_calls_within_sla_total", tally.answered_within, *labels)
        into.put("relay_calls_short_abandoned_total", tally.short_abandoned, *labels)
        for phase in ("queue", "offer"):
            into.put("relay_calls_abandoned_total", tally.abandoned[phase], *labels, phase)
    for queue, tally in report.tallies.along("queue").items():
        into.put("relay_wait_duration_seconds", tally.wait_answered, queue, "answered")
        into.put("relay_wait_duration_seconds", tally.wait_abandoned, queue, "abandoned")
        into.put("relay_offer_response_seconds", tally.offer_response, queue)
        into.put("relay_talk_duration_seconds", tally.talk, queue)
        into.put("relay_wrapup_duration_seconds", tally.wrap_up, queue)
        into.put("relay_handle_duration_seconds", tally.handle, queue)
    for view in queues:
        into.put("relay_calls_waiting", view.waiting, view.group)
        into.put("relay_calls_in_progress", view.in_call, view.group)
        into.put("relay_oldest_wait_seconds", view.oldest_wait_s, view.group)
        if view.expected_wait_s is not None:
            into.put("relay_estimated_wait_seconds", view.expected_wait_s, view.group)
    _gather_totals(into, report, report.tallies.total(), uptime_s)
    _gather_forecast(into, ledger)


def _gather_totals(into: Snapshot, report: Report, total: Tally, uptime_s: float) -> None:
    into.put_all("relay_calls_deflected_total", _NO_DEFLECTION | total.deflected)
    into.put_all("relay_calls_requeued_total", _NO_LOSS | total.requeued)
    into.put_all("relay_offers_total", {outcome: total.offers[outcome] for outcome in _OUTCOMES})
    into.put_all("relay_transfers_total", {kind: total.transfers[kind] for kind in ("cold", "warm")})
    into.put_all("relay_invitations_total", report.invitations)
    into.put_all("relay_appointments_total", _NO_APPOINTMENT | report.appointments)
    into.put("relay_calls_resumed_total", report.resumed)
    for (left, entered), count in total.widened.items():
        into.put("relay_calls_overflowed_total", count, str(left), str(entered))
    level = total.service_level()
    for definition in level.__dataclass_fields__:
        into.put("relay_service_level_ratio", getattr(level, definition), definition)
    into.put("relay_offered_load_erlangs", total.offered / uptime_s * total.handle.mean if uptime_s > 0 else 0.0)


def _gather_forecast(into: Snapshot, ledger: Ledger) -> None:
    error = ledger.forecast.error
    into.put("relay_overtakes_total", ledger.forecast.overtakes)
    if error.count:
        into.put("relay_estimated_wait_error_seconds", error.sum_s / error.count, "mean")
        into.put("relay_estimated_wait_error_seconds", error.sum_absolute_s / error.count, "mean_absolute")
        into.put("relay_estimated_wait_error_seconds", (error.sum_squared_s2 / error.count) ** 0.5, "root_mean_square")


def gather_seats(into: Snapshot, ledger: Ledger, house: House, now_ms: int) -> None:
    """Who is there to serve, and how they spend their time."""
    times = ledger.report.seats
    times.settle(now_ms)
    into.put_all("relay_seats", house.seats_by_state())
    staffed = [seat for seat in times.seats.values() if seat.staffed]
    into.put("relay_seat_capacity_slots", sum(seat.capacity for seat in staffed))
    into.put("relay_seat_capacity_used_slots", sum(len(seat.calls) + len(seat.wrap_ups) for seat in staffed))
    into.put("relay_occupancy_ratio", times.occupancy)
    into.put_all("relay_seat_state_seconds_total", {phase: ms / 1000 for phase, ms in times.state_ms.items()})
    into.put_all("relay_leases_expired_total", _NO_SILENCE | ledger.report.leases_expired)


def gather_scheduler(into: Snapshot, scheduler: SchedulerService, wall_s: float, now_s: float) -> None:
    """The machine that decides."""
    health = scheduler.health()
    counters = health.counters
    into.put("relay_scheduler_decisions_total", health.seq)
    into.put("relay_scheduler_rounds_total", counters.rounds)
    into.put_all("relay_scheduler_refusals_total", counters.refusals)
    into.put("relay_fence_rejections_total", counters.refusals[OfferExpired.problem])
    into.put("relay_scheduler_commit_failures_total", counters.commit_failures)
    into.put("relay_scheduler_rebuilds_total", counters.rebuilds)
    into.put("relay_scheduler_faults_total", counters.faults)
    into.put("relay_scheduler_effects_given_up_total", health.effects_given_up_total)
    into.put("relay_scheduler_commands_waiting", health.commands_waiting)
    into.put("relay_scheduler_effects_waiting", health.undelivered)
    into.put("relay_dispatch_last_run_timestamp_seconds", wall_s - (now_s - counters.last_run_s))
    into.put("relay_leader", 1.0)
    into.put("relay_match_duration_seconds", scheduler.round_seconds)
    into.put("relay_commit_duration_seconds", scheduler.commit_seconds)


def gather_outlets(into: Snapshot, outlets: Outlets, last: int) -> None:
    """Files and webhooks that get every decision; `last` is the newest."""
    into.put_all("relay_outlet_decisions_total", outlets.delivered)
    into.put_all("relay_outlet_retries_total", outlets.retries())
    into.put_all("relay_outlet_dropped_decisions_total", outlets.dropped)
    into.put_all("relay_outlet_lag_decisions", {name: last - seq for name, seq in outlets.positions().items()})
    into.put("relay_outlet_failures_total", outlets.failures_total)


def gather_media(into: Snapshot, stats: SfuStats, observations: Observations, quality: QualityBook) -> None:
    """The media plane, and how it is at the participants'."""
    into.put("relay_sfu_peers", stats.peers)
    into.put("relay_sfu_sources", stats.sources)
    into.put("relay_sfu_slots", stats.slots)
    for name, count in stats.counters.items():
        if name in _TRAFFIC:
            metric, direction = _TRAFFIC[name]
            into.put(metric, count, direction)
        elif name.startswith(_DROP):
            into.put("relay_sfu_dropped_packets_total", count, name.removeprefix(_DROP))
        elif name.startswith(_DATA_DROP):
            into.put("relay_data_dropped_total", count, name.removeprefix(_DATA_DROP))
        else:
            into.put("relay_sfu_operations_total", count, name)
    into.put_all("relay_sfu_refused_datagrams_total", stats.control_drops)
    into.put_all("relay_sfu_closed_peers_total", stats.closed)
    into.put_all("relay_sfu_refused_peers_total", stats.refused_peers)
    into.put("relay_sfu_tcp_connections", stats.tcp_connections)
    into.put_all("relay_sfu_refused_connections_total", stats.refused_connections)
    into.put("relay_sfu_residence_seconds", residence(stats))
    into.put("relay_sfu_path_changes_total", observations.path_changes)
    into.put("relay_peer_setup_seconds", observations.peer_setup)
    into.put_all("relay_pickup_to_first_packet_seconds", observations.slot_started)
    into.put_all("relay_pickup_to_first_frame_seconds", observations.first_frame)
    into.put_all("relay_jitter_seconds", quality.jitter)
    into.put_all("relay_loss_ratio", quality.loss)
    into.put_all("relay_rtt_seconds", quality.rtt)


def gather_workers(into: Snapshot, stats: SfuStats) -> None:
    """The media worker processes, if there are any."""
    for row in stats.workers:
        worker = str(row.index)
        into.put("relay_sfu_worker_state", 1.0, worker, row.state)
        into.put("relay_sfu_worker_cpu_ratio", row.cpu_ratio, worker)
        into.put("relay_sfu_worker_peers", row.peers, worker)
        into.put("relay_sfu_worker_piped_streams", row.piped_streams, worker)
        into.put("relay_sfu_worker_packets_total", row.packets_in, worker, "in")
        into.put("relay_sfu_worker_packets_total", row.packets_out, worker, "out")
        into.put("relay_sfu_worker_lost_total", row.lost, worker)
        if row.residence_counts:
            times = _times(stats.residence_bounds_s, row.residence_counts)
            into.put("relay_sfu_worker_residence_seconds", times, worker)


def gather_latency(into: Snapshot, latency: LatencyWatch) -> None:
    """From mouth to ear."""
    into.put_all("relay_latency_seconds", latency.seconds)
    into.put_all("relay_latency_over_budget_total", latency.exceeded)
    into.put("relay_latency_calls_over_budget", latency.calls_over)
    for hop, budget_ms in latency.budgets_ms.items():
        into.put("relay_latency_budget_seconds", budget_ms / 1000, hop)


def residence(stats: SfuStats) -> Histogram:
    """The residence times of all workers together."""
    return _times(stats.residence_bounds_s, stats.residence_counts)


def _times(bounds_s: tuple[float, ...], counts: tuple[int, ...]) -> Histogram:
    """Residence times, none before the first report; their sum, which workers do not keep, is estimated from the buckets."""
    counts = counts or (0,) * (len(bounds_s) + 1)
    middles = zip((0.0, *bounds_s), (*bounds_s, 0.0), strict=True)
    total_s = sum(max(low, (low + high) / 2) * n for (low, high), n in zip(middles, counts, strict=True))
    return Histogram(bounds_s, counts, total_s)


def gather_recordings(into: Snapshot, observations: Observations) -> None:
    """What is kept of calls."""
    counts = observations.recordings
    into.put("relay_recordings", counts.running)
    into.put_all("relay_recordings_ended_total", counts.ended)
    into.put("relay_recorders_replaced_total", counts.replaced)
    into.put("relay_recording_packets_total", counts.packets)
    into.put("relay_recording_lost_packets_total", counts.lost_packets)
    into.put("relay_recording_written_bytes_total", counts.written_bytes)


def gather_whip(into: Snapshot, observations: Observations) -> None:
    """Media that comes and goes over HTTP."""
    into.put_all("relay_whip_sessions", observations.whip_sessions())
    for labels, count in observations.whip_ended.items():
        into.put("relay_whip_sessions_ended_total", count, *labels)
    for request, count in observations.whip_requests.items():
        into.put("relay_whip_requests_total", count, *request)


def gather_signalling(into: Snapshot, observations: Observations, participants: Participants) -> None:
    """Who is logged in, and what went wrong at the door."""
    for desk in Desk:
        into.put("relay_participants", participants.count(desk), desk)
    into.put_all("relay_signalling_connections_total", observations.connections)
    into.put("relay_signalling_bad_messages_total", observations.bad_messages)
    into.put("relay_duplicate_requests_total", observations.duplicate_requests)
    into.put_all("relay_service_failed_outputs_total", observations.failed_outputs)
    into.put("relay_build_info", 1.0, _VERSION)
