"""What is remembered for a while."""

from relay.scheduler.recent import Recent


def test_values_last_until_their_time() -> None:
    recent: Recent[str] = Recent()
    recent.put("a", "1", 10)
    assert recent.get("a", 9) == "1"
    assert recent.get("a", 10) is None
    recent.hold("b", "2")
    assert recent.get("b", 10**15) == "2"


def test_what_is_over_or_too_much_goes_oldest_first() -> None:
    recent: Recent[int] = Recent()
    for number in range(10):
        recent.put(f"k{number}", number, 100 + number)
    recent.forget(103, limit=100)
    assert len(recent) == 6
    recent.forget(0, limit=2)
    assert [key for _, key, _ in recent.kept()] == ["k8", "k9"]


def test_a_value_that_was_put_again_outlives_its_first_time() -> None:
    recent: Recent[int] = Recent()
    recent.put("k", 1, 10)
    recent.put("k", 2, 20)
    recent.forget(15, limit=10)
    assert recent.get("k", 15) == 2


def test_what_is_kept_comes_back() -> None:
    recent: Recent[int] = Recent()
    recent.put("a", 1, 10)
    recent.hold("b", 2)
    again: Recent[int] = Recent(recent.kept())
    assert again.kept() == recent.kept()
    again.drop("b")
    assert again.get("b", 0) is None
