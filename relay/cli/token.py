"""`relay token`: sign a token with the secret of a daemon, for a portal or by hand."""

import os
from pathlib import Path
from typing import Annotated

import typer

from relay.clock import SystemClock
from relay.errors import Misuse
from relay.server.auth import Grants, Role, TokenIssuer, open_keyring
from relay.server.keystore import generated_secret
from relay.server.settings import load_settings

Subject = Annotated[str, typer.Argument(help="The identity, e.g. `portal` or `seat-17`.")]
RoleOption = Annotated[Role, typer.Option("--role", "-r", help="What it may do.")]
Hours = Annotated[float, typer.Option("--hours", min=0.01, help="Lifetime.")]
Config = Annotated[Path | None, typer.Option("--config", "-c", help="The daemon's TOML file.")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="The daemon's, where its secret is kept.")]
Name = Annotated[str, typer.Option("--name", help="For people.")]
Publish = Annotated[
    list[str] | None, typer.Option("--publish", help="Stream it may publish by WHIP; `hall-*` is all of a kind.")
]
Watch = Annotated[
    list[str] | None, typer.Option("--watch", help="What it may watch by WHEP: `streams/lobby`, `calls/*`.")
]
Region = Annotated[str, typer.Option("--region", help="Division code, for a kiosk or seat the catalogue lacks.")]


def token(
    subject: Subject,
    role: RoleOption,
    hours: Hours = 12.0,
    config: Config = None,
    data_dir: DataDir = None,
    name: Name = "",
    region: Region = "",
    publish: Publish = None,
    watch: Watch = None,
) -> None:
    """Print a signed token for one identity."""
    settings = load_settings(config, os.environ)
    directory = str(data_dir) if data_dir is not None else settings.data_dir
    if not directory and not settings.auth.secrets:
        raise Misuse("a token needs the daemon's secret: give --data-dir, or a --config with [auth.secrets]")
    keyring = open_keyring(settings.auth, generated_secret(directory))
    issuer = TokenIssuer(keyring, settings.auth, SystemClock())
    grants = Grants(tuple(publish or ()), tuple(watch or ()))
    typer.echo(issuer.issue(subject, role, lifetime_s=hours * 3600, name=name, region=region, grants=grants))


def register(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command()(token)
