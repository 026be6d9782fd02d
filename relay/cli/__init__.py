"""The `relay` command."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from relay.cli import demo, forecast, reference, replay, serve, simulate, token
from relay.errors import RelayError

app = typer.Typer(
    name="relay",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"relay {version('relay')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The real-time core of a remote public-service network."""


for command in (serve, demo, token, forecast, simulate, replay, reference):
    command.register(app)


def main() -> None:
    """Run the command line; errors of ours end it with one line and status 1."""
    try:
        app()
    except RelayError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        typer.secho(f"relay: {error}{hint}", err=True, fg=typer.colors.RED)
        sys.exit(1)
