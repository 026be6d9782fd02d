"""Log records with context, and without secrets.

Context (`call`, `kiosk`, `seat`) is carried by context variables, so a line written deep inside says whose it is. Every
record passes `redact`: tokens, ICE passwords and key fingerprints do not reach a log, whatever was formatted into it.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

CONTEXT_FIELDS = ("call", "kiosk", "seat", "supervisor")
_context: ContextVar[dict[str, str]] = ContextVar("relay_log_context", default={})  # noqa: B039  never changed in place

_SECRETS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*"
    r"|(?<=a=ice-pwd:)[A-Za-z0-9+/]+"
    r"|(?<=[Bb]earer )[\w.~+/=-]+"
    r"|(?<=token=)[\w.~+/=-]+"
    r"|(?<=PRIVATE KEY-----)[A-Za-z0-9+/=\\\s]+"
)
"""JWT, ICE password, bearer token, token in a fragment, PEM key. None of them eats a quote: JSON stays JSON."""
_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


@contextmanager
def log_context(**fields: str) -> Iterator[None]:
    """Add fields to every record written inside; empty ones are left out."""
    token = _context.set(_context.get() | {name: value for name, value in fields.items() if value})
    try:
        yield
    finally:
        _context.reset(token)


def redact(text: str) -> str:
    """The text without what must not be read by whoever reads logs."""
    return _SECRETS.sub("[redacted]", text)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Context and the extras of a record."""
    extras = {name: value for name, value in vars(record).items() if name not in _STANDARD_FIELDS}
    return _context.get() | extras


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        line |= {name: value for name, value in fields_of(record).items() if name not in line}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return redact(json.dumps(line, ensure_ascii=False, default=str))


class ConsoleFormatter(logging.Formatter):
    """One readable line, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = "".join(f" {name}={value}" for name, value in fields_of(record).items())
        text = f"{at} {record.levelname.lower():<7} {record.getMessage()}{fields}"
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return redact(text)
