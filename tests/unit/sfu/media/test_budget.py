from itertools import pairwise

from relay.sfu.media.budget import Budget, Demand, Priority

AUDIO, DOCUMENT, CAMERA = 1, 2, 3
VOICE = Demand(AUDIO, Priority.AUDIO, (40_000,))
PAPER = Demand(DOCUMENT, Priority.SHARED, (300_000, 1_000_000, 3_000_000))
FACE = Demand(CAMERA, Priority.CAMERA, (150_000, 500_000, 1_500_000))
ALL = (FACE, PAPER, VOICE)


def first(available_bps: float) -> list[int | None]:
    """The choices of audio, document and camera of a fresh budget."""
    choices = Budget().allocate(ALL, available_bps, now=0.0)
    return [choices[slot] for slot in (AUDIO, DOCUMENT, CAMERA)]


def test_what_is_served_first() -> None:
    rows = [
        (0, [0, None, None]),  # audio is never paused
        (210_000, [0, None, 0]),  # the document does not fit, a face does
        (400_000, [0, 0, None]),
        (560_000, [0, 0, 0]),
        (1_400_000, [0, 1, 0]),  # the document is raised before the camera
        (1_800_000, [0, 1, 1]),
        (3_550_000, [0, 2, 0]),
        (5_200_000, [0, 2, 2]),
    ]
    assert [(bps, first(bps)) for bps, _ in rows] == rows


def test_slots_of_one_priority_take_turns() -> None:
    faces = [FACE._replace(slot=slot) for slot in (10, 11, 12)]
    assert list(Budget().allocate(faces, 1_700_000, 0.0).values()) == [1, 1, 1]


def test_a_fall_is_immediate_and_a_rise_waits() -> None:
    budget = Budget()
    assert budget.allocate(ALL, 6e6, 0.0)[CAMERA] == 2
    assert budget.allocate(ALL, 4e6, 20.0)[CAMERA] == 1
    assert budget.allocate(ALL, 6e6, 21.0)[CAMERA] == 1
    assert budget.allocate(ALL, 6e6, 22.1)[CAMERA] == 2


def test_a_choice_is_kept_at_its_bare_rate_but_taken_only_with_headroom() -> None:
    bare = 40_000 + 3_000_000 + 1_500_000
    budget = Budget()
    assert budget.allocate(ALL, bare, 0.0)[CAMERA] == 1
    assert budget.allocate(ALL, bare * 1.2, 1.0)[CAMERA] == 2
    assert budget.allocate(ALL, bare, 2.0)[CAMERA] == 2


def test_a_rise_that_was_a_mistake_makes_the_next_one_wait_longer() -> None:
    """The estimate jumps up whenever it may and falls again at once: changes become ever rarer."""
    budget = Budget()
    changes, before = [], None
    for tick in range(1200):
        now = tick / 10
        high = before != 2
        choice = budget.allocate(ALL, 6e6 if high else 4e6, now)[CAMERA]
        if choice != before:
            changes.append(now)
        before = choice
    rises = changes[::2]
    gaps = [later - earlier for earlier, later in pairwise(rises)]
    assert gaps == sorted(gaps)
    assert 4 <= len(rises) <= 8


def test_a_link_that_is_back_is_used_however_often_it_was_gone() -> None:
    budget = Budget()
    for now in (0.0, 40.0, 80.0, 120.0):
        budget.allocate([FACE], 600_000, now)
        budget.allocate([FACE], 100_000, now + 1.0)
    assert budget.allocate([FACE], 170_000, 124.0)[CAMERA] is None
    assert budget.allocate([FACE], 5e6, 122.5)[CAMERA] is None
    assert budget.allocate([FACE], 5e6, 124.0)[CAMERA] == 2


def test_a_slot_that_is_gone_is_forgotten() -> None:
    budget = Budget()
    budget.allocate(ALL, 6e6, 0.0)
    assert set(budget.allocate((VOICE,), 6e6, 1.0)) == {AUDIO}
    assert budget.allocate(ALL, 6e6, 2.0)[CAMERA] == 2


def test_a_slot_that_nothing_feeds_gets_nothing() -> None:
    silent = Demand(9, Priority.CAMERA, ())
    assert Budget().allocate((VOICE, silent), 6e6, 0.0) == {AUDIO: 0, 9: None}


def test_a_face_does_not_take_what_a_document_waits_for() -> None:
    budget = Budget()
    budget.allocate(ALL, 6e6, 0.0)
    assert budget.allocate(ALL, 40_000, 5.0) == {AUDIO: 0, DOCUMENT: None, CAMERA: None}
    waiting = [budget.allocate(ALL, 480_000, 5.0 + 0.25 * step) for step in range(60)]
    shown = [(choices[DOCUMENT], choices[CAMERA]) for choices in waiting]
    assert shown[0] == (None, None)
    assert shown[-1] == (0, None)
    assert all(face is None for _, face in shown)
