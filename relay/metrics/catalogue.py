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
    return Metric(f"relay_{name}_total", MetricKind.COUNTER, labels, meaning)


def _gauge(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(f"relay_{name}", MetricKind.GAUGE, labels, meaning)


def _histogram(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(f"relay_{name}", MetricKind.HISTOGRAM, labels, meaning)


CALLS = (
    _counter("calls_offered", "Calls that asked for a seat, served or not.", *_GROUP),
    _counter("calls_answered", "Calls that a seat accepted (the first time).", *_GROUP),
    _counter("calls_within_sla", "Answered calls that waited no longer than the target (15 s, GB/T 33358).", *_GROUP),
    _counter("calls_abandoned", "Calls given up by the citizen, in the queue or while a seat rang.", *_GROUP, "phase"),
    _counter("calls_short_abandoned", "Calls given up within 5 s, before anybody could have answered.", *_GROUP),
    _counter("calls_deflected", "Calls the engine gave up: closing time, longest wait, retired item.", "reason"),
    _counter("calls_overflowed", "Searches that widened to the next ring of seats.", "from_ring", "to_ring"),
    _counter("calls_requeued", "Conversations that were lost and returned to the queue.", "reason"),
    _counter("calls_resumed", "Calls that took up the place of a lost one."),
    _counter("offers", "Offers to seats by how they ended.", "outcome"),
    _counter("transfers", "Transfers, cold and warm.", "kind"),
    _counter("invitations", "Consults and conferences asked for.", "purpose"),
    _counter("appointments", "Appointments by what became of them.", "outcome"),
    _counter("overtakes", "Offers made although a call of the same pool with a lower key waited."),
    _counter("duplicate_requests", "Requests that repeated an idempotency key."),
    _counter("fence_rejections", "Answers to offers that were over."),
    _gauge("calls_waiting", "Calls in the queue, ringing ones included.", "queue"),
    _gauge("calls_in_progress", "Calls in conversation.", "queue"),
    _gauge("oldest_wait_seconds", "Wait of the call that waits longest.", "queue"),
    _gauge("estimated_wait_seconds", "Forecast for a call that came now.", "queue"),
    _gauge("estimated_wait_error_seconds", "Forecast minus truth, over served calls.", "statistic"),
    _gauge("service_level_ratio", "Share of calls answered in time, by each common definition.", "definition"),
    _gauge("offered_load_erlangs", "Arrival rate times handling time, since the start."),
    _histogram("wait_duration_seconds", "Wait in the queue.", "queue", "outcome"),
    _histogram("offer_response_seconds", "From ringing to the answer, whatever it was.", "queue"),
    _histogram("talk_duration_seconds", "Conversation.", "queue"),
    _histogram("wrapup_duration_seconds", "After-call work.", "queue"),
    _histogram("handle_duration_seconds", "Conversation and after-call work.", "queue"),
)

SEATS = (
    _gauge("seats", "Seats online, by state.", "state"),
    _gauge("seat_capacity_slots", "Calls that ready or busy seats could hold at once."),
    _gauge("seat_capacity_used_slots", "Of them, in conversation or wrap-up."),
    _gauge("occupancy_ratio", "Share of staffed time in conversation or wrap-up, since the start."),
    _counter("seat_state_seconds", "Time of all seats by state.", "state"),
    _counter("leases_expired", "Silent seats and kiosks given up.", "kind"),
)

SCHEDULER = (
    _counter("scheduler_decisions", "Durable decisions since the journal began."),
    _counter("scheduler_rounds", "Rounds of deciding and committing."),
    _counter("scheduler_refusals", "Commands refused, by problem.", "problem"),
    _counter("scheduler_commit_failures", "Rounds that could not be made durable."),
    _counter("scheduler_rebuilds", "Times the engine was rebuilt from its journal."),
    _counter("scheduler_faults", "Bugs met while deciding; each refused one command."),
    _counter("scheduler_effects_given_up", "Effects that could not be carried out."),
    _gauge("scheduler_commands_waiting", "Commands in the mailbox."),
    _gauge("scheduler_effects_waiting", "Decisions whose effects are still to be carried out."),
    _gauge("dispatch_last_run_timestamp_seconds", "When the scheduler's loop last turned; seconds old at most."),
    _gauge("leader", "Whether this process decides (1)."),
    _histogram("match_duration_seconds", "One round of deciding."),
    _histogram("commit_duration_seconds", "One commit of the journal."),
)

MEDIA = (
    _gauge("sfu_peers", "Connected WebRTC peers."),
    _gauge("sfu_sources", "Sources negotiated."),
    _gauge("sfu_slots", "Slots negotiated."),
    _counter("sfu_packets", "Datagrams.", "direction"),
    _counter("sfu_bytes", "Their bytes.", "direction"),
    _counter("sfu_dropped_packets", "Packets that were not forwarded.", "reason"),
    _counter("sfu_refused_datagrams", "STUN, DTLS and RTCP that the control side refused.", "reason"),
    _counter("sfu_operations", "Other totals of the packet path: NACK, PLI, RTX, system calls.", "operation"),
    _counter("sfu_closed_peers", "Peers closed.", "reason"),
    _counter("sfu_path_changes", "Peers that moved to another address and kept their call."),
    _histogram("sfu_residence_seconds", "From a datagram's arrival at the kernel to its departure."),
    _histogram("peer_setup_seconds", "From SDP offer to connected media."),
    _histogram("pickup_to_first_packet_seconds", "From pick-up to the first packet (video: keyframe) sent.", "source"),
    _histogram(
        "pickup_to_first_frame_seconds", "From pick-up to the first decoded frame, as clients saw it.", "source"
    ),
    _histogram("jitter_seconds", "Interarrival jitter (RFC 3550), sampled by leg.", "leg"),
    _histogram("loss_ratio", "Share of packets lost, sampled by leg.", "leg"),
    _histogram("rtt_seconds", "Round trip between relay and participant, sampled.", "desk"),
)

SIGNALLING = (
    _gauge("participants", "Identities logged in.", "desk"),
    _counter("signalling_connections", "Connections that ended, by how.", "how"),
    _counter("signalling_bad_messages", "Messages of the wrong shape."),
    _counter("service_failed_outputs", "What was to be done for a participant and could not be.", "output"),
    _gauge("build_info", "1, with the version as label.", "version"),
)

SECTIONS = {
    "Calls": CALLS,
    "Seats": SEATS,
    "Scheduler": SCHEDULER,
    "Media": MEDIA,
    "Signalling and build": SIGNALLING,
}
CATALOGUE: dict[str, Metric] = {metric.name: metric for section in SECTIONS.values() for metric in section}


def as_markdown() -> str:
    """The table as a page of the documentation."""
    lines = ["# Metrics", "", "Generated from `relay/metrics/catalogue.py` by `make docs`; do not edit.", ""]
    for title, metrics in SECTIONS.items():
        lines += [f"## {title}", "", "| metric | kind | labels | meaning |", "| --- | --- | --- | --- |"]
        for metric in metrics:
            labels = ", ".join(f"`{label}`" for label in metric.labels)
            lines.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.meaning} |")
        lines.append("")
    return "\n".join(lines)
