"""Reports from hand-written histories: every number is checked by counting on one's fingers."""

import pytest

from relay.scheduler import events as ev
from relay.scheduler.model import Kind, Media, Participant, Party, Punctuality, Purpose, Role, SeatProfile, Skill
from relay.scheduler.reports import Grouping, Outcome, Report, ReportSettings

PROFILE = SeatProfile(skills=(Skill("hrss"),), regions=("330000",))


def requested(call: str, at_ms: int, **other: object) -> ev.CallRequested:
    values: dict[str, object] = {
        "key": call,
        "kiosk": f"k-{call}",
        "item": "hrss.pension",
        "region": "330106",
        "kind": Kind.CONSULT,
        "language": "zh",
        "media": (Media.AUDIO,),
        "priority": "normal",
        "citizen": "",
        "case": "",
        "enqueued_ms": at_ms,
        "virtual_ms": at_ms,
        "min_level": 1,
        "ring": 0,
        "scope": "330106",
        "level": 1,
        "widen_ms": ev.NEVER_MS,
        "direct": False,
    }
    return ev.CallRequested(at_ms, call=call, **(values | other))


def offered(call: str, seat: str, at_ms: int, offer: str = "") -> ev.CallOffered:
    return ev.CallOffered(at_ms, call, seat, offer or f"o-{call}", at_ms + 20_000, 1, 0, 0, "longest_idle")


def accepted(call: str, seat: str, at_ms: int, waited_ms: int, offer: str = "") -> ev.CallAccepted:
    return ev.CallAccepted(at_ms, call, seat, offer or f"o-{call}", f"k-{call}", waited_ms, 1)


def abandoned(call: str, at_ms: int, waited_ms: int, *, ringing: bool = False, reason: str = "") -> ev.CallAbandoned:
    return ev.CallAbandoned(at_ms, call, f"k-{call}", Party.KIOSK, reason, waited_ms, ringing)


def ended(call: str, seat: str, at_ms: int, wrap_until_ms: int = ev.NEVER_MS) -> ev.CallEnded:
    return ev.CallEnded(at_ms, call, f"k-{call}", seat, Party.SEAT, "done", 0, wrap_until_ms)


def wrapped(call: str, seat: str, at_ms: int, wrap_up_ms: int, code: str = "") -> ev.WrapUpFinished:
    return ev.WrapUpFinished(at_ms, call, seat, code, Party.SEAT, wrap_up_ms)


def logged_in(seat: str, at_ms: int, capacity: int = 1) -> ev.SeatLoggedIn:
    profile = SeatProfile(skills=PROFILE.skills, regions=PROFILE.regions, capacity=capacity)
    return ev.SeatLoggedIn(at_ms, seat, profile, None, ev.NEVER_MS)


def told(*history: ev.Event, settings: ReportSettings | None = None) -> tuple[Report, list]:
    report = Report(settings or ReportSettings())
    return report, [record for event in history if (record := report.observe(event)) is not None]


def test_one_plain_call_from_request_to_notes():
    report, records = told(
        requested("c1", 1_000),
        offered("c1", "s1", 6_000),
        accepted("c1", "s1", 9_000, waited_ms=8_000),
        ev.CallConnected(9_400, "c1", 400),
        ev.CallHeld(20_000, "c1", "s1", (), 2),
        ev.CallResumed(25_000, "c1", "s1", (), 3),
        ended("c1", "s1", 69_000, wrap_until_ms=129_000),
        wrapped("c1", "s1", 80_000, 11_000, "solved"),
    )
    (record,) = records
    assert record.outcome is Outcome.ANSWERED
    assert (record.enqueued_ms, record.answered_ms, record.closed_ms) == (1_000, 9_000, 80_000)
    assert (record.waited_ms, record.setup_ms, record.talk_ms, record.hold_ms, record.wrap_up_ms) == (
        8_000,
        400,
        60_000,
        5_000,
        11_000,
    )
    assert (record.seats, record.offers, record.disposition) == (("s1",), 1, "solved")
    tally = report.tallies.total()
    assert (tally.offered, tally.answered, tally.answered_within) == (1, 1, 1)
    assert tally.wait_answered.within(10) == 1
    assert (tally.talk.sum, tally.hold.sum, tally.wrap_up.sum, tally.handle.sum) == (60, 5, 11, 71)
    assert (tally.offers, tally.offer_response.sum) == ({"accepted": 1}, 3.0)
    assert report.open_calls == 0


def test_the_four_service_levels_differ():
    """10 offered: 5 answered in time, 2 late, 2 hang up in time (one of them at once), 1 late."""
    history: list[ev.Event] = []
    for n, waited in enumerate([0, 1_000, 5_000, 14_999, 15_000, 15_001, 40_000]):
        history += [requested(f"a{n}", 0), accepted(f"a{n}", "s", waited, waited)]
    for n, waited in enumerate([2_000, 12_000, 90_000]):
        history += [requested(f"b{n}", 0), abandoned(f"b{n}", waited, waited, ringing=n == 2)]
    report, _ = told(*history)
    tally = report.tallies.total()
    level = tally.service_level()
    assert level.of_offered == pytest.approx(5 / 10)
    assert level.of_answered == pytest.approx(5 / 7)
    assert level.of_handled == pytest.approx(7 / 10)
    assert level.excluding_short == pytest.approx(5 / 8)
    assert tally.abandonment() == pytest.approx(3 / 10)
    assert tally.abandoned == {"queue": 2, "offer": 1}
    assert tally.short_abandoned == 1
    assert (tally.wait_answered.within(15), tally.wait_abandoned.within(15)) == (5, 2)


