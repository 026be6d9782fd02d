"""`relay serve`: the daemon."""

import asyncio
import dataclasses
import os
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from relay.config import MAX_WORKERS, SfuSettings
from relay.metrics.shell.log_output import open_log
from relay.server.facade import Relay
from relay.server.serve import demo_links
from relay.server.serve import serve as run
from relay.server.settings import Settings, load_settings

Config = Annotated[Path | None, typer.Option("--config", "-c", help="TOML file; see docs/operations.md.")]
Host = Annotated[str | None, typer.Option("--host", help="Address of the HTTP port.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="HTTP port; 0: any.")]
MediaPort = Annotated[int | None, typer.Option("--media-port", min=0, max=65_535, help="UDP port; 0: any.")]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=0, max=MAX_WORKERS, help="Media worker processes; default: cores − 1, at least 1."),
]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Journal and secret; without: in memory.")]
AuditFile = Annotated[Path | None, typer.Option("--audit-file", help="Append every decision to it as a line of JSON.")]
DemoLinks = Annotated[bool, typer.Option("--demo-links", help="Print links with short-lived tokens.")]


def serve(
    config: Config = None,
    host: Host = None,
    port: Port = None,
    media_port: MediaPort = None,
    workers: Workers = None,
    data_dir: DataDir = None,
    audit_file: AuditFile = None,
    demo_links: DemoLinks = False,
) -> None:
    """Run the relay: HTTP, signalling and scheduler in this process, media in workers beside it."""
    settings = settings_from(config, host, port, media_port, data_dir)
    settings = dataclasses.replace(settings, sfu=with_workers(settings.sfu, workers))
    if audit_file is not None:
        outlets = dataclasses.replace(settings.outlets, audit_file=str(audit_file))
        settings = dataclasses.replace(settings, outlets=outlets)
    open_log(settings.log.level, settings.log.style)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings, _print_links if demo_links else None))


def settings_from(
    config: Path | None, host: str | None, port: int | None, media_port: int | None, data_dir: Path | None
) -> Settings:
    """Settings of file and environment, with what the command line says on top."""
    settings = load_settings(config, os.environ)
    server, sfu = settings.server, settings.sfu
    return dataclasses.replace(
        settings,
        server=dataclasses.replace(server, host=host or server.host, port=server.port if port is None else port),
        sfu=dataclasses.replace(sfu, port=sfu.port if media_port is None else media_port),
        data_dir=settings.data_dir if data_dir is None else str(data_dir),
    )


def with_workers(sfu: SfuSettings, workers: int | None) -> SfuSettings:
    """The settings with a number of workers: the command line's, else the settings', else one per core but one."""
    chosen = workers if workers is not None else sfu.workers
    return dataclasses.replace(sfu, workers=max(1, len(os.sched_getaffinity(0)) - 1) if chosen is None else chosen)


def register(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command()(serve)


def _print_links(relay: Relay, url: str) -> None:
    console = Console(soft_wrap=True)
    console.print("\nOpen these, each in a window of its own (the tokens are good for two hours):\n")
    for name, link in demo_links(relay, url).items():
        console.print(f"  [bold]{name:<10}[/bold] {link}", highlight=False)
    console.print("\nNo camera at hand? [bold]make demo[/bold] calls a seat with a recorded clip.\n")
