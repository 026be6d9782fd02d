"""Recordings: the format, and what is wrong with a file that is refused."""

import pytest

from loadtest.traces import SHIPPED, find_trace, parse_trace
from relay.errors import Malformed, Misuse

HEAD = "t_s,up_kbps,down_kbps,rtt_ms,loss\n"


def test_empty_cells_were_not_measured() -> None:
    sample = parse_trace("one", HEAD + "0,1000,,30,\n").at(0.5)
    assert (sample.up_bps, sample.down_bps, sample.rtt_ms, sample.loss) == (1_000_000, None, 30, None)


def test_a_row_holds_until_the_next_and_the_trace_begins_again() -> None:
    trace = parse_trace("two", HEAD + "0,1,,,\n1,2,,,\n3,3,,,\n")
    assert trace.duration_s == 5
    assert [trace.at(t).up_bps for t in (0, 0.99, 1, 2.9, 3, 4.9, 5, 6)] == [1e3, 1e3, 2e3, 2e3, 3e3, 3e3, 1e3, 2e3]
    assert [trace.next_change_s(t) for t in (0, 1.5, 3, 5.5)] == [1, 3, 5, 6]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("t,up\n0,1\n", 1),
        (HEAD, 2),
        (HEAD + "1,1,,,\n", 2),
        (HEAD + "0,x,,,\n", 2),
        (HEAD + "0,1,,,\n0,1,,,\n", 3),
        (HEAD + "0,1,,,\n1,-1,,,\n", 3),
        (HEAD + "0,1,,,2\n", 2),
        (HEAD + "0,1\n", 2),
        (HEAD + "0,nan,,,\n", 2),
    ],
)
def test_a_broken_file_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(Malformed) as refused:
        parse_trace("broken", text)
    assert refused.value.offset == line


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_trace_reads_and_names_its_source(name: str) -> None:
    trace = find_trace(name)
    assert trace.duration_s > 30
    assert trace.samples[0].rtt_ms is not None


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(Misuse, match="cicv5g"):
        find_trace("nowhere")


def test_events_come_from_the_file_beside_it() -> None:
    assert len(find_trace("cicv5g_n78_handover_C").events) == 5
