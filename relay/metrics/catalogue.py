"""Every metric once: name, kind, labels, meaning. Exposition, documentation and dashboards are made from this table.

Names follow the Prometheus practices: unit in the name, `_total` for counters, ratios from 0 to 1. Labels are bounded by
construction: departments and provinces of the catalogue, states and reasons of the code, never a call, seat or citizen.
"""

from dataclasses import dataclass
from enum import StrEnum


class MetricKind(StrEnum):
    """How a metric behaves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table."""

    name: str
    kind: MetricKind
    labels: tuple[str, ...]
    meaning: str


_GROUP = ("queue", "region", "call_type", "priority_class")
"""Department, province or city, kind of call, priority class."""


def _counter(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, MetricKind.COUNTER, labels, meaning)


def _gauge(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, MetricKind.GAUGE, labels, meaning)


def _histogram(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, MetricKind.HISTOGRAM, labels, meaning)


CALLS = (
    _counter("relay_calls_offered_total", "Calls that asked for a seat, served or not.", *_GROUP),
    _counter("relay_calls_answered_total", "Calls that a seat accepted (the first time).", *_GROUP),
    _counter(
        "relay_calls_within_sla_total",
        "Answered calls that waited no longer than the target (15 s, GB/T 33358).",
        *_GROUP,
    ),
    _counter(
        "relay_calls_abandoned_total",
        "Calls given up by the citizen, in the queue or while a seat rang.",
        *_GROUP,
        "phase",
    ),
    _counter(
        "relay_calls_short_abandoned_total", "Calls given up within 5 s, before anybody could have answered.", *_GROUP
    ),
    _counter(
        "relay_calls_deflected_total", "Calls the engine gave up: closing time, longest wait, retired item.", "reason"
    ),
    _counter(
        "relay_calls_overflowed_total", "Searches that widened to the next ring of seats.", "from_ring", "to_ring"
    ),
    _counter("relay_calls_requeued_total", "Conversations that were lost and returned to the queue.", "reason"),
    _counter("relay_calls_resumed_total", "Calls that took up the place of a lost one."),
    _counter("relay_offers_total", "Offers to seats by how they ended.", "outcome"),
    _counter("relay_transfers_total", "Transfers, cold and warm.", "kind"),
    _counter("relay_invitations_total", "Consults and conferences asked for.", "purpose"),
    _counter("relay_appointments_total", "Appointments by what became of them.", "outcome"),
    _counter("relay_overtakes_total", "Offers made although a call of the same pool with a lower key waited."),
    _counter("relay_duplicate_requests_total", "Requests that repeated an idempotency key."),
    _counter("relay_fence_rejections_total", "Answers to offers that were over."),
    _gauge("relay_calls_waiting", "Calls in the queue, ringing ones included.", "queue"),
    _gauge("relay_calls_in_progress", "Calls in conversation.", "queue"),
    _gauge("relay_oldest_wait_seconds", "Wait of the call that waits longest.", "queue"),
    _gauge("relay_estimated_wait_seconds", "Forecast for a call that came now.", "queue"),
    _gauge("relay_estimated_wait_error_seconds", "Forecast minus truth, over served calls.", "statistic"),
    _gauge("relay_service_level_ratio", "Share of calls answered in time, by each common definition.", "definition"),
    _gauge("relay_offered_load_erlangs", "Arrival rate times handling time, since the start."),
    _histogram("relay_wait_duration_seconds", "Wait in the queue.", "queue", "outcome"),
    _histogram("relay_offer_response_seconds", "From ringing to the answer, whatever it was.", "queue"),
    _histogram("relay_talk_duration_seconds", "Conversation.", "queue"),
    _histogram("relay_wrapup_duration_seconds", "After-call work.", "queue"),
    _histogram("relay_handle_duration_seconds", "Conversation and after-call work.", "queue"),
)

