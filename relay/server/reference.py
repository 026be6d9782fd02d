"""The pages of the documentation that are made from the code: metrics, problems, signalling messages, HTTP operations."""

import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from relay.errors import RelayError
from relay.metrics import catalogue
from relay.scheduler.shell import webhook as _a_door_of_its_own  # noqa: F401
from relay.server import facade as _every_error_is_defined_by_now  # noqa: F401
from relay.server import messages
from relay.server.operations import Operation
from relay.server.problem import problem_classes, problem_type
from relay.server.rest import OPERATIONS

_MADE = "Made from the code by `relay reference docs`; do not edit."
_FOREIGN = ("relay.cli", "relay.client", "relay.demo", "relay.scheduler.simulate")
"""Errors of programs around a relay, not of the relay."""


def pages() -> dict[str, str]:
    """Markdown by file name."""
    return {
        "metrics.md": catalogue.as_markdown(_MADE),
        "problems.md": _problems(),
        "signalling.md": _signalling(),
        "operations-http.md": _operations(OPERATIONS),
    }


def write_pages(directory: Path) -> list[Path]:
    """Write every page into `directory`; what was written."""
    written = []
    for name, text in pages().items():
        path = directory / name
        path.write_text(text, "utf-8")
        written.append(path)
    return written


def _problems() -> str:
    lines = [
        "# Problems",
        "",
        _MADE,
        "",
        "Errors are answered as `application/problem+json` (RFC 9457), and as `failed` over the signalling.",
        "",
        "| type | status | title | what to do |",
        "| --- | --- | --- | --- |",
    ]
    own = {kind.problem: kind for kind in reversed(list(problem_classes())) if _is_ours(kind)}
    for kind in sorted(own.values(), key=lambda kind: (kind.status, kind.problem)):
        title = (kind.__doc__ or "").partition("\n")[0]
        lines.append(f"| `{problem_type(kind.problem)}` | {kind.status} | {title} | {kind.hint} |")
    return "\n".join([*lines, ""])


def _is_ours(kind: type[RelayError]) -> bool:
    return kind.__module__.startswith("relay.") and not kind.__module__.startswith(_FOREIGN)


def _signalling() -> str:
    return "\n".join(
        [
            "# Signalling messages",
            "",
            _MADE,
            "",
            (messages.__doc__ or "").strip(),
            "",
            "## Of the client",
            "",
            *_message_table(typing.get_args(messages.ClientMessage)),
            "",
            "## Of the server",
            "",
            *_message_table(typing.get_args(messages.ServerMessage)),
            "",
        ]
    )


def _message_table(kinds: Iterable[type[msgspec.Struct]]) -> list[str]:
    lines = ["| type | fields | meaning |", "| --- | --- | --- |"]
    for kind in kinds:
        fields = ", ".join(_field(field) for field in msgspec.structs.fields(kind) if field.name not in ("id", "re"))
        meaning = " ".join((kind.__doc__ or "").split())
        lines.append(f"| `{kind.__struct_config__.tag}` | {fields} | {meaning} |")
    return lines


def _field(field: msgspec.structs.FieldInfo) -> str:
    required = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
    return f"`{field.encode_name}`" if required else f"`{field.encode_name}`?"


def _operations(operations: Iterable[Operation]) -> str:
    lines = [
        "# HTTP operations",
        "",
        _MADE,
        "",
        "`/openapi.json` has the same, with every shape.",
        "",
        "| operation | who | body | reply | what it does |",
        "| --- | --- | --- | --- | --- |",
    ]
    for operation in operations:
        cells = (
            f"`{operation.method} {operation.path}`",
            ", ".join(operation.roles) or "everybody",
            _shape(operation.body),
            f"{operation.status} {_shape(operation.reply)}".strip(),
            f"{operation.summary}.",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _shape(shape: Any) -> str:
    if shape is None:
        return ""
    inner = typing.get_args(shape)
    if typing.get_origin(shape) is list:
        return f"list of `{inner[0].__name__}`"
    return f"`{shape.__name__}`" if not inner else "object"
