"""The signed token of a booking."""

import pytest

from relay.errors import Misuse
from relay.scheduler.checkin import sign, verify
from relay.scheduler.errors import BadToken

SECRET = b"s" * 32


def test_what_is_signed_is_verified() -> None:
    assert verify(SECRET, sign(SECRET, "a17", 1_790_000_000_000)) == "a17"


@pytest.mark.parametrize(
    "broken", ["", "v1.a17.1.", "v1.a18.1790000000000.x", "...", "v1.a17.1790000000000.é", "x" * 300]
)
def test_what_is_not_genuine_is_refused(broken: str) -> None:
    with pytest.raises(BadToken):
        verify(SECRET, broken)


def test_every_character_counts() -> None:
    token = sign(SECRET, "a17", 1)
    for place in range(len(token)):
        other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(BadToken):
            verify(SECRET, other)


def test_another_secret_and_a_short_one() -> None:
    with pytest.raises(BadToken):
        verify(b"t" * 32, sign(SECRET, "a17", 1))
    with pytest.raises(Misuse):
        sign(b"short", "a17", 1)
