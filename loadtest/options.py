"""The options that commands share, in groups; and what becomes of a report: forms, verdicts, exit code."""

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer
from rich.console import Console

from loadtest.bots.sdp import VideoCodec
from loadtest.drive.run import Target
from loadtest.drive.show import print_report
from loadtest.report import Report, to_csv, to_html, to_json, to_junit, to_svg_page
from loadtest.scenario import Scenario
from loadtest.thresholds import judge, parse_threshold
from relay.errors import Misuse

EXIT_THRESHOLD = 1
EXIT_ERROR = 2
EXIT_INCOMPLETE = 3

Url = Annotated[str, typer.Option("--relay", help="`auto` starts an own relay; or the URL of a running one.")]
Secret = Annotated[str, typer.Option(envvar="LOADTEST_TOKEN_SECRET", help="Of the running relay, one of auth.secrets.")]
KeyId = Annotated[str, typer.Option(help="Name of that secret, if the relay has several.")]
Portal = Annotated[str, typer.Option(envvar="LOADTEST_PORTAL_TOKEN", help="Instead of the secret: a portal's token.")]
Pid = Annotated[int, typer.Option(help="Process of the running relay on this machine, for its CPU and memory.")]
RelaySettings = Annotated[Path | None, typer.Option(help="TOML with further settings of the own relay.")]
Peer = Annotated[str, typer.Option(help="Of a broadcast, instead of relay's SFU: as in `compare`.")]
PeerToken = Annotated[str, typer.Option(envvar="LOADTEST_WHIP_TOKEN", help="Bearer token for WHIP and WHEP.")]
PeerPid = Annotated[int, typer.Option(help="Process of a WHIP server on this machine, for its CPU and memory.")]
Codec = Annotated[str, typer.Option(help="Of all video: VP8 or H264; default: the scenario's.")]
Simulcast = Annotated[bool, typer.Option("--simulcast", help="Cameras send three layers to a server that takes them.")]
Engines = Annotated[int, typer.Option(min=1, help="Threads that carry the bots' media, for more than one core.")]
Seed = Annotated[int | None, typer.Option(help="Makes a run repeatable; default: that of the scenario.")]
For = Annotated[float | None, typer.Option("--for", min=1, help="Seconds, instead of the scenario's.")]
Network = Annotated[str, typer.Option(help="For all booths, instead of the scenario's.")]
FailIf = Annotated[list[str] | None, typer.Option(help="e.g. 'residence_p99_ms>10'; exit code 1 when it is so.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")]
HtmlFile = Annotated[Path | None, typer.Option("--html", help="Write it as one HTML file with plots.")]
PlotFile = Annotated[Path | None, typer.Option("--plot", help="Write its plots as one SVG file.")]
CsvFile = Annotated[Path | None, typer.Option("--csv", help="Write the timeline as CSV.")]
JunitFile = Annotated[Path | None, typer.Option("--junit", help="Write the verdicts as JUnit XML.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the summary.")]


@dataclasses.dataclass(frozen=True)
class RelayOptions:
    """Which relay is loaded."""

    relay: Url = "auto"
    token_secret: Secret = ""
    key_id: KeyId = ""
    portal_token: Portal = ""
    relay_pid: Pid = 0
    relay_settings: RelaySettings = None

    def target(self, *, cores: int = 0, settings: str = "") -> Target:
        """The target; `settings` are those of an own relay when no file has any. Raises `Misuse`, `OSError`."""
        if self.relay == "auto":
            text = settings if self.relay_settings is None else self.relay_settings.read_text("utf-8")
            return Target(settings=text, cores=cores)
        if not self.token_secret and not self.portal_token:
            raise Misuse("a running relay needs --token-secret or --portal-token")
        if cores:
            raise Misuse("--cores is for an own relay")
        return Target(self.relay, self.token_secret, self.key_id, self.portal_token, self.relay_pid)


@dataclasses.dataclass(frozen=True)
class MediaOptions:
    """What bots send, and with how many threads."""

    codec: Codec = ""
    simulcast: Simulcast = False
    engines: Engines = 1

    def applied_to(self, scenario: Scenario) -> Scenario:
        """The scenario with what was chosen; raises `Misuse`."""
        if self.codec and self.codec not in get_args(VideoCodec):
            raise Misuse(f"there is no codec {self.codec!r} here; known are {', '.join(get_args(VideoCodec))}")
        return dataclasses.replace(
            scenario,
            codec=cast(VideoCodec, self.codec) if self.codec else scenario.codec,
            simulcast=self.simulcast or scenario.simulcast,
            engines=max(self.engines, scenario.engines),
        )


@dataclasses.dataclass(frozen=True)
class ReportOptions:
    """What becomes of the report of a run."""

    fail_if: FailIf = None
    json: JsonFile = None
    html: HtmlFile = None
    plot: PlotFile = None
    csv: CsvFile = None
    junit: JunitFile = None
    quiet: Quiet = False

    def outputs(self) -> "Outputs":
        """Checked before a long run: raises `Misuse`."""
        forms = {to_json: self.json, to_html: self.html, to_svg_page: self.plot, to_csv: self.csv, to_junit: self.junit}
        found = Outputs(self.fail_if, forms)
        found.check()
        return found


_GROUPS = {RelayOptions: "The relay", MediaOptions: "Media", ReportOptions: "The report"}
"""With their headings in the help."""


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """The command as Typer is to see it: every parameter that is a group of options stands for its options."""
    parameters: list[inspect.Parameter] = []
    groups: dict[str, type[RelayOptions | MediaOptions | ReportOptions]] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        if parameter.annotation not in _GROUPS:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        groups[name] = group = parameter.annotation
        parameters += [
            inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type)
            for each in dataclasses.fields(group)
        ]
        for each in dataclasses.fields(group):
            cast(Any, each.type).__metadata__[0].rich_help_panel = _GROUPS[group]

    def called(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{each.name: given.pop(each.name) for each in dataclasses.fields(group)})
        command(**given)

    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return called


@dataclasses.dataclass(frozen=True, slots=True)
class Outputs:
    """Where a report goes, and what fails it."""

    fail_if: list[str] | None
    files: dict[Any, Path | None]

    def check(self) -> None:
        """Raise `Misuse` before a long run for what could only be said after it."""
        for text in self.fail_if or ():
            parse_threshold(text)
        for path in self.files.values():
            if path is not None and not path.parent.is_dir():
                raise Misuse(f"{path}: there is no such folder")

    def deliver(self, report: Report, console: Console) -> None:
        """Judge, print, write, and leave with the exit code."""
        verdicts = judge(tuple(parse_threshold(text) for text in self.fail_if or ()), report.metrics)
        judged = dataclasses.replace(report, verdicts=tuple((str(each), each.failed) for each in verdicts))
        print_report(console, judged)
        for form, path in self.files.items():
            if path is not None:
                path.write_text(form(judged), "utf-8")
        if judged.incomplete:
            raise typer.Exit(EXIT_INCOMPLETE)
        if judged.failed:
            raise typer.Exit(EXIT_THRESHOLD)
