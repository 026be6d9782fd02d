"""Settings of a whole relay, and how they are read from a TOML file and the environment.

The file has the shape of `Settings`: `[server]`, `[sfu]`, `[scheduler]`, `[auth]`, `[outlets]`, `[latency]`, `[whip]`,
`[recording]`, `[log]` and `[catalogue]`, the last either inline or as `catalogue = "catalogue.toml"` beside the file. A variable such as
`RELAY_SERVER__PORT=8443` sets one scalar field and wins over the file. An unknown name is an error, never ignored.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from relay.catalogue import Catalogue
from relay.config import (
    AuthSettings,
    LatencySettings,
    LogSettings,
    RecordingSettings,
    ServerSettings,
    SfuSettings,
    WhipSettings,
)
from relay.demo_catalogue import DEMO_CATALOGUE
from relay.errors import Misuse
from relay.scheduler.settings import SchedulerSettings
from relay.scheduler.shell.outlets import OutletSettings

PREFIX = "RELAY_"
_UNSECTIONED = "RELAY_DATA_DIR"
"""Other names without `__` are not ours: Kubernetes sets `RELAY_PORT` itself for a service called relay."""


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """One relay: everything it needs to know, with defaults that need nothing prepared."""

    sfu: SfuSettings = dataclasses.field(default_factory=SfuSettings)
    scheduler: SchedulerSettings = dataclasses.field(default_factory=SchedulerSettings)
    server: ServerSettings = dataclasses.field(default_factory=ServerSettings)
    auth: AuthSettings = dataclasses.field(default_factory=AuthSettings)
    outlets: OutletSettings = dataclasses.field(default_factory=OutletSettings)
    latency: LatencySettings = dataclasses.field(default_factory=LatencySettings)
    recording: RecordingSettings = dataclasses.field(default_factory=RecordingSettings)
    whip: WhipSettings = dataclasses.field(default_factory=WhipSettings)
    log: LogSettings = dataclasses.field(default_factory=LogSettings)
    catalogue: Catalogue = DEMO_CATALOGUE
    """Service items, regions, seats and kiosks; the default is a small city for demonstrations."""
    data_dir: str = ""
    """Journal and generated secret. Empty: nothing is written, and nothing survives a restart."""

    def __post_init__(self) -> None:
        lease_ms, heartbeat_s = self.scheduler.seat_lease_ms, self.server.heartbeat_s
        if lease_ms and lease_ms < 2000 * heartbeat_s:
            raise Misuse(f"seat_lease_ms must be at least two heartbeats of {heartbeat_s:g} s: one message may be lost")


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings of the file (all defaults without one), overridden by the environment.

    Raises `Misuse` naming the file and the field when something is unknown, of the wrong type or out of bounds.
    """
    table = _read_toml(path) if path else {}
    source = str(path) if path else "the environment"
    catalogue = table.get("catalogue")
    if path and isinstance(catalogue, str):
        table["catalogue"] = _read_toml(path.parent / catalogue)
    for name, value in (environ or {}).items():
        if name == _UNSECTIONED or (name.startswith(PREFIX) and "__" in name):
            _override(table, name, value)
    _refuse_unknown(table, Settings, source, "")
    try:
        return msgspec.convert(table, Settings, strict=False)
    except (msgspec.ValidationError, Misuse) as error:
        raise Misuse(f"{source}: {error}") from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Misuse(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misuse(f"{path} is not TOML: {error}") from error


def _override(table: dict[str, Any], name: str, value: str) -> None:
    *sections, field = name.removeprefix(PREFIX).lower().split("__")
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise Misuse(f"{name} names a field inside {section}, which is not a table")
    table[field] = value


def _refuse_unknown(value: object, shape: Any, source: str, where: str) -> None:
    """Walk the table beside the dataclasses it is for."""
    if isinstance(value, dict) and dataclasses.is_dataclass(shape):
        hints = get_type_hints(shape)
        for name, inner in value.items():
            if name not in hints:
                raise Misuse(f"{source}: there is no setting {where}{name}; here are: {', '.join(sorted(hints))}")
            _refuse_unknown(inner, hints[name], source, f"{where}{name}.")
    elif isinstance(value, dict) and get_origin(shape) is Mapping:
        for name, inner in value.items():
            _refuse_unknown(inner, get_args(shape)[1], source, f"{where}{name}.")
    elif isinstance(value, list) and not isinstance(shape, UnionType):
        element = (getattr(shape, "__args__", None) or (None,))[0]
        for inner in value:
            _refuse_unknown(inner, element, source, where)
