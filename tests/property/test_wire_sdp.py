from hypothesis import given

from relay.sfu.wire import sdp
from tests.support.wire_values import session_descriptions


@given(session_descriptions)
def test_what_is_written_is_read_back(description: sdp.SessionDescription) -> None:
    assert sdp.parse(description.serialise()) == description
