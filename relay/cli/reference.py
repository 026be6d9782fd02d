"""`relay reference`: write the pages of the documentation that are made from the code."""

from pathlib import Path
from typing import Annotated

import typer

from relay.server.reference import write_pages

Directory = Annotated[Path, typer.Argument(help="Where they go.", exists=True, file_okay=False)]


def reference(directory: Directory) -> None:
    """Write metrics.md, problems.md, signalling.md and operations-http.md."""
    for path in write_pages(directory):
        typer.echo(path)


def register(app: typer.Typer) -> None:
    """Make it a command of `app`, for those who change relay."""
    app.command(hidden=True)(reference)
