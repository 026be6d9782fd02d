"""Decisions over several workers: who takes a peer, what must be piped, when one is full, silent or to be replaced."""
