"""The table of complaints in the documentation names tests that exist, and leaves no complaint out."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROW = re.compile(
    r"^\| (?P<number>\d+) \| (?P<complaint>[^|]+) \| (?P<answer>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE
)
COMPLAINTS = 27


def test_every_complaint_has_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "scheduling.md").read_text("utf-8")
    rows = {int(row["number"]): re.findall(r"`(test_\w+)`", row["tests"]) for row in ROW.finditer(text)}
    assert list(rows) == list(range(1, COMPLAINTS + 1))
    sources = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)\(", sources))
    assert {number for number, tests in rows.items() if not tests} == set()
    assert {name for tests in rows.values() for name in tests} <= defined
