"""If-Match against the entity tag of an ICE session."""

import pytest

from relay.errors import Malformed
from relay.server.whip.preconditions import PreconditionFailed, PreconditionRequired, check, etag_of

TAG = etag_of("abcd")


@pytest.mark.parametrize(
    ("if_match", "any_session"), [("*", True), (" * ", True), ('"abcd"', False), ('"x", "abcd"', False)]
)
def test_the_present_session_is_meant(if_match: str, any_session: bool) -> None:
    assert check(if_match, TAG) is any_session


@pytest.mark.parametrize("if_match", ['"other"', 'W/"abcd"', '""', '"ABCD"', '"x", W/"abcd"', ""])
def test_another_session_is_meant(if_match: str) -> None:
    with pytest.raises(PreconditionFailed):
        check(if_match, TAG)


@pytest.mark.parametrize("if_match", ["abcd", '"abcd', '"abcd" "x"', '"a\x00b"'])
def test_what_is_no_entity_tag_is_malformed(if_match: str) -> None:
    with pytest.raises(Malformed):
        check(if_match, TAG)


def test_without_the_header_nothing_is_changed() -> None:
    with pytest.raises(PreconditionRequired):
        check(None, TAG)
