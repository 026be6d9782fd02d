"""The tables of complaints and details name tests that exist, leave nothing out, and say what is open."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (?P<number>\d+) \| (?P<what>[^|]+) \| (?P<answer>[^|]+) \| (?P<tests>[^|]*)\|$", re.MULTILINE)
COMPLAINTS, DETAILS = 17, 44


def test_every_row_has_a_test_that_exists_or_says_that_it_is_open() -> None:
    text = (ROOT / "docs" / "field-wounds.md").read_text("utf-8")
    rows = list(ROW.finditer(text))
    assert [int(row["number"]) for row in rows] == [*range(1, COMPLAINTS + 1), *range(1, DETAILS + 1)]
    sources = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)\(", sources))
    for row in rows:
        tests = re.findall(r"`(test_\w+)`", row["tests"])
        assert tests or "*open*" in row["answer"], row["what"]
        assert set(tests) <= defined, row["what"]
