"""What a run found, as a value and in four forms: JSON, CSV, JUnit, and one HTML file with its plots. Pure."""

from loadtest.report.csv_form import to_csv
from loadtest.report.html_form import to_html
from loadtest.report.json_form import from_json, to_json
from loadtest.report.junit_form import to_junit
from loadtest.report.report import Curve, Ending, Plot, Report, Table
from loadtest.report.svg import to_svg_page

__all__ = [
    "Curve",
    "Ending",
    "Plot",
    "Report",
    "Table",
    "from_json",
    "to_csv",
    "to_html",
    "to_json",
    "to_junit",
    "to_svg_page",
]
