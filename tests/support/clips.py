"""Small encoded clips, made once a session: a moving square and a tone, cheap to send and to decode."""

from functools import cache

import numpy as np
from av.video.frame import VideoFrame

from relay.client.clip import Clip
from relay.client.webrtc import VideoCodec
from relay.demo.encoding import encode_sound, encode_video

FRAMES_PER_S = 15


def square_pictures(frames: int = 30, size: tuple[int, int] = (160, 120)) -> list[VideoFrame]:
    """A white square that crosses a grey picture."""
    pictures = []
    for number in range(frames):
        picture = np.full((size[1], size[0], 3), 90, np.uint8)
        left = number * (size[0] - 32) // frames
        picture[40:72, left : left + 32] = 255
        pictures.append(VideoFrame.from_ndarray(picture).reformat(format="yuv420p"))
    return pictures


@cache
def square_clip(codec: VideoCodec = "VP8") -> Clip:
    return encode_video(square_pictures(), codec, FRAMES_PER_S, 100_000)


@cache
def sound_clip() -> Clip:
    return encode_sound("bigbuckbunny.mp4")
