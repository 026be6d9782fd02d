"""Queueing forecasts: Erlang B/C/A performance, staffing, priority classes, delay predictors, waits of waiting calls."""

from relay.scheduler.forecast.delay import Delay, queue_wait
from relay.scheduler.forecast.erlang import erlang_b, erlang_c, performance
from relay.scheduler.forecast.expected_wait import Expectation, ForecastError, WaitForecast
from relay.scheduler.forecast.load import Load, Performance, ServiceLevel, Target
from relay.scheduler.forecast.priority_classes import ageing_waits_s, strict_waits_s
from relay.scheduler.forecast.staffing import seats_needed
from relay.scheduler.forecast.waiting_room import capped_performance

__all__ = [
    "Delay",
    "Expectation",
    "ForecastError",
    "Load",
    "Performance",
    "ServiceLevel",
    "Target",
    "WaitForecast",
    "ageing_waits_s",
    "capped_performance",
    "erlang_b",
    "erlang_c",
    "performance",
    "queue_wait",
    "seats_needed",
    "strict_waits_s",
]
