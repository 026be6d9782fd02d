"""Where traces are: beside this file, or at a path of the user."""

from functools import cache
from pathlib import Path

from loadtest.traces.trace import Trace, parse_trace
from relay.errors import Misuse

_HERE = Path(__file__).parent
SHIPPED = tuple(sorted(path.stem for path in _HERE.glob("*.csv")))
"""Names of the traces that come with the tool."""


@cache
def find_trace(name: str) -> Trace:
    """A shipped trace by name, or the file at a path ending in `.csv`; raises `Misuse`, `Malformed`."""
    path = Path(name) if name.endswith(".csv") else _HERE / f"{name}.csv"
    if not path.is_file():
        raise Misuse(f"there is no trace {name!r}; shipped ones are {', '.join(SHIPPED)}, others by the path of a .csv")
    events = path.with_suffix(".events")
    return parse_trace(path.stem, path.read_text("utf-8"), events.read_text("utf-8") if events.is_file() else "")
