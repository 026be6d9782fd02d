"""The demonstration: the daemon in this process, and synthetic participants in another."""

import asyncio
import dataclasses

from rich.console import Console
from rich.live import Live
from rich.table import Table

from relay import Relay, Role, Settings
from relay.client.webrtc import VideoCodec
from relay.demo.cast import Moment, Script
from relay.demo.stage import Stage, staged
from relay.demo.verdict import shortcomings
from relay.demo.view import Queue, RateMeter, Scene, in_words, render
from relay.errors import Misuse
from relay.ids import PeerId
from relay.metrics.histogram import Histogram
from relay.server.serve import demo_links, serve
from relay.sfu.shell.node import Sfu

_LOOK_S = 1.0
_PAUSE_S = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What is to be shown."""

    seconds: float | None = None
    """None: call until interrupted, and leave the answering to a person."""
    codec: VideoCodec = "VP8"


async def demonstrate(settings: Settings, plan: Plan, console: Console) -> bool:
    """Run it; whether it was a success: media flowed both ways in every slot, or there was no time limit."""
    sfu = Sfu(settings.sfu)
    show = Show(sfu, plan, console)
    # An interrupted demonstration has nobody to wait for.
    server = dataclasses.replace(settings.server, drain_s=0.0)
    await serve(dataclasses.replace(settings, server=server), media=sfu, beside=show.run)
    return show.succeeded


class Show:
    """What runs beside the server."""

    def __init__(self, sfu: Sfu, plan: Plan, console: Console) -> None:
        self.succeeded = plan.seconds is None
        self._sfu = sfu
        self._plan = plan
        self._console = console

    async def run(self, relay: Relay, url: str) -> None:
        """Show what is planned; returns at its end."""
        if self._plan.seconds is None:
            await self._keep_calling(relay, url)
        else:
            await self._judge(relay, url, self._plan.seconds)

    async def _keep_calling(self, relay: Relay, url: str) -> None:
        """A performance that ends (its token expired, the connection was lost) is given again."""
        links = demo_links(relay, url)
        self._console.print("\nA kiosk is about to call. Open the seat page, become ready, and accept:\n")
        for name in ("seat", "wallboard", "metrics"):
            self._console.print(f"  [bold]{name:<10}[/bold] {links[name]}", highlight=False, soft_wrap=True)
        self._console.print("\nIt calls again after every call; Ctrl-C ends it.\n")
        while True:
            async with staged(script_of(relay, url, self._plan.codec, answered=False)) as stage:
                await self._narrate(stage)
            await asyncio.sleep(_PAUSE_S)  # and if the relay is about to stop, there is nothing more to say
            self._console.print(f"{stage.moment.failure or 'the kiosk ended'}; it starts again")

    async def _narrate(self, stage: Stage) -> None:
        told = ""
        async for moment in stage.moments():
            line = in_words(moment.call) if moment.call else ""
            if line != told:
                self._console.print(line, highlight=False)
                told = line

    async def _judge(self, relay: Relay, url: str, seconds: float) -> None:
        self._console.print("[dim]· encoding the clips[/dim]")
        async with staged(script_of(relay, url, self._plan.codec, answered=True)) as stage:
            await anext(aiter(stage.moments()), None)
            await self._watch(relay, stage, seconds)
        moment = stage.moment
        reasons = [each for each in (moment.failure, *shortcomings(moment.calls_connected, moment.reports)) if each]
        self._summarise(moment, reasons)
        self.succeeded = not reasons

    async def _watch(self, relay: Relay, stage: Stage, seconds: float) -> None:
        """Look once a second until the time is over, or the participants have given up."""
        now = asyncio.get_running_loop().time
        start_s, meter = now(), RateMeter()
        with Live(console=self._console, auto_refresh=False) as live:
            while (left_s := start_s + seconds - now()) > 0 and not stage.over:
                await asyncio.sleep(min(_LOOK_S, left_s))
                scene = self._scene(relay, stage.moment, now() - start_s)
                live.update(render(scene, meter.measure(scene)), refresh=True)

    def _scene(self, relay: Relay, moment: Moment, elapsed_s: float) -> Scene:
        queues, seats = relay.queue(), relay.seats()
        found = ((name, self._sfu.peer_stats(PeerId(peer))) for name, peer in moment.peers.items())
        return Scene(
            elapsed_s,
            moment.call.state if moment.call else "connecting",
            tuple((name, stats) for name, stats in found if stats is not None),
            self._sfu.stats(),
            Queue(
                waiting=sum(queue.waiting for queue in queues),
                in_call=sum(queue.in_call for queue in queues),
                seats_ready=sum(seat.state == "ready" for seat in seats),
            ),
        )

    def _summarise(self, moment: Moment, reasons: list[str]) -> None:
        table = Table("receives", box=None, padding=(0, 1), header_style="dim")
        table.add_column("frames", justify="right")
        table.add_column("first frame after pick-up", justify="right")
        for name, reports in moment.reports.items():
            for each in reports:
                first = "–" if each.first_frame_ms is None else f"{each.first_frame_ms:.0f} ms"
                table.add_row(f"{name} ▼ {each.slot}", str(each.frames), first)
        self._console.print("\n", table)
        self._console.print(self._residence())
        for reason in reasons:
            self._console.print(f"[red]✗ {reason}[/red]")
        if not reasons:
            self._console.print("[green]✓ media flowed both ways in every slot[/green]")

    def _residence(self) -> str:
        worker = self._sfu.stats()
        residence = Histogram(worker.residence_bounds_s, worker.residence_counts)
        median, tail = residence.quantile(0.5), residence.quantile(0.99)
        if median is None or tail is None:
            return "no packet went through the relay"
        packets = sum(residence.counts)
        return f"{packets} packets stayed in the relay for ≤ {median * 1000:g} ms (p50), ≤ {tail * 1000:g} ms (p99)"


def script_of(relay: Relay, url: str, codec: VideoCodec, *, answered: bool) -> Script:
    """The first kiosk of the catalogue asks for its first item; the last seat answers, as in the printed links."""
    catalogue = relay.settings.catalogue
    if not (catalogue.items and catalogue.kiosks and catalogue.seats):
        raise Misuse("the demonstration needs a service item, a kiosk and a seat in the catalogue")
    seat = catalogue.seats[-1].seat
    return Script(
        signalling=url.replace("http", "ws", 1) + "/signal",
        item=catalogue.items[0].code,
        codec=codec,
        kiosk_token=relay.issue_token(catalogue.kiosks[0].kiosk, Role.KIOSK),
        seat_token=relay.issue_token(seat, Role.SEAT) if answered else "",
    )
