"""A simulated day as a page that needs nothing else: totals, curves over the day, breakdowns."""

import html
from collections.abc import Iterable

from relay.cli.simulate_tables import booths, breakdowns, headings, totals
from relay.scheduler.simulate import Result

_STYLE = """
:root { color-scheme: light; font: 15px/1.45 system-ui, sans-serif; color: #1b2733; }
body { margin: 2rem auto; max-width: 84rem; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { color: #51606f; margin: .25rem 0; }
table { border-collapse: collapse; } th, td { padding: .25rem .9rem; border-bottom: 1px solid #dde3e9; text-align: right; }
th:first-child, td:first-child { text-align: left; } th { color: #51606f; font-weight: 600; }
.side { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start; } .wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; }
"""


def page(results: dict[str, Result], drawing: str) -> str:
    """The document; `drawing` is SVG."""
    first, last = next(iter(results.values())), list(results.values())[-1]
    name = list(results)[-1]
    tables = "".join(
        f"<section><h2>{html.escape(title)}</h2>{_table((what, *headings(last.target_s)), rows)}</section>"
        for what, title, rows in breakdowns(last)
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(first.title)}</title>'
        f"<style>{_STYLE}</style><h1>{html.escape(first.title)}</h1>"
        f"<p>{first.series_from:%A, %d %B %Y, from %H:%M}; {first.simulated_s / 3600:g} hours, seed {html.escape(first.seed)}."
        f" Every run meets the same citizens.</p>"
        f"{_table(('', *results), totals(results))}<p>{html.escape(booths(last))}</p>"
        f'<h2>Over the day (moving hour)</h2><div class="wide">{drawing}</div>'
        f"<h2>{html.escape(name)}</h2>"
        f'<div class="side">{tables}</div></html>'
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
