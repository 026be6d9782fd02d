"""Recordings of calls: asked for by a portal, made by a process for each call, which the live path never waits for."""
