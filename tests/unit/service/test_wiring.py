from relay.ids import PeerId
from relay.scheduler.model import Role
from relay.service.wiring import Member, Route, changes, wanted_routes
from relay.sfu.session.events import SlotRef, SourceRef

ALL = frozenset({"microphone", "camera", "document", "screen"})
SECOND = frozenset(f"{slot}-2" for slot in ALL)


def member(peer: str, role: Role, *, slots: frozenset[str] = ALL, held: bool = False) -> Member:
    return Member(PeerId(peer), role, slots, held)


def heard_by(listener: str, members: list[Member]) -> dict[str, str]:
    """Slot to `peer.source`, of one listener."""
    routes = wanted_routes(next(each for each in members if each.peer == listener), members)
    assert all(slot.peer == listener for slot in routes)
    return {slot.slot: f"{source.peer}.{source.source}" for slot, source in routes.items()}


def test_a_call_joins_each_source_to_the_slot_of_its_name_both_ways():
    call = [member("kiosk", Role.CITIZEN), member("seat", Role.AGENT)]
    assert heard_by("seat", call) == {name: f"kiosk.{name}" for name in ALL}
    assert heard_by("kiosk", call) == {name: f"seat.{name}" for name in ALL}


def test_only_negotiated_slots_are_fed():
    call = [member("kiosk", Role.CITIZEN, slots=frozenset({"microphone"})), member("seat", Role.AGENT)]
    assert heard_by("kiosk", call) == {"microphone": "seat.microphone"}


def test_data_channels_are_heard_as_voices_are():
    voice = frozenset({"microphone", "microphone-2", "data"})
    members = [
        member("kiosk", Role.CITIZEN, slots=voice),
        member("seat", Role.AGENT, slots=voice),
        member("coach", Role.WHISPER, slots=voice),
        member("watcher", Role.MONITOR, slots=voice),
    ]
    data = {
        listener: {slot: of for slot, of in heard_by(listener, members).items() if slot.startswith("data")}
        for listener in ("kiosk", "seat", "coach", "watcher")
    }
    assert data == {
        "kiosk": {"data": "seat.data"},
        "seat": {"data": "kiosk.data", "data-2": "coach.data"},
        "coach": {"data": "kiosk.data", "data-2": "seat.data"},
        "watcher": {"data": "kiosk.data", "data-2": "seat.data"},
    }


def test_a_held_citizen_neither_hears_nor_is_heard():
    call = [member("kiosk", Role.CITIZEN, held=True), member("seat", Role.AGENT)]
    assert heard_by("kiosk", call) == heard_by("seat", call) == {}


def test_the_second_party_fills_the_second_slots():
    members = [
        member("kiosk", Role.CITIZEN, slots=ALL | SECOND),
        member("second", Role.MEMBER),
        member("first", Role.AGENT),
    ]
    heard = heard_by("kiosk", members)
    assert heard["camera"] == "first.camera"
    assert heard["camera-2"] == "second.camera"


def test_roles_decide_who_hears_whom():
    everybody = [member(role.value, role, slots=ALL | SECOND | {"microphone-3", "microphone-4"}) for role in Role]

    def speakers(listener: Role) -> set[str]:
        return {each.partition(".")[0] for each in heard_by(listener.value, everybody).values()}

    assert speakers(Role.CITIZEN) == {"agent", "member", "barge"}
    assert speakers(Role.AGENT) == {"citizen", "member", "consultant", "whisper"}, "four places; barge is the fifth"
    assert speakers(Role.MONITOR) == {"citizen", "agent", "member", "barge"}
    assert speakers(Role.CONSULTANT) == {"citizen", "agent", "member", "barge"}
    nobody_hears = set().union(*(speakers(role) for role in Role))
    assert "monitor" not in nobody_hears


def test_changes_turn_what_is_made_into_what_is_wanted():
    slot, other = SlotRef(PeerId("a"), "camera"), SlotRef(PeerId("a"), "screen")
    kiosk, seat = SourceRef(PeerId("k"), "camera"), SourceRef(PeerId("s"), "camera")
    assert changes({}, {slot: kiosk}) == [Route(slot, kiosk)]
    assert changes({slot: kiosk}, {slot: kiosk}) == []
    assert changes({slot: kiosk, other: kiosk}, {slot: seat}) == [Route(other, None), Route(slot, seat)]
