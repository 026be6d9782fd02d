"""Bots at work: sockets, the engine's thread, timers, clips on disk."""
