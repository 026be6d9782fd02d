"""The load test's bots with small clips: what is sent does not matter, and encoding a city's cameras takes time."""

from collections.abc import Callable

import pytest

from loadtest.bots.shell import library
from relay.client.clip import Clip
from tests.support.clips import sound, video


def use_small_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, until the test ends."""

    def clip(name: str, _make: Callable[[], Clip]) -> Clip:
        return sound() if name == "microphone" else video("H264" if "H264" in name else "VP8", 640)

    library.media_of.cache_clear()
    monkeypatch.setattr(library, "_kept", clip)
