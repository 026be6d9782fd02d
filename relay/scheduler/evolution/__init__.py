"""One module per kind of event, one function per event: (state, event) → the state is another.

Nothing is decided here: what follows from an event is in the event. A missing entity is a bug, and raises.
"""
