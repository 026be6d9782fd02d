"""Which codecs the relay forwards, and when two negotiated formats are the same codec.

The relay never transcodes: a packet can go from a source to a slot only if both sides negotiated *the same* codec, with
parameters that a decoder of one accepts from an encoder of the other. `identify` maps a format of an SDP to one number
for each such class. Sources: RFC 7587 (Opus), RFC 2198 (redundant audio, of Opus), RFC 7741 (VP8), RFC 9628 (VP9), RFC 6184 (H.264), RFC 7798 (H.265),
the AV1 RTP payload specification.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from relay.sfu.ports import CodecFamily, Kind


@dataclass(frozen=True, slots=True)
class Codec:
    """One class of interchangeable formats."""

    id: int
    name: str
    """The encoding name of its rtpmap, as the settings spell it."""
    kind: Kind
    family: CodecFamily


_H264_PROFILES = {"42": 0, "4d": 1, "58": 2, "64": 3}
_DEFAULT_H264_PROFILE = "42000a"
_VP9_PROFILES = 4
_AV1_PROFILES = 3


def _catalogue() -> tuple[Codec, ...]:
    audio = [
        ("opus", CodecFamily.OPUS),
        ("PCMU", CodecFamily.OPAQUE),
        ("PCMA", CodecFamily.OPAQUE),
        ("G722", CodecFamily.OPAQUE),
        ("red", CodecFamily.RED),
    ]
    video = [
        ("VP8", CodecFamily.VP8),
        *[("VP9", CodecFamily.VP9)] * _VP9_PROFILES,
        *[("H264", CodecFamily.H264)] * (2 * len(_H264_PROFILES)),
        *[("AV1", CodecFamily.AV1)] * _AV1_PROFILES,
        ("H265", CodecFamily.H265),
    ]
    rows = [(name, Kind.AUDIO, family) for name, family in audio]
    rows += [(name, Kind.VIDEO, family) for name, family in video]
    return tuple(Codec(number, *row) for number, row in enumerate(rows, start=1))


CODECS = _catalogue()
_FIRST_ID = {codec.name.lower(): codec.id for codec in reversed(CODECS)}


def identify(encoding_name: str, parameters: Mapping[str, str]) -> Codec | None:
    """The codec of a format, or None if the relay does not forward it.

    `parameters` are those of its fmtp line, keys in lower case.
    """
    name = encoding_name.lower()
    first = _FIRST_ID.get(name)
    if first is None:
        return None
    variant = _VARIANTS.get(name, _only)(parameters)
    return None if variant is None else CODECS[first + variant - 1]


def _only(_parameters: Mapping[str, str]) -> int | None:
    return 0


def _small_number(text: str, limit: int) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and int(text) < limit else None


def _vp9(parameters: Mapping[str, str]) -> int | None:
    return _small_number(parameters.get("profile-id", "0"), _VP9_PROFILES)


def _av1(parameters: Mapping[str, str]) -> int | None:
    return _small_number(parameters.get("profile", "0"), _AV1_PROFILES)


def _h264(parameters: Mapping[str, str]) -> int | None:
    # Constrained baseline (42e0) and baseline (4200) count as one: no WebRTC encoder uses what baseline adds to it.
    profile = _H264_PROFILES.get(parameters.get("profile-level-id", _DEFAULT_H264_PROFILE)[:2].lower())
    mode = _small_number(parameters.get("packetization-mode", "0"), 2)
    return None if profile is None or mode is None else 2 * profile + mode


_VARIANTS = {"vp9": _vp9, "av1": _av1, "h264": _h264}
