from pathlib import Path

import pytest

from relay.metrics.catalogue import CATALOGUE
from relay.server.reference import pages

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", pages())
def test_the_documentation_is_as_the_code_makes_it(name):
    assert (DOCS / name).read_text("utf-8") == pages()[name], "run `relay reference docs`"


def test_pages_name_what_they_are_about():
    made = pages()
    assert all(f"`{metric}`" in made["metrics.md"] for metric in CATALOGUE)
    assert "`urn:relay:problem:offer-expired` | 409" in made["problems.md"]
    assert "`call.request`" in made["signalling.md"]
    assert "`POST /api/calls`" in made["operations-http.md"]
