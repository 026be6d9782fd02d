"""What the two synthetic participants send; encoding it takes a few seconds of one core."""

from relay.client.clip import Clip
from relay.client.webrtc import VideoCodec
from relay.demo import pictures
from relay.demo.encoding import drawn_pictures, encode_sound, encode_video, film_pictures
from relay.server.messages import Source

KIOSK_SLOTS: tuple[Source, ...] = ("microphone", "camera", "screen")
SEAT_SLOTS: tuple[Source, ...] = ("microphone", "camera", "document", "screen")
_DRAWN_FRAMES_PER_S = 8


def kiosk_material(codec: VideoCodec) -> dict[Source, Clip]:
    """A citizen who talks, a form under the document camera, and the form on the screen."""
    return {
        "microphone": encode_sound("bigbuckbunny.mp4"),
        "camera": encode_video(film_pictures("carphone_pristine.mp4", (640, 480)), codec, 30, 600_000),
        "document": encode_video(
            drawn_pictures(pictures.document, pictures.FRAMES), codec, _DRAWN_FRAMES_PER_S, 300_000
        ),
        "screen": _screen(codec),
    }


def seat_material(codec: VideoCodec) -> dict[Source, Clip]:
    """The other side: sound, a film in the place of a caseworker, and the screen shared back."""
    return {
        "microphone": encode_sound("bigbuckbunny.mp4"),
        "camera": encode_video(film_pictures("bigbuckbunny.mp4", (640, 360)), codec, 25, 500_000),
        "screen": _screen(codec),
    }


def _screen(codec: VideoCodec) -> Clip:
    return encode_video(drawn_pictures(pictures.screen, pictures.FRAMES), codec, _DRAWN_FRAMES_PER_S, 300_000)
