"""Real clips in the form that Chromium's fake camera takes."""

from itertools import islice
from pathlib import Path

from relay.demo.encoding import Film, film_pictures

WIDTH, HEIGHT = 640, 480


def film_y4m(film: Film, path: Path, frames: int = 50) -> Path:
    """Write the film's first frames to `path` as uncompressed YUV4MPEG2, 25 a second; the path."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F25:1 Ip A1:1 C420jpeg\n".encode())
        for picture in islice(film_pictures(film, (WIDTH, HEIGHT)), frames):
            file.write(b"FRAME\n" + picture.to_ndarray().tobytes())
    return path
