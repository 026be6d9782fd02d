"""The report as one HTML file: nothing is loaded from elsewhere, and it prints on A4."""

from html import escape

from loadtest.report.report import Plot, Report, Table
from loadtest.report.svg import to_svg

_STYLE = """
:root { color-scheme: light; --ink: #1c2430; --pale: #5b6675; --line: #d8dee6; --accent: #1f5fa8; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 2rem 1.5rem 4rem; color: var(--ink); background: #fff;
  font: 15px/1.55 system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
h1 { margin: 0; font-size: 1.7rem; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem; }
header p { margin: .2rem 0; color: var(--pale); } code { font-size: .88em; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: .7rem; margin: 1.4rem 0; }
.card { border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; }
.card b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; } .card span { color: var(--pale); }
.warning { border-left: .3rem solid #c2410c; background: #fff7ed; padding: .6rem .9rem; margin: .6rem 0; }
.verdict { padding: .25rem 0; } .pass::before { content: "✓ "; color: #15803d; } .fail::before { content: "✗ "; color: #b91c1c; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 0 1.4rem; }
figure { margin: 0 0 1.6rem; break-inside: avoid; } figcaption { font-weight: 600; margin-bottom: .3rem; }
figure small, .note { color: var(--pale); } svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--pale); }
svg text.legend { fill: var(--ink); paint-order: stroke; stroke: #fff; stroke-width: 3px; } .grid { stroke: var(--line); }
table { border-collapse: collapse; width: 100%; break-inside: avoid; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); } th { color: var(--pale); font-weight: 600; }
td + td, th + th { text-align: right; }
@page { size: A4; margin: 15mm; } @media print { body { padding: 0; max-width: none; font-size: 11px; } }
"""

_HEADLINES = {
    "calls_connected": "calls connected",
    "pick_up_p95_ms": "pick-up, p95 ms",
    "first_frame_p95_ms": "pick-up to first frame, p95 ms",
    "latency_p50_ms": "one-way latency, p50 ms",
    "latency_p99_ms": "one-way latency, p99 ms",
    "residence_p99_ms": "residence in the relay, p99 ms",
    "loss_share": "lost after repair, share",
    "freeze_time_share": "frozen, share of time",
    "relay_cpu_us_per_packet": "relay CPU, µs a packet",
    "setups_per_s": "set-ups a second",
    "ratio": "relay's cost over the peer's",
}


def to_html(report: Report) -> str:
    """The whole page."""
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(report.title)} · loadtest</title><style>{_STYLE}</style></head><body>",
            _header(report),
            *(f'<p class="warning">{escape(text)}</p>' for text in report.warnings),
            _verdicts(report),
            _cards(report.metrics),
            f'<section class="plots">{"".join(_figure(plot) for plot in report.plots)}</section>',
            *(_table(table) for table in report.tables),
            _table(_metrics_table(report.metrics)),
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
    return f"<section>{''.join(lines)}</section>" if lines else ""


def _cards(metrics: dict[str, float]) -> str:
    cards = [
        f'<div class="card"><b>{_short(metrics[name])}</b><span>{label}</span></div>'
        for name, label in _HEADLINES.items()
        if name in metrics
    ]
    return f'<section class="cards">{"".join(cards)}</section>'


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _figure(plot: Plot) -> str:
    note = f"<small>{escape(plot.note)}</small>" if plot.note else ""
    return f"<figure><figcaption>{escape(plot.title)}</figcaption>{to_svg(plot)}{note}</figure>"


def _metrics_table(metrics: dict[str, float]) -> Table:
    return Table(
        "All figures", ("metric", "value"), tuple((name, f"{value:.6g}") for name, value in sorted(metrics.items()))
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.headings)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f"<h2>{escape(table.title)}</h2>{note}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        if table.rows
        else ""
    )
