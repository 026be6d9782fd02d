"""Drawn pictures that move: a form under the document camera, and a screen on which it is filled in.

Pure: the same frame number gives the same picture, and the last frame of a round leads back to the first.
"""

import math
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

DOCUMENT_SIZE = (640, 480)
SCREEN_SIZE = (960, 540)
FRAMES = 60
"""One round."""

_CHINESE_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
)
_INK, _PALE, _BLUE, _PAPER = (40, 44, 52), (150, 156, 166), (24, 92, 170), (250, 249, 244)
_FORM = (
    ("高龄津贴申请表", "Old-age allowance"),
    ("姓名  王秀兰", "Name  Wang Xiulan"),
    ("出生日期  1942-03-08", "Born  1942-03-08"),
    ("户籍地  海曙区", "Residence  Haishu"),
    ("开户银行  宁波银行", "Bank  Bank of Ningbo"),
    ("申请日期  2025-06-18", "Date  2025-06-18"),
)


def document(frame: int) -> Image.Image:
    """A paper form on a desk, turned a little by a hand, with a pen that follows the lines."""
    phase = 2 * math.pi * frame / FRAMES
    desk = Image.new("RGB", DOCUMENT_SIZE, (92, 74, 58))
    page = _page().rotate(
        2.5 * math.sin(phase), resample=Image.Resampling.BILINEAR, expand=True, fillcolor=(92, 74, 58)
    )
    desk.paste(page, ((DOCUMENT_SIZE[0] - page.width) // 2, (DOCUMENT_SIZE[1] - page.height) // 2))
    x, y = 320 + 130 * math.sin(phase), 230 + 120 * math.sin(2 * phase)
    pen = ImageDraw.Draw(desk)
    pen.line((x, y, x + 110, y + 150), fill=(20, 40, 120), width=14)
    pen.polygon([(x, y), (x + 6, y + 22), (x + 20, y + 14)], fill=(230, 210, 170))
    return desk


def screen(frame: int) -> Image.Image:
    """The same form as a page of the caseworker's system: a line more is filled in every few frames."""
    picture = Image.new("RGB", SCREEN_SIZE, (240, 243, 247))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, SCREEN_SIZE[0], 56), fill=_BLUE)
    draw.text((28, 12), _label("政务晓屋 · 在线办理", "Government services online"), fill="white", font=_font(26))
    filled = frame * (len(_FORM) + 1) // FRAMES
    for row, (chinese, english) in enumerate(_FORM):
        top = 84 + row * 62
        draw.rounded_rectangle((60, top, 900, top + 46), radius=6, fill="white", outline=_PALE)
        if row < filled:
            draw.text((76, top + 7), _label(chinese, english), fill=_INK, font=_font(24))
    done = (frame + 1) / FRAMES
    draw.rounded_rectangle((60, 474, 900, 494), radius=10, fill=(214, 220, 228))
    draw.rounded_rectangle((60, 474, 80 + 820 * done, 494), radius=10, fill=_BLUE)
    cursor = (120 + 700 * done, 110 + 330 * (0.5 - 0.5 * math.cos(2 * math.pi * done)))
    draw.polygon([cursor, (cursor[0], cursor[1] + 24), (cursor[0] + 16, cursor[1] + 17)], fill="black", outline="white")
    return picture


@cache
def _page() -> Image.Image:
    page = Image.new("RGB", (420, 400), _PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((210, 40), _label(*_FORM[0]), fill=_INK, font=_font(28), anchor="mm")
    for row, line in enumerate(_FORM[1:]):
        bottom = 124 + row * 56
        draw.text((40, bottom - 34), _label(*line), fill=_INK, font=_font(20))
        draw.line((36, bottom, 384, bottom), fill=_PALE, width=2)
    draw.ellipse((290, 300, 380, 390), outline=(190, 30, 40), width=5)
    return page


def _label(chinese: str, english: str) -> str:
    return chinese if _chinese_font() else english


@cache
def _chinese_font() -> str | None:
    return next((path for path in _CHINESE_FONTS if Path(path).exists()), None)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    path = _chinese_font()
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
