"""Where WHIP and WHEP go, by what was typed."""

import pytest

from loadtest.peers.start import PeerChoice
from loadtest.peers.whip import endpoints_of
from relay.errors import Misuse


def test_two_urls_are_taken_as_they_are() -> None:
    assert endpoints_of("https://a.example/{name}/whip,https://b.example/{name}/whep") == (
        "https://a.example/{name}/whip",
        "https://b.example/{name}/whep",
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"])
def test_a_relay_is_named_by_its_url(url: str) -> None:
    assert endpoints_of(url) == (
        "http://127.0.0.1:8080/whip/{name}",
        "http://127.0.0.1:8080/whep/streams/{name}",
    )


@pytest.mark.parametrize("text", ["", "ftp://x/", "http://a.example/whip", "http://a/,", "http:///x,http://b/"])
def test_what_is_no_pair_of_urls_is_refused(text: str) -> None:
    with pytest.raises(Misuse, match="whip:PUBLISH_URL"):
        PeerChoice(f"whip:{text}")


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(PeerChoice("whip:http://127.0.0.1:1", "secret"))
