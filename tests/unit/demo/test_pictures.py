"""The drawn pictures move, repeat, and say the same with or without a Chinese font."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from relay.demo import pictures

PICTURES = [(pictures.document, pictures.DOCUMENT_SIZE), (pictures.screen, pictures.SCREEN_SIZE)]


@pytest.mark.parametrize(("draw", "size"), PICTURES)
def test_every_frame_has_its_size_and_differs_from_the_one_before(
    draw: Callable[[int], Image.Image], size: tuple[int, int]
) -> None:
    frames = [np.asarray(draw(number)) for number in range(0, pictures.FRAMES, 7)]
    assert {frame.shape for frame in frames} == {(size[1], size[0], 3)}
    assert all((before != after).any() for before, after in itertools.pairwise(frames))


@pytest.mark.parametrize(("draw", "size"), PICTURES)
def test_the_same_number_draws_the_same(draw: Callable[[int], Image.Image], size: tuple[int, int]) -> None:
    assert draw(3).tobytes() == draw(3).tobytes()


def test_without_a_chinese_font_the_text_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    cached = (pictures._chinese_font, pictures._font, pictures._page)
    monkeypatch.setattr(pictures, "_CHINESE_FONTS", ("/nowhere.ttc",))
    try:
        for each in cached:
            each.cache_clear()
        assert pictures._label("姓名", "Name") == "Name"
        assert pictures.document(0).size == pictures.DOCUMENT_SIZE
    finally:
        for each in cached:
            each.cache_clear()
