import pytest

from relay.sfu.negotiation.codecs import CODECS, identify
from relay.sfu.ports import CodecFamily


def test_every_codec_has_its_own_number() -> None:
    assert [codec.id for codec in CODECS] == list(range(1, len(CODECS) + 1))


@pytest.mark.parametrize(
    ("name", "parameters", "family"),
    [
        ("opus", {"minptime": "10", "useinbandfec": "1"}, CodecFamily.OPUS),
        ("OPUS", {}, CodecFamily.OPUS),
        ("VP8", {}, CodecFamily.VP8),
        ("VP9", {"profile-id": "2"}, CodecFamily.VP9),
        ("H264", {"packetization-mode": "1", "profile-level-id": "42e01f"}, CodecFamily.H264),
        ("AV1", {"profile": "0"}, CodecFamily.AV1),
        ("H265", {"level-id": "93"}, CodecFamily.H265),
        ("PCMU", {}, CodecFamily.OPAQUE),
        ("red", {"111/111": ""}, CodecFamily.RED),
    ],
)
def test_known_formats(name: str, parameters: dict[str, str], family: CodecFamily) -> None:
    codec = identify(name, parameters)
    assert codec is not None
    assert codec.family is family
    assert codec.name.lower() == name.lower()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("rtx", {"apt": "96"}),
        ("telephone-event", {}),
        ("VP9", {"profile-id": "4"}),
        ("VP9", {"profile-id": "-1"}),
        ("VP9", {"profile-id": "٣"}),
        ("H264", {"profile-level-id": "f4001f"}),
        ("H264", {"packetization-mode": "2"}),
    ],
)
def test_what_is_not_forwarded(name: str, parameters: dict[str, str]) -> None:
    assert identify(name, parameters) is None


def test_which_formats_are_interchangeable() -> None:
    def number(level: str, mode: str = "1") -> int:
        codec = identify("H264", {"profile-level-id": level, "packetization-mode": mode})
        assert codec is not None
        return codec.id

    assert number("42e01f") == number("42001f") == number("42E034")
    assert number("42e01f") != number("42e01f", mode="0")
    assert number("42e01f") != number("64001f")
    assert identify("VP9", {}) == identify("VP9", {"profile-id": "0"})
    assert identify("VP9", {}) != identify("VP9", {"profile-id": "2"})
