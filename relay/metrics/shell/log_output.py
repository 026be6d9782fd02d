"""Where log records go: standard error, in the style the settings ask for."""

import logging
import sys
from typing import Literal

from relay.metrics.logs import ConsoleFormatter, JsonFormatter

FORMATTERS: dict[str, type[logging.Formatter]] = {"console": ConsoleFormatter, "json": JsonFormatter}


def open_log(level: Literal["debug", "info", "warning", "error"], style: Literal["console", "json"]) -> None:
    """Send everything the process logs to standard error. For programs; a library leaves this to its portal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATTERS[style]())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
