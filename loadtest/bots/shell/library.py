"""What bots send: real clips, encoded once and kept in the user's cache."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from loadtest.bots.media import packetise
from loadtest.bots.sdp import VideoCodec
from loadtest.engine import Media
from relay.client.clip import Clip
from relay.demo import pictures
from relay.demo.encoding import drawn_pictures, encode_sound, encode_video, film_pictures
from relay.server.messages import Source


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a video source is made."""

    width: int
    height: int
    frames_per_s: int
    bitrate_bps: int
    codec: VideoCodec = "VP8"


RECIPES: Final[Mapping[Source, Recipe]] = {
    "camera": Recipe(1280, 720, 25, 1_500_000),
    "document": Recipe(*pictures.DOCUMENT_SIZE, 10, 600_000),
    "screen": Recipe(*pictures.SCREEN_SIZE, 10, 600_000),
}
LAYERS: Final[Mapping[str, Recipe]] = {
    "q": Recipe(320, 180, 25, 150_000),
    "h": Recipe(640, 360, 25, 500_000),
    "f": RECIPES["camera"],
}
"""Of a camera that sends simulcast, as browsers divide it."""
_CAMERA_FRAMES: Final = 100


def _camera(recipe: Recipe) -> Clip:
    frames = islice(film_pictures("carphone_pristine.mp4", (recipe.width, recipe.height)), _CAMERA_FRAMES)
    return encode_video(frames, recipe.codec, recipe.frames_per_s, recipe.bitrate_bps)


def _document(recipe: Recipe) -> Clip:
    frames = drawn_pictures(pictures.document, pictures.FRAMES)
    return encode_video(frames, recipe.codec, recipe.frames_per_s, recipe.bitrate_bps)


def _screen(recipe: Recipe) -> Clip:
    frames = drawn_pictures(pictures.screen, pictures.FRAMES)
    return encode_video(frames, recipe.codec, recipe.frames_per_s, recipe.bitrate_bps)


_MAKERS: Final[Mapping[Source, Callable[[Recipe], Clip]]] = {
    "camera": _camera,
    "document": _document,
    "screen": _screen,
}


@cache
def media_of(source: Source, codec: VideoCodec = "VP8", bitrate_bps: int = 0, layer: str = "") -> Media:
    """The packets of a source, or of one of its layers; `bitrate_bps` 0: that of its recipe. Encodes what is not in the cache."""
    if source == "microphone":
        return packetise(_kept("microphone", lambda: encode_sound("bigbuckbunny.mp4")))
    recipe = replace(LAYERS[layer] if layer else RECIPES[source], codec=codec)
    if bitrate_bps:
        recipe = replace(recipe, bitrate_bps=bitrate_bps)
    return packetise(_kept(f"{source} {recipe}", lambda: _MAKERS[source](recipe)))


def _kept(name: str, make: Callable[[], Clip]) -> Clip:
    path = _cache_dir() / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.msgpack"
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Clip)
    except (OSError, msgspec.MsgspecError):
        clip = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(msgspec.msgpack.encode(clip))
    draft.replace(path)
    return clip


def _cache_dir() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "relay-loadtest", "clips-1")
