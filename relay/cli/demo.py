"""`relay demo`: the daemon with a synthetic kiosk that calls."""

import asyncio
from importlib.util import find_spec
from typing import Annotated, Literal

import typer
import uvloop
from rich.console import Console

from relay.cli.serve import settings_from
from relay.errors import Misuse
from relay.metrics.shell.log_output import open_log

Seconds = Annotated[
    float | None, typer.Option("--seconds", min=5.0, help="Have the call answered too, and judge it after so long.")
]
Codec = Annotated[Literal["VP8", "H264"], typer.Option("--codec", help="What the video is encoded in.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="HTTP port; 0: any.")]


def demo(seconds: Seconds = None, codec: Codec = "VP8", port: Port = None) -> None:
    """Show a call without a camera: a real clip, its sound, a document and a screen, sent by a real WebRTC client.

    Without --seconds it calls until interrupted, and you answer on the seat page. With it, a synthetic seat answers,
    the media is shown live, and the exit status is 0 only if it flowed both ways in every slot.
    """
    if find_spec("aiortc") is None:
        raise Misuse("the demonstration needs aiortc and its clips: pip install 'relay[demo]'")
    from relay.demo.show import Plan, demonstrate  # noqa: PLC0415  aiortc takes a second to load, and is an extra

    open_log("warning", "console")
    settings = settings_from(None, None, port if seconds is None or port is not None else 0, None, None)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        success = runner.run(demonstrate(settings, Plan(seconds, codec), Console()))
    if not success:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command()(demo)