SEATS = (
    _gauge("relay_seats", "Seats online, by state.", "state"),
    _gauge("relay_seat_capacity_slots", "Calls that ready or busy seats could hold at once."),
    _gauge("relay_seat_capacity_used_slots", "Of them, in conversation or wrap-up."),
    _gauge("relay_occupancy_ratio", "Share of staffed time in conversation or wrap-up, since the start."),
    _counter("relay_seat_state_seconds_total", "Time of all seats by state.", "state"),
    _counter("relay_leases_expired_total", "Silent seats and kiosks given up.", "kind"),
)

SCHEDULER = (
    _counter("relay_scheduler_decisions_total", "Durable decisions since the journal began."),
    _counter("relay_scheduler_rounds_total", "Rounds of deciding and committing."),
    _counter("relay_scheduler_refusals_total", "Commands refused, by problem.", "problem"),
    _counter("relay_scheduler_commit_failures_total", "Rounds that could not be made durable."),
    _counter("relay_scheduler_rebuilds_total", "Times the engine was rebuilt from its journal."),
    _counter("relay_scheduler_faults_total", "Bugs met while deciding; each refused one command."),
    _counter("relay_scheduler_effects_given_up_total", "Effects that could not be carried out."),
    _gauge("relay_scheduler_commands_waiting", "Commands in the mailbox."),
    _gauge("relay_scheduler_effects_waiting", "Decisions whose effects are still to be carried out."),
    _gauge("relay_dispatch_last_run_timestamp_seconds", "When the scheduler's loop last turned; seconds old at most."),
    _gauge("relay_leader", "Whether this process decides (1)."),
    _histogram("relay_match_duration_seconds", "One round of deciding."),
    _histogram("relay_commit_duration_seconds", "One commit of the journal."),
)

OUTLETS = (
    _counter("relay_outlet_decisions_total", "Decisions that an audit file or webhook has taken.", "outlet"),
    _counter("relay_outlet_retries_total", "Deliveries that were refused or lost, and are made again.", "outlet"),
    _counter(
        "relay_outlet_dropped_decisions_total",
        "Decisions the journal no longer kept when their turn came: the receiver was away for too long.",
        "outlet",
    ),
    _gauge("relay_outlet_lag_decisions", "Decisions that were made and not taken yet.", "outlet"),
    _counter("relay_outlet_failures_total", "Times an outlet failed altogether (a full disk) and began again."),
)

MEDIA = (
    _gauge("relay_sfu_peers", "Connected WebRTC peers."),
    _gauge("relay_sfu_sources", "Sources negotiated."),
    _gauge("relay_sfu_slots", "Slots negotiated."),
    _counter("relay_sfu_packets_total", "Datagrams.", "direction"),
    _counter("relay_sfu_bytes_total", "Their bytes.", "direction"),
    _counter("relay_sfu_dropped_packets_total", "Packets that were not forwarded.", "reason"),
    _counter("relay_sfu_refused_datagrams_total", "STUN, DTLS and RTCP that the control side refused.", "reason"),
    _counter(
        "relay_sfu_operations_total", "Other totals of the packet path: NACK, PLI, RTX, system calls.", "operation"
    ),
    _counter("relay_data_messages_total", "Messages in data channels.", "direction"),
    _counter("relay_data_bytes_total", "Their bytes.", "direction"),
    _counter(
        "relay_data_dropped_total",
        "Messages (`rate`, `not_agreed`: packets) of data channels that were not passed on.",
        "reason",
    ),
    _counter("relay_sfu_closed_peers_total", "Peers closed.", "reason"),
    _counter("relay_sfu_refused_peers_total", "New participants refused: no media worker had room.", "reason"),
    _gauge("relay_sfu_tcp_connections", "Media connections over TCP that are open."),
    _counter(
        "relay_sfu_refused_connections_total",
        "Media connections over TCP that were not taken, or closed because nothing authenticated came.",
        "reason",
    ),
    _gauge("relay_sfu_worker_state", "1 for the state that a media worker is in.", "worker", "state"),
    _gauge("relay_sfu_worker_cpu_ratio", "Share of one core that a media worker uses.", "worker"),
    _gauge("relay_sfu_worker_peers", "Peers placed at a media worker.", "worker"),
    _gauge("relay_sfu_worker_piped_streams", "Sources that come from or go to other media workers.", "worker"),
    _counter("relay_sfu_worker_packets_total", "Datagrams of a media worker.", "worker", "direction"),
    _counter("relay_sfu_worker_lost_total", "Media workers that died or hung, and were replaced.", "worker"),
    _histogram("relay_sfu_worker_residence_seconds", "As relay_sfu_residence_seconds, by media worker.", "worker"),
    _counter("relay_sfu_path_changes_total", "Peers that moved to another address and kept their call."),
    _histogram("relay_sfu_residence_seconds", "From a datagram's arrival at the kernel to its departure."),
    _histogram("relay_peer_setup_seconds", "From SDP offer to connected media."),
    _histogram(
        "relay_pickup_to_first_packet_seconds", "From pick-up to the first packet (video: keyframe) sent.", "source"
    ),
    _histogram(
        "relay_pickup_to_first_frame_seconds", "From pick-up to the first decoded frame, as clients saw it.", "source"
    ),
    _histogram("relay_jitter_seconds", "Interarrival jitter (RFC 3550), sampled by leg.", "leg"),
    _histogram("relay_loss_ratio", "Share of packets lost, sampled by leg.", "leg"),
    _histogram("relay_latency_seconds", "From mouth to ear, by hop and in total, sampled per pair of parties.", "hop"),
    _gauge("relay_latency_budget_seconds", "What the settings allow each hop.", "hop"),
    _counter("relay_latency_over_budget_total", "Calls that went over the latency budget, by the hop to blame.", "hop"),
    _gauge("relay_latency_calls_over_budget", "Calls that are over it now."),
    _histogram("relay_rtt_seconds", "Round trip between relay and participant, sampled.", "desk"),
)

