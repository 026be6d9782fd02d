"""The timeline of a report as CSV: one row a second, one column a quantity."""

import csv
import io

from loadtest.report.report import Report


def to_csv(report: Report) -> str:
    """Empty cells where a second has no value."""
    columns = list(dict.fromkeys(name for row in report.timeline for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in report.timeline)
    return text.getvalue()
