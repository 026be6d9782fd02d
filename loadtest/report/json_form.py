"""The report as JSON, and back."""

import msgspec

from loadtest.report.report import Report
from relay.errors import Malformed


def to_json(report: Report) -> str:
    """Everything, indented."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()


def from_json(text: str | bytes) -> Report:
    """Read what `to_json` wrote; raises `Malformed`."""
    try:
        return msgspec.json.decode(text, type=Report)
    except msgspec.MsgspecError as error:
        raise Malformed(f"this is no report: {error}") from error
