"""Recorded networks: rate, round-trip time and loss over time, and where they come from (SOURCES.md).

The format is a CSV file with the columns `t_s, up_kbps, down_kbps, rtt_ms, loss`; an empty cell was not measured, and a
row holds until the next. A file `<name>.events` (`t_s,event`) may name hand-overs.
"""

from loadtest.traces.shipped import SHIPPED, find_trace
from loadtest.traces.trace import Sample, Trace, parse_events, parse_trace

__all__ = ["SHIPPED", "Sample", "Trace", "find_trace", "parse_events", "parse_trace"]
