"""The report as one HTML file: nothing is loaded from elsewhere, and it prints on A4."""

from html import escape
from typing import Final

from loadtest.report.figures import QUANTILES, grouped, number, quantile_rows, shown
from loadtest.report.report import Plot, Report, Table
from loadtest.report.svg import to_svg

_STYLE: Final = """
:root { color-scheme: light; --ink: #1c2430; --pale: #5b6675; --line: #dfe4ea; --accent: #1f5fa8; --soft: #f5f7fa; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 2.2rem 1.6rem 4rem; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
header { border-bottom: 3px solid var(--accent); padding-bottom: .9rem; }
h1 { margin: 0 0 .3rem; font-size: 1.8rem; line-height: 1.2; } h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
h3 { margin: 0 0 .2rem; font-size: .95rem; color: var(--pale); }
header p { margin: .15rem 0; color: var(--pale); } code { font-size: .88em; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .6rem; margin: 1.2rem 0 1.6rem; }
.card { background: var(--soft); border-radius: .5rem; padding: .7rem .9rem; break-inside: avoid; }
.card b { display: block; font-size: 1.4rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.card span { color: var(--pale); font-size: .88em; }
.warning { border-left: .3rem solid #c2410c; background: #fff7ed; padding: .5rem .9rem; margin: .6rem 0; break-inside: avoid; }
.ended { border-color: #b91c1c; background: #fef2f2; font-weight: 600; }
.verdicts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 0; }
.verdict { border-radius: 1rem; padding: .2rem .8rem; border: 1px solid; font-variant-numeric: tabular-nums; }
.pass { color: #166534; border-color: #86efac; background: #f0fdf4; } .pass::before { content: "✓ "; }
.fail { color: #991b1b; border-color: #fca5a5; background: #fef2f2; font-weight: 600; } .fail::before { content: "✗ "; }
.plots { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.4rem 1.8rem; }
figure { margin: 0; break-inside: avoid; } figcaption { font-weight: 600; }
figure small, .note { color: var(--pale); margin: 0 0 .5rem; } svg { display: block; width: 100%; height: auto; }
svg text { font-size: 15px; fill: var(--pale); } svg text.legend { fill: var(--ink); } svg text.mark { font-size: 12px; } .grid { stroke: var(--line); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
tr { break-inside: avoid; } th, td { text-align: left; padding: .28rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--pale); font-weight: 600; font-size: .88em; } td + td, th + th { text-align: right; }
.groups { columns: 2; column-gap: 1.8rem; } .groups section { break-inside: avoid; margin-bottom: 1.2rem; }
.groups td { font-size: .9em; padding: .16rem .4rem; }
@media (max-width: 44rem) { .plots { grid-template-columns: 1fr; } .groups { columns: 1; } }
@page { size: A4; margin: 14mm; }
@media print {
  :root { font-size: 11px; } body { padding: 0; max-width: none; font-size: 11px; }
  h2 { break-after: avoid; } .cards { grid-template-columns: repeat(4, 1fr); }
  .plots { grid-template-columns: repeat(2, minmax(0, 1fr)); } .groups { columns: 2; }
  .card, .warning, .verdict { print-color-adjust: exact; }
}
"""

_HEADLINES: Final = {
    "capacity_calls": "calls at once, within budget",
    "calls_per_core": "calls a core would carry, by the fit",
    "cpu_ms_per_s_per_call": "CPU of each call, ms a second",
    "memory_mb_per_call": "memory of each call, MB",
    "ratio_relay_cpu_us_per_packet": "CPU a packet of the peer, times relay's",
    "ratio_relay_memory_mb": "memory of the peer, times relay's",
    "calls_connected": "calls connected",
    "calls_failed": "calls refused or failed",
    "wait_p95_ms": "wait for a seat, p95",
    "pick_up_p95_ms": "pick-up, p95",
    "first_frame_p95_ms": "from pick-up to first frame, p95",
    "latency_p50_ms": "one-way latency, p50",
    "latency_p99_ms": "one-way latency, p99",
    "residence_p99_ms": "residence in the relay, p99",
    "frames_complete_share": "frames complete",
    "loss_share": "lost after repair",
    "freeze_time_share": "of the time frozen",
    "relay_cpu_us_per_packet": "CPU of the relay, µs a packet",
    "relay_memory_mb": "memory of the relay",
    "storm_set_ups_per_s": "set-ups after the power cut",
}
_MOST_CARDS: Final = 15


def to_html(report: Report) -> str:
    """The whole page."""
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(report.title)} · loadtest</title><style>{_STYLE}</style></head><body>",
            _header(report),
            *([f'<p class="warning ended">{escape(report.incomplete)}</p>'] if report.incomplete else []),
            _verdicts(report),
            _cards(report.metrics),
            *(f'<p class="warning">{escape(text)}</p>' for text in report.warnings),
            f'<section class="plots">{"".join(_figure(plot) for plot in report.plots)}</section>',
            *(_table(table) for table in report.tables),
            _table(Table("Times, ms", ("quantity", *QUANTILES.values()), quantile_rows(report.metrics))),
            _groups(report.metrics),
            _table(Table("Machine", ("what", "value"), tuple(report.machine.items()))),
            "</body></html>\n",
        ]
    )


def _header(report: Report) -> str:
    return (
        f"<header><h1>{escape(report.title)}</h1><p>{escape(report.started)}</p>"
        f"<p><code>{escape(report.command)}</code></p></header>"
    )


def _verdicts(report: Report) -> str:
    lines = [
        f'<div class="verdict {"fail" if failed else "pass"}">{escape(text)}</div>' for text, failed in report.verdicts
    ]
    return f'<section class="verdicts">{"".join(lines)}</section>' if lines else ""


def _cards(metrics: dict[str, float]) -> str:
    cards = [
        f'<div class="card"><b>{escape(_value(name, metrics[name]))}</b><span>{escape(label)}</span></div>'
        for name, label in _HEADLINES.items()
        if name in metrics
    ]
    return f'<section class="cards">{"".join(cards[:_MOST_CARDS])}</section>' if cards else ""


def _value(name: str, value: float) -> str:
    """The label says the unit of what is a ratio or a cost."""
    return (
        number(value) if name.startswith(("ratio", "cpu_", "memory_", "calls_", "relay_cpu_us")) else shown(name, value)
    )


def _figure(plot: Plot) -> str:
    note = f"<small>{escape(plot.note)}</small>" if plot.note else ""
    return f"<figure><figcaption>{escape(plot.title)}</figcaption>{note}{to_svg(plot)}</figure>"


def _groups(metrics: dict[str, float]) -> str:
    sections = "".join(
        f"<section><h3>{escape(title)}</h3><table><tbody>{_rows(rows)}</tbody></table></section>"
        for title, rows in grouped(metrics).items()
    )
    return f'<h2>All other figures</h2><div class="groups">{sections}</div>' if sections else ""


def _rows(rows: tuple[tuple[str, ...], ...]) -> str:
    return "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)


def _table(table: Table) -> str:
    if not table.rows:
        return ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.headings)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f"<h2>{escape(table.title)}</h2>{note}"
        f"<table><thead><tr>{head}</tr></thead><tbody>{_rows(table.rows)}</tbody></table>"
    )