def test_offers_by_outcome_and_their_response_times():
    report, records = told(
        requested("c1", 0),
        offered("c1", "s1", 0, "o1"),
        ev.OfferDeclined(2_000, "c1", "s1", "o1", "busy", 0),
        offered("c1", "s2", 2_000, "o2"),
        ev.OfferTimedOut(22_000, "c1", "s2", "o2", 0, 1),
        offered("c1", "s3", 22_000, "o3"),
        ev.OfferWithdrawn(23_000, "c1", "s3", "o3", "break"),
        ev.SearchWidened(25_000, "c1", 1, "330100", 1, ev.NEVER_MS),
        ev.SearchWidened(25_000, "c1", 1, "330100", 1, ev.NEVER_MS),
        offered("c1", "s4", 26_000, "o4"),
        accepted("c1", "s4", 27_000, 27_000, "o4"),
        ended("c1", "s4", 30_000),
    )
    tally = report.tallies.total()
    assert tally.offers == {"rejected": 1, "timeout": 1, "cancelled": 1, "accepted": 1}
    assert tally.offer_response.sum == 2 + 20 + 1 + 1
    assert tally.widened == {(0, 1): 1}
    record = records[0]
    assert (record.offers, record.declined, record.timed_out, record.withdrawn, record.ring) == (4, 1, 1, 1, 1)


def test_a_transfer_counts_one_answer_and_waits_for_both_notes():
    report, records = told(
        requested("c1", 0),
        accepted("c1", "s1", 1_000, 1_000),
        ev.CallTransferred(
            11_000, "c1", "k-c1", "s1", "tax", "330106", 1, 0, "330106", 1, ev.NEVER_MS, "", "", 71_000, 2
        ),
        accepted("c1", "s2", 61_000, 61_000),
        ended("c1", "s2", 66_000, wrap_until_ms=0),
        wrapped("c1", "s2", 70_000, 4_000),
        wrapped("c1", "s1", 71_000, 60_000),
    )
    (record,) = records
    assert (record.closed_ms, record.waited_ms, record.talk_ms, record.wrap_up_ms) == (71_000, 1_000, 15_000, 64_000)
    assert (record.seats, record.transfers) == (("s1", "s2"), 1)
    tally = report.tallies.total()
    assert (tally.answered, tally.transfers) == (1, {"cold": 1})


def test_who_gives_up_after_a_transfer_was_still_answered():
    report, records = told(
        requested("c1", 0),
        accepted("c1", "s1", 1_000, 1_000),
        ev.CallTransferred(2_000, "c1", "k-c1", "s1", "tax", "330106", 1, 0, "", 1, ev.NEVER_MS, "", "", 62_000, 2),
        abandoned("c1", 30_000, 30_000),
        wrapped("c1", "s1", 31_000, 29_000),
    )
    assert [record.outcome for record in records] == [Outcome.ANSWERED]
    assert report.tallies.total().abandoned == {}


def test_warm_transfer_and_consult():
    agent, colleague = Participant("s1", Role.AGENT), Participant("s2", Role.CONSULTANT)
    report, records = told(
        logged_in("s1", 0),
        logged_in("s2", 0),
        requested("c1", 0),
        accepted("c1", "s1", 0, 0),
        ev.SeatInvited(5_000, "c1", "s1", "c2", Purpose.CONSULT),
        requested("c2", 5_000, purpose=Purpose.CONSULT, parent="c1"),
        offered("c2", "s2", 5_000, "o2"),
        ev.SeatJoined(6_000, "c1", "s2", "o2", "c2", Role.CONSULTANT, 1_000, (agent, colleague), 2),
        ev.CallHandedOver(8_000, "c1", "s1", "s2", ev.NEVER_MS, (colleague,), 3),
        ended("c1", "s2", 10_000),
    )
    consult, call = records
    assert (consult.purpose, consult.outcome, consult.seats) == (Purpose.CONSULT, Outcome.ANSWERED, ("s2",))
    assert (call.seats, call.transfers, call.talk_ms) == (("s1", "s2"), 1, 10_000)
    tally = report.tallies.total()
    assert (tally.offered, tally.transfers) == (1, {"warm": 1})
    assert report.invitations == {"consult": 1}
    assert report.seats.busy_slot_ms == 8_000 + 4_000


