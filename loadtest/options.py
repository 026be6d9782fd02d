"""The options that the commands share, and what becomes of a report: forms, verdicts, exit code."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from loadtest.drive.show import print_report
from loadtest.report import Report, to_csv, to_html, to_json, to_junit, to_svg_page
from loadtest.thresholds import judge, parse_threshold
from relay.errors import Misuse

EXIT_THRESHOLD = 1
EXIT_ERROR = 2
EXIT_INCOMPLETE = 3

Url = Annotated[str, typer.Option("--relay", help="`auto` starts an own relay; or the URL of a running one.")]
Secret = Annotated[str, typer.Option(envvar="LOADTEST_TOKEN_SECRET", help="Of the running relay, [auth.secrets].")]
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
FailIf = Annotated[list[str] | None, typer.Option(help="e.g. 'residence_p99_ms>10'; exit code 1 when it is so.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")]
HtmlFile = Annotated[Path | None, typer.Option("--html", help="Write it as one HTML file with plots.")]
PlotFile = Annotated[Path | None, typer.Option("--plot", help="Write its plots as one SVG file.")]
CsvFile = Annotated[Path | None, typer.Option("--csv", help="Write the timeline as CSV.")]
JunitFile = Annotated[Path | None, typer.Option("--junit", help="Write the verdicts as JUnit XML.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the summary.")]


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


def outputs_of(
    fail_if: list[str] | None,
    *,
    json: Path | None = None,
    html: Path | None = None,
    plot: Path | None = None,
    csv: Path | None = None,
    junit: Path | None = None,
) -> Outputs:
    """Checked: raises `Misuse`."""
    found = Outputs(fail_if, {to_json: json, to_html: html, to_svg_page: plot, to_csv: csv, to_junit: junit})
    found.check()
    return found
