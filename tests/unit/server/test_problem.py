import logging

import pytest

from relay.errors import Malformed, NotFound, RelayError, Unauthorised
from relay.server.problem import Problem, problem_classes, problem_of


def test_a_message_of_its_own_becomes_the_detail():
    assert problem_of(NotFound("There is no call 'c9'.")) == Problem(
        type="urn:relay:problem:not-found", title="No such thing.", status=404, detail="There is no call 'c9'."
    )


def test_the_class_explains_itself():
    problem = problem_of(Unauthorised())
    assert problem.detail == ""
    assert "fresh token" in problem.hint


def test_malformed_says_where():
    assert problem_of(Malformed("attribute overruns", offset=28)).detail == "attribute overruns (at 28)"


def test_a_bug_is_logged_and_tells_a_stranger_nothing(caplog):
    with caplog.at_level(logging.ERROR):
        problem = problem_of(KeyError("secret detail"))
    assert problem.status == 500
    assert "secret" not in str(problem)
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("kind", list(problem_classes()), ids=lambda kind: kind.__name__)
def test_every_error_can_be_told(kind: type[RelayError]):
    assert kind.__doc__
    assert 400 <= kind.status < 600
    assert kind.problem == kind.problem.lower()
    assert " " not in kind.problem