def test_a_lost_conversation_is_requeued_not_answered_twice():
    report, records = told(
        requested("c1", 0),
        accepted("c1", "s1", 3_000, 3_000),
        ev.CallRequeued(10_000, "c1", "k-c1", "s1", "seat_lost", 2),
        accepted("c1", "s2", 12_000, 12_000),
        ended("c1", "s2", 20_000),
    )
    tally = report.tallies.total()
    assert (tally.answered, tally.requeued) == (1, {"seat_lost": 1})
    assert (records[0].requeued, records[0].talk_ms) == (1, 15_000)


def test_callbacks_count_when_the_citizen_answers():
    report, records = told(
        requested("c1", 0),
        ev.CallbackRequested(5_000, "c1", "138"),
        ev.CallbackStarted(20_000, "c1", "s1", "o1", "138", 20_000, 1, 50_000),
        ev.CallbackFailed(50_000, "c1", "s1", "no_answer", 1, 110_000),
        ev.CallbackRetried(110_000, "c1"),
        ev.CallbackStarted(111_000, "c1", "s1", "o2", "138", 111_000, 2, 141_000),
        ev.CallbackAnswered(115_000, "c1", "s1", "138", 1),
        ended("c1", "s1", 120_000),
    )
    tally = report.tallies.total()
    assert (tally.answered, tally.answered_within, tally.wait_answered.sum) == (1, 0, 111.0)
    assert (records[0].answered_ms, records[0].talk_ms) == (115_000, 5_000)


def test_seat_time_by_state_and_occupancy():
    report, _ = told(
        logged_in("s1", 0),
        ev.SeatReady(10_000, "s1"),
        requested("c1", 20_000, direct=True),
        offered("c1", "s1", 20_000),
        accepted("c1", "s1", 25_000, 5_000),
        ended("c1", "s1", 85_000, wrap_until_ms=145_000),
        wrapped("c1", "s1", 105_000, 20_000),
        ev.SeatOnBreak(110_000, "s1", "lunch"),
        ev.SeatLoggedOut(140_000, "s1", "logout"),
    )
    assert report.seats.state_ms == {
        "break": 10_000 + 30_000,
        "ready": 10_000 + 5_000,
        "offered": 5_000,
        "in_call": 60_000,
        "wrap_up": 20_000,
    }
    assert report.seats.occupancy == pytest.approx(80 / 100)
    assert report.seats.seats == {}


def test_occupancy_counts_the_places_of_a_seat():
    report, _ = told(
        logged_in("s1", 0, capacity=2),
        ev.SeatReady(0, "s1"),
        requested("c1", 0),
        accepted("c1", "s1", 0, 0),
    )
    report.seats.settle(10_000)
    report.seats.settle(10_000)
    assert report.seats.occupancy == pytest.approx(0.5)
    assert report.seats.by_phase() == {"in_call": 1}


def test_appointments_leases_and_resumption():
    report, _ = told(
        ev.AppointmentCheckedIn(0, "a1", "c1", "k1", Punctuality.EARLY),
        ev.AppointmentCheckedIn(0, "a2", "c2", "k2", Punctuality.LATE),
        ev.AppointmentMissed(0, "a3", "p"),
        ev.AppointmentCancelled(0, "a4", "ill"),
        logged_in("s1", 0),
        ev.SeatLoggedOut(15_000, "s1", "lease_expired"),
        requested("c3", 0, resumed="c0"),
        abandoned("c3", 45_000, 45_000, reason="kiosk_lost"),
        ev.KioskSilent(45_000, "k-c3"),
        requested("c4", 0),
        ev.CallDeflected(9, "c4", "k-c4", "closed", 9),
    )
    assert report.appointments == {"kept": 1, "late": 1, "no_show": 1, "cancelled": 1}
    assert report.leases_expired == {"seat": 1, "kiosk": 1}
    assert report.resumed == 1
    assert report.tallies.total().deflected == {"closed": 1}


def test_groups_are_coarse_and_bounded():
    settings = ReportSettings(grouping=Grouping(item_depth=2, region_digits=4, max_groups=2))
    report, _ = told(
        requested("c1", 0, item="hrss.pension.transfer", region="330106"),
        requested("c2", 0, item="hrss.pension.query", region="330199"),
        requested("c3", 0, item="hrss", region="330106"),
        requested("c4", 0, item="tax", region="110000"),
        requested("c5", 0, item="tax", region="120000"),
        settings=settings,
    )
    assert {group.queue: tally.offered for group, tally in report.tallies.by_group.items()} == {
        "hrss.pension": 2,
        "hrss": 1,
        "other": 2,
    }
    assert {name: tally.offered for name, tally in report.tallies.along("region").items()} == {"330100": 3, "other": 2}


def test_a_call_counts_where_it_began_whatever_becomes_of_its_priority():
    report, _ = told(
        requested("c1", 0), ev.CallReprioritised(5, "c1", "urgent", -600_000), accepted("c1", "s1", 10, 10)
    )
    assert list(report.tallies.along("priority")) == ["normal"]


def test_events_of_calls_from_before_the_report_do_no_harm():
    report, records = told(
        ended("c9", "s9", 5), wrapped("c9", "s9", 6, 1), abandoned("c8", 7, 7), offered("c7", "s9", 8)
    )
    assert records == []
    assert report.tallies.by_group == {}
