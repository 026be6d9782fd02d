"""`make demo`: it shows a call, judges it, and ends by itself; nothing of it stays behind."""

import io

import pytest
from rich.console import Console

from relay import ServerSettings, Settings, SfuSettings
from relay.demo.show import Plan, demonstrate

pytestmark = pytest.mark.calls


async def shown(settings: Settings, plan: Plan) -> tuple[bool, str]:
    console = Console(file=io.StringIO(), width=100, record=True)
    success = await demonstrate(settings, plan, console)
    return success, console.export_text()


async def test_a_judged_call_shows_every_slot_and_succeeds() -> None:
    success, text = await shown(Settings(server=ServerSettings(port=0)), Plan(seconds=4.0))
    assert success, text
    assert "✓ media flowed both ways in every slot" in text
    for row in ("kiosk ▲ document", "kiosk ▼ camera", "seat ▲ screen", "seat ▼ microphone"):
        assert row in text
    assert "1 in call" in text


async def test_a_call_without_a_common_codec_is_no_success_and_says_why() -> None:
    settings = Settings(server=ServerSettings(port=0), sfu=SfuSettings(video_codecs=("H264",)))
    success, text = await shown(settings, Plan(seconds=30.0, codec="VP8"))
    assert not success
    assert "✗" in text
    assert "✓" not in text
