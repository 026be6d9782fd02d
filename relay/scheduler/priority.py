"""The order of waiting calls.

A call of a class with weight w gains a points per minute of waiting, so its score at time t is `w + a (t - enqueued)`.
All classes age with the same slope, hence the order of two calls never changes with time, and the score can be replaced
by a constant: the *virtual enqueue time* `enqueued - w / a`, lowest first. That equals earliest-due-date with a class's
due date shifted by its head start; a very large weight gives strict priority, equal weights first come, first served.
(Kleinrock's delay-dependent priority with equal slopes; Genesys' and mod_callcenter's scores are of this form.)

Ties are broken by the number of the call: the key `(virtual_ms, seq)` is total.
"""

from .settings import SchedulerSettings


def head_start_ms(settings: SchedulerSettings, weight: float) -> int:
    """How much earlier than it did a call of this weight counts as having come."""
    return round(weight / settings.ageing_per_minute * 60_000)


def head_starts_ms(settings: SchedulerSettings) -> dict[str, int]:
    """The head start of every class, by name."""
    return {priority.name: head_start_ms(settings, priority.weight) for priority in settings.priorities}
