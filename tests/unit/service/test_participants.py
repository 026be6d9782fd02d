import pytest

from relay.errors import LimitReached
from relay.service.participants import Desk, Participant, Participants, Who

KIOSK = Who(Desk.KIOSK, "k1")


class Line:
    """A connection; only its identity counts."""


def newcomer(line: Line, *, session: str = "s1", who: Who = KIOSK) -> Participant:
    return Participant(who, label="booth", region="330203", session=session, line=line)


@pytest.fixture
def register() -> Participants:
    return Participants(limit=2, grace_s=5.0)


def test_a_first_login_is_found_by_identity_and_line(register):
    line = Line()
    joined = register.join(newcomer(line), session="")
    assert (joined.resumed, joined.replaced, joined.abandoned) == (False, None, None)
    assert register.find(KIOSK) is register.on_line(line) is joined.participant


def test_a_returning_client_keeps_session_and_peer(register):
    first, second = Line(), Line()
    participant = register.join(newcomer(first), session="").participant
    peer = register.negotiate(participant, frozenset({"camera"}))
    register.lose_line(first, now_s=10.0)
    joined = register.join(newcomer(second, session="s2"), session="s1")
    assert joined.resumed
    assert joined.participant.session == "s1"
    assert joined.participant.peer == peer
    assert register.deadline() is None


def test_a_reloaded_page_gets_a_new_session_and_leaves_its_peer(register):
    participant = register.join(newcomer(Line()), session="").participant
    peer = register.negotiate(participant, frozenset())
    joined = register.join(newcomer(Line(), session="s2"), session="")
    assert joined.abandoned == peer
    assert joined.participant.session == "s2"
    assert register.of_peer(peer) is None
    assert register.negotiate(participant, frozenset()) != peer


def test_the_second_login_replaces_the_first(register):
    first, second = Line(), Line()
    register.join(newcomer(first), session="")
    assert register.join(newcomer(second, session="s2"), session="").replaced is first
    assert register.on_line(first) is None
    assert register.lose_line(first, now_s=1.0) is None, "the old line's end says nothing about the new login"
    assert register.overdue(now_s=1e9) == []


def test_grace_runs_out_in_the_order_lines_were_lost(register):
    lines = [Line(), Line()]
    names = [Who(Desk.SEAT, "a"), Who(Desk.SEAT, "b")]
    for line, who in zip(lines, names, strict=True):
        register.join(newcomer(line, who=who), session="")
    register.lose_line(lines[1], now_s=1.0)
    register.lose_line(lines[0], now_s=2.0)
    assert register.deadline() == 6.0
    assert [each.who for each in register.overdue(now_s=6.0)] == [names[1]]
    assert [each.who for each in register.overdue(now_s=7.0)] == [names[1], names[0]]
    register.remove(register.overdue(now_s=6.0)[0])
    assert register.deadline() == 7.0


def test_the_register_is_bounded(register):
    for name in ("a", "b"):
        register.join(newcomer(Line(), who=Who(Desk.SEAT, name)), session="")
    with pytest.raises(LimitReached):
        register.join(newcomer(Line(), who=Who(Desk.SEAT, "c")), session="")
    register.join(newcomer(Line(), who=Who(Desk.SEAT, "a"), session="s2"), session="")