RECORDINGS = (
    _gauge("relay_recordings", "Calls that are being recorded."),
    _counter("relay_recordings_ended_total", "Recordings that ended, by why.", "reason"),
    _counter(
        "relay_recorders_replaced_total", "Recorders whose process died, or whose media worker did, within a recording."
    ),
    _counter("relay_recording_packets_total", "RTP packets that recorders received."),
    _counter("relay_recording_lost_packets_total", "RTP packets that recorders missed."),
    _counter("relay_recording_written_bytes_total", "Bytes that recorders wrote."),
)

WHIP = (
    _gauge("relay_whip_sessions", "Sessions of WHIP (publishing) and WHEP (watching).", "protocol"),
    _counter("relay_whip_sessions_ended_total", "Sessions that ended, by why.", "protocol", "reason"),
    _counter("relay_whip_requests_total", "HTTP requests answered.", "protocol", "method", "status"),
)

SIGNALLING = (
    _gauge("relay_participants", "Identities logged in.", "desk"),
    _counter("relay_signalling_connections_total", "Connections that ended, by how.", "how"),
    _counter("relay_signalling_bad_messages_total", "Messages of the wrong shape."),
    _counter("relay_service_failed_outputs_total", "What was to be done for a participant and could not be.", "output"),
    _gauge("relay_build_info", "1, with the version as label.", "version"),
)

SECTIONS = {
    "Calls": CALLS,
    "Seats": SEATS,
    "Scheduler": SCHEDULER,
    "Outlets": OUTLETS,
    "Media": MEDIA,
    "Recordings": RECORDINGS,
    "WHIP and WHEP": WHIP,
    "Signalling and build": SIGNALLING,
}
CATALOGUE: dict[str, Metric] = {metric.name: metric for section in SECTIONS.values() for metric in section}


def as_markdown(origin: str) -> str:
    """The table as a page of the documentation; `origin` says how it came to be."""
    lines = ["# Metrics", "", origin, ""]
    for title, metrics in SECTIONS.items():
        lines += [f"## {title}", "", "| metric | kind | labels | meaning |", "| --- | --- | --- | --- |"]
        for metric in metrics:
            labels = ", ".join(f"`{label}`" for label in metric.labels)
            lines.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.meaning} |")
        lines.append("")
    return "\n".join(lines)
