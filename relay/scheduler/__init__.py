"""The seat scheduler: a pure state machine that decides which seat serves which call, and when.

`decide(state, command, now_ms)` returns events or raises a `Refusal`; `evolve(state, event)` alone changes the state;
`effects_of(event)` says what the world must do. Nothing here knows media, sockets or a clock.
"""
