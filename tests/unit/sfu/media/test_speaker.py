"""Who has the word: speech takes it, a cough and a murmur do not, and silence leaves it."""

from relay.sfu.media.speaker import DominantSpeaker

SPEECH, MURMUR, ROOM = 127 - 25.0, 127 - 40.0, 127 - 65.0


def after(*looks: dict[str, float]) -> tuple[str | None, int]:
    """The speaker in the end, and how often it changed."""
    dominant: DominantSpeaker[str] = DominantSpeaker()
    turns = sum(dominant.look(look) for look in looks)
    return dominant.speaker, turns


def both(first: float, second: float, looks: int = 1) -> list[dict[str, float]]:
    return [{"first": first, "second": second}] * looks


def test_nobody_has_the_word_before_somebody_speaks() -> None:
    assert after(*both(ROOM, ROOM, 50)) == (None, 0)


def test_the_first_to_speak_has_it_at_once() -> None:
    assert after(*both(SPEECH, ROOM)) == ("first", 1)


def test_it_is_kept_in_silence() -> None:
    assert after(*both(SPEECH, ROOM, 5), *both(ROOM, ROOM, 50)) == ("first", 1)


def test_it_turns_within_a_second_of_looks() -> None:
    assert after(*both(SPEECH, ROOM, 10), *both(ROOM, SPEECH, 5)) == ("second", 2)


def test_a_murmur_and_a_cough_do_not_take_it() -> None:
    assert after(*both(SPEECH, ROOM, 10), *both(SPEECH, MURMUR, 10)) == ("first", 1)
    assert after(*both(SPEECH, ROOM, 10), *both(SPEECH, 127.0), *both(SPEECH, ROOM, 10)) == ("first", 1)


def test_two_who_speak_at_once_do_not_make_it_flap() -> None:
    looks = [{"first": SPEECH + shift, "second": SPEECH - shift} for shift in (3.0, -3.0) * 50]
    assert after(*looks) == ("first", 1)


def test_who_leaves_gives_it_up() -> None:
    assert after(*both(SPEECH, ROOM, 5), {"second": ROOM}) == (None, 2)
    assert after(*both(SPEECH, ROOM, 5), {"second": SPEECH}) == ("second", 2)
