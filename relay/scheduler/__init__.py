"""The seat scheduler: a pure state machine that decides which seat serves which call, and when.

`decide(state, command, now_ms)` returns events or raises a `Refusal`; `evolve(state, event)` alone changes the state;
`effects_of(event)` says what the world must do. Nothing here knows media, sockets or a clock. `Engine` does both steps.
"""

from .decide import decide
from .effects import effects_of
from .engine import Engine
from .evolve import evolve
from .settings import SchedulerSettings, from_mapping
from .snapshot import digest, restore_state, state_bytes
from .state import State

__all__ = [
    "Engine",
    "SchedulerSettings",
    "State",
    "decide",
    "digest",
    "effects_of",
    "evolve",
    "from_mapping",
    "restore_state",
    "state_bytes",
]
